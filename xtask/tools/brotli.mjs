// Writes FILE.br beside each FILE, at brotli's best level.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

for (const file of process.argv.slice(2)) {
  const content = readFileSync(file);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  // A server that reads meanwhile sees the old file or the new one.
  writeFileSync(`${file}.tmp`, brotliCompressSync(content, { params }));
  renameSync(`${file}.tmp`, `${file}.br`);
}
