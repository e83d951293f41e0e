//! One hash of all that something is made from, kept beside it: what has not changed is not made anew.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The hash of some words and of files with their paths.
pub fn of(words: &str, files: &[PathBuf]) -> Result<String> {
    let mut digest = Sha256::new();
    digest.update(words);
    for file in files {
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        digest.update(file.as_os_str().as_encoded_bytes());
        digest.update(content.len().to_le_bytes());
        digest.update(content);
    }
    Ok(hex(&digest.finalize()))
}

/// Whether it is the one that was kept.
pub fn is(kept: &Path, stamp: &str) -> bool {
    fs::read_to_string(kept).is_ok_and(|old| old == stamp)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_with_a_word_a_path_and_a_content() {
        let dir = std::env::temp_dir().join(format!("lectern-stamp-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (one, two) = (dir.join("one"), dir.join("two"));
        fs::write(&one, "a").unwrap();
        fs::write(&two, "a").unwrap();
        let stamp = of("w", std::slice::from_ref(&one)).unwrap();
        assert_eq!(stamp, of("w", std::slice::from_ref(&one)).unwrap());
        assert_ne!(stamp, of("v", std::slice::from_ref(&one)).unwrap());
        assert_ne!(stamp, of("w", &[two]).unwrap());
        fs::write(&one, "b").unwrap();
        assert_ne!(stamp, of("w", &[one]).unwrap());
        fs::remove_dir_all(&dir).unwrap();
    }
}
