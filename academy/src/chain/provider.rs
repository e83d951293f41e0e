//! One node, over JSON-RPC.

use alloy::{
    consensus::Transaction as _,
    eips::{BlockId, Encodable2718},
    network::TransactionBuilder,
    primitives::{Address as EvmAddress, B256, Bytes, LogData, U64, U256, keccak256},
    providers::{Provider, RootProvider},
    rpc::types::{BlockNumberOrTag, Filter, Transaction as RpcTransaction, TransactionRequest},
    transports::{RpcError, TransportErrorKind, http::reqwest::Url},
};
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::{
    bindings,
    port::{
        BlockRef, Chain, ChainError, Log, Receipt, Roles, Round, TokenAccount, TokenFacts, TransactionFacts,
    },
    sale::{Bought, Sale, sale_data},
    token::{account_data, nonce_data, token_data},
};
use crate::{
    evm::{Address, BlockHash, BlockTag, TxHash},
    money::Wei,
};

/// Checking a signature may take so much gas; passkeys and wallets of several keys take some 300,000, and
/// deploying the wallet for it more.
const SIGNATURE_GAS: u64 = 3_000_000;

/// A node.
pub(super) struct Node {
    /// Its host and port, for people and metrics.
    name: String,
    provider: RootProvider,
}

impl Node {
    pub(super) fn new(url: &str) -> Result<Self, ChainError> {
        // The URL may hold an API key: it is never part of a message.
        let url: Url = url
            .parse()
            .map_err(|_| ChainError::Refused("chain.rpc_urls holds something that is no URL".to_owned()))?;
        let host = url.host_str().unwrap_or_default();
        let name = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { name, provider: RootProvider::new_http(url) })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    async fn ask<T>(
        &self,
        call: impl Future<Output = Result<T, RpcError<TransportErrorKind>>>,
    ) -> Result<T, ChainError> {
        call.await.map_err(|error| classify(&error))
    }

    /// What a contract answers, by what is mined: alloy asks by what is pending, where an approval, or another owner
    /// of a wallet, seems there that may never be.
    async fn call(&self, request: TransactionRequest) -> Result<Bytes, ChainError> {
        self.ask(async { self.provider.call(request).block(BlockId::latest()).await }).await
    }

    /// The first of the words that a contract answers.
    async fn first_word(&self, contract: Address, data: Vec<u8>) -> Result<U256, ChainError> {
        let request =
            TransactionRequest::default().to(EvmAddress::from(contract.0)).input(Bytes::from(data).into());
        let answer = self.call(request).await?;
        answer
            .first_chunk::<32>()
            .map(|word| U256::from_be_bytes(*word))
            .ok_or_else(|| ChainError::Refused("the contract does not answer as one of its kind".to_owned()))
    }

    async fn logs(&self, filter: Filter, from: u64, to: u64) -> Result<Vec<Log>, ChainError> {
        let filter = filter.from_block(from).to_block(to);
        let answer = self.ask(async {
            self.provider.raw_request::<_, Vec<WireLog>>("eth_getLogs".into(), (&filter,)).await
        });
        let found = match answer.await {
            // Anyone can fill a block with more events than a node answers at once; it has to be read all the same.
            Err(ChainError::RangeTooLarge(_) | ChainError::Refused(_)) if from == to => {
                self.logs_in(to, &filter).await?
            }
            answer => answer?,
        };
        Ok(found.into_iter().filter(|found| !found.removed).filter_map(WireLog::read).collect())
    }

    /// A block's logs, from its receipts.
    async fn logs_in(&self, block: u64, filter: &Filter) -> Result<Vec<WireLog>, ChainError> {
        let answer = self.ask(async {
            self.provider
                .raw_request::<_, Option<Vec<WireReceipt>>>(
                    "eth_getBlockReceipts".into(),
                    (U64::from(block),),
                )
                .await
        });
        let receipts = answer.await?;
        let receipts = receipts.ok_or_else(|| ChainError::Unavailable("a block is missing".to_owned()))?;
        let logs = receipts.into_iter().flat_map(|receipt| receipt.logs);
        Ok(logs
            .filter(|log| filter.matches_address(log.address) && filter.matches_topics(&log.topics))
            .collect())
    }

    async fn block_at(&self, tag: BlockNumberOrTag) -> Result<Option<BlockRef>, ChainError> {
        let block = self.ask(async { self.provider.get_block_by_number(tag).await }).await?;
        Ok(block.map(|block| BlockRef {
            number: block.header.number,
            hash: BlockHash(block.header.hash.0),
            timestamp: block.header.timestamp,
        }))
    }
}

fn all(addresses: &[Address]) -> Vec<EvmAddress> {
    addresses.iter().map(|address| EvmAddress::from(address.0)).collect()
}

/// Sorts a node's refusals: those that another try, another node or a smaller range may mend.
fn classify(error: &RpcError<TransportErrorKind>) -> ChainError {
    match error {
        // A gate's, too, with whatever status, if it is told as a node tells its own.
        RpcError::ErrorResp(told) => refusal(told.code, &told.message, told.is_retry_err()),
        RpcError::DeserError { .. } => ChainError::Unavailable("an answer that can't be read".to_owned()),
        RpcError::Transport(kind) => match kind.as_http_error() {
            Some(answer) if answer.status == 413 => ChainError::RangeTooLarge("HTTP 413".to_owned()),
            Some(answer) => ChainError::Unavailable(format!("HTTP {}", answer.status)),
            // Transport errors print the URL, which may hold a key.
            None => ChainError::Unavailable("the connection failed".to_owned()),
        },
        _ => ChainError::Unavailable("the connection failed".to_owned()),
    }
}

/// What a node's error means. There is a code for limits only (EIP-1474), for those of a range and of a
/// rate alike; so the words decide first, and then whether others know it as one that `passes`.
fn refusal(code: i64, message: &str, passes: bool) -> ChainError {
    const REVERTED: i64 = 3;
    const LIMITS: i64 = -32005;
    const INTERNAL: i64 = -32603;
    const TOO_LARGE: [&str; 8] = [
        "range",
        "too many",
        "more than",
        "limit exceeded",
        "exceeds limit",
        "response size",
        "response too large",
        "response is too big",
    ];
    let lower = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let is_busy = code == 429
        || says(&["too many requests", "rate limit", "request limit", "rate exceeded", "capacity"]);
    let is_late = says(&["timed out", "timeout", "deadline exceeded", "header not found"]);
    // A contract's own words, which whoever wrote it chose, say nothing of the node.
    if code == REVERTED || says(&["revert"]) {
        ChainError::Refused(format!("{message} ({code})"))
    } else if !is_busy && says(&TOO_LARGE) {
        ChainError::RangeTooLarge(message.to_owned())
    } else if is_busy || is_late || passes || code == LIMITS || code == INTERNAL {
        ChainError::Unavailable(message.to_owned())
    } else {
        ChainError::Refused(format!("{message} ({code})"))
    }
}

/// Whether an error says that no block has the tag that was asked for: geth's by its words, erigon's by its code.
fn knows_no_such_block(code: i64, message: &str) -> bool {
    const UNKNOWN_BLOCK: i64 = -39001;
    let lower = message.to_lowercase();
    code == UNKNOWN_BLOCK
        || ["finalized block not found", "safe block not found"].iter().any(|words| lower.contains(words))
}

/// A log as `eth_getLogs` answers it. alloy's own type flattens one struct into another, which serde
/// reads through a copy of every field: five times as slow, and a backfill reads little else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLog {
    address: EvmAddress,
    topics: Vec<B256>,
    data: Bytes,
    block_number: Option<U64>,
    block_hash: Option<B256>,
    transaction_hash: Option<B256>,
    log_index: Option<U64>,
    #[serde(default)]
    removed: bool,
}

impl WireLog {
    /// The event, if it is one of ours and in a block.
    fn read(self) -> Option<Log> {
        Some(Log {
            contract: Address(self.address.0.0),
            transaction: TxHash(self.transaction_hash?.0),
            index: self.log_index?.to(),
            block_number: self.block_number?.to(),
            block_hash: BlockHash(self.block_hash?.0),
            event: bindings::decode(&LogData::new(self.topics, self.data)?)?,
        })
    }
}

/// A receipt as `eth_getTransactionReceipt` answers it, whatever the type of its transaction: chains add their own.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReceipt {
    transaction_hash: B256,
    /// Before the Byzantium fork there was none (EIP-658); nothing that old pays here.
    status: Option<U64>,
    block_number: Option<U64>,
    block_hash: Option<B256>,
    logs: Vec<WireLog>,
}

impl WireReceipt {
    /// The receipt, if it is of a block.
    fn read(self) -> Option<Receipt> {
        Some(Receipt {
            transaction: TxHash(self.transaction_hash.0),
            success: self.status == Some(U64::from(1)),
            block_number: self.block_number?.to(),
            block_hash: BlockHash(self.block_hash?.0),
            logs: self.logs.into_iter().filter_map(WireLog::read).collect(),
        })
    }
}

/// Whether a transaction is of a type that its sender signs (EIP-2718 and what came of it: 0 to 4).
fn is_signed(transaction: &Value) -> bool {
    match transaction.get("type").map(U64::deserialize) {
        None => true,
        Some(kind) => kind.is_ok_and(|kind| kind <= U64::from(4)),
    }
}

#[async_trait]
impl Chain for Node {
    async fn chain_id(&self) -> Result<u64, ChainError> {
        self.ask(async { self.provider.get_chain_id().await }).await
    }

    async fn head(&self) -> Result<BlockRef, ChainError> {
        self.block_at(BlockNumberOrTag::Latest)
            .await?
            .ok_or_else(|| ChainError::Unavailable("the node has no block yet".to_owned()))
    }

    async fn tagged(&self, tag: BlockTag) -> Result<Option<u64>, ChainError> {
        let tag = match tag {
            BlockTag::Safe => BlockNumberOrTag::Safe,
            BlockTag::Finalized => BlockNumberOrTag::Finalized,
        };
        let block = match self.provider.get_block_by_number(tag).await {
            Err(RpcError::ErrorResp(told)) if knows_no_such_block(told.code, &told.message) => None,
            answer => answer.map_err(|error| classify(&error))?,
        };
        Ok(block.map(|block| block.header.number))
    }

    async fn block(&self, number: u64) -> Result<Option<BlockRef>, ChainError> {
        self.block_at(BlockNumberOrTag::Number(number)).await
    }

    async fn transaction(&self, hash: TxHash) -> Result<Option<TransactionFacts>, ChainError> {
        let answer = self.ask(async {
            self.provider
                .raw_request::<_, Option<Value>>("eth_getTransactionByHash".into(), (B256::from(hash.0),))
                .await
        });
        // Of a kind that nobody signs, as a rollup's deposits (type 0x7e), the receipt alone tells.
        let Some(found) = answer.await?.filter(is_signed) else { return Ok(None) };
        let found: RpcTransaction = serde_json::from_value(found)
            .map_err(|_| ChainError::Unavailable("an answer that can't be read".to_owned()))?;
        // No second opinion is needed: the hash stands for the content, and the signature for the sender.
        let signed = found.inner.inner();
        let sender = signed.signature().recover_address_from_prehash(&signed.signature_hash()).ok();
        let sender = sender
            .filter(|_| keccak256(signed.encoded_2718()) == hash.0)
            .ok_or_else(|| ChainError::Unavailable("another transaction than asked for".to_owned()))?;
        Ok(Some(TransactionFacts { sender: Address(sender.0.0), nonce: found.nonce() }))
    }

    async fn receipt(&self, hash: TxHash) -> Result<Option<Receipt>, ChainError> {
        let answer = self.ask(async {
            self.provider
                .raw_request::<_, Option<WireReceipt>>(
                    "eth_getTransactionReceipt".into(),
                    (B256::from(hash.0),),
                )
                .await
        });
        Ok(answer.await?.and_then(WireReceipt::read))
    }

    async fn nonce(&self, account: Address, height: u64) -> Result<u64, ChainError> {
        let account = EvmAddress::from(account.0);
        self.ask(async { self.provider.get_transaction_count(account).number(height).await }).await
    }

    async fn events(&self, markets: &[Address], from: u64, last: &BlockRef) -> Result<Vec<Log>, ChainError> {
        self.logs(Filter::new().address(all(markets)).event_signature(bindings::topics()), from, last.number)
            .await
    }

    async fn transfers(
        &self,
        tokens: &[Address],
        markets: &[Address],
        from: u64,
        last: &BlockRef,
    ) -> Result<Vec<Log>, ChainError> {
        let receivers: Vec<B256> = all(markets).into_iter().map(|market| market.into_word()).collect();
        let came =
            Filter::new().address(all(tokens)).event_signature(bindings::transfer_topic()).topic2(receivers);
        let why = Filter::new().address(all(markets)).event_signature(bindings::token_topics());
        let (mut logs, why) =
            futures::try_join!(self.logs(came, from, last.number), self.logs(why, from, last.number))?;
        logs.extend(why);
        logs.sort_by_key(|log| (log.block_number, log.index));
        Ok(logs)
    }

    async fn payout_of(&self, market: Address, payee: Address, token: Address) -> Result<Wei, ChainError> {
        Ok(Wei::new(self.first_word(market, bindings::payout_of_data(payee, token)).await?))
    }

    async fn held_for(&self, market: Address, payee: Address, token: Address) -> Result<Wei, ChainError> {
        Ok(Wei::new(self.first_word(market, bindings::held_for_data(payee, token)).await?))
    }

    async fn token_account(
        &self,
        token: Address,
        owner: Address,
        market: Address,
    ) -> Result<TokenAccount, ChainError> {
        let [balance, allowance] = account_data(owner, market);
        Ok(TokenAccount {
            balance: Wei::new(self.first_word(token, balance).await?),
            allowance: Wei::new(self.first_word(token, allowance).await?),
        })
    }

    async fn sale(&self, bought: &Bought) -> Result<Sale, ChainError> {
        let [paused, takes, has] = sale_data(bought);
        let yes = async |data| self.first_word(bought.market, data).await.map(|word| !word.is_zero());
        Ok(Sale {
            paused: yes(paused).await?,
            takes_token: bought.token == Address::ZERO || yes(takes).await?,
            has_pass: yes(has).await?,
        })
    }

    async fn permit_nonce(&self, token: Address, owner: Address) -> Result<U256, ChainError> {
        self.first_word(token, nonce_data(owner)).await
    }

    async fn token(&self, market: Address, token: Address) -> Result<TokenFacts, ChainError> {
        let [allowed, decimals, separator] = token_data(token);
        let allowed = !self.first_word(market, allowed).await?.is_zero();
        let decimals = u8::try_from(self.first_word(token, decimals).await?)
            .map_err(|_| ChainError::Refused("the token's decimals are no such number".to_owned()))?;
        let separator = match self.first_word(token, separator).await {
            Ok(word) => Some(word.to_be_bytes()),
            // A token that has none says no.
            Err(ChainError::Refused(_)) => None,
            Err(error) => return Err(error),
        };
        Ok(TokenFacts { allowed, decimals, separator })
    }

    async fn roles(&self, market: Address) -> Result<Roles, ChainError> {
        let [signer, owner] = bindings::roles_data().map(|data| {
            TransactionRequest::default().to(EvmAddress::from(market.0)).input(Bytes::from(data).into())
        });
        let address = |word: Bytes| {
            let word: Option<&[u8; 20]> = word.get(12..32).and_then(|tail| tail.try_into().ok());
            word.map(|address| Address(*address))
                .ok_or_else(|| ChainError::Refused("the market does not answer as one".to_owned()))
        };
        Ok(Roles {
            quote_signer: address(self.call(signer).await?)?,
            owner: address(self.call(owner).await?)?,
        })
    }

    async fn round(&self, feed: Address, at: Option<u64>) -> Result<Round, ChainError> {
        let [latest, decimals] = bindings::round_data().map(|data| {
            TransactionRequest::default().to(EvmAddress::from(feed.0)).input(Bytes::from(data).into())
        });
        let block = at.map_or(BlockId::latest(), BlockId::number);
        let latest = self.ask(async { self.provider.call(latest).block(block).await }).await?;
        let decimals = self.ask(async { self.provider.call(decimals).block(block).await }).await?;
        bindings::round(&latest, &decimals)
            .ok_or_else(|| ChainError::Refused("the price feed does not answer as one".to_owned()))
    }

    async fn approves(&self, account: Address, hash: [u8; 32], signature: &[u8]) -> Result<bool, ChainError> {
        let code = bindings::signature_check(account, hash, signature);
        let request = TransactionRequest::default().with_deploy_code(code).gas_limit(SIGNATURE_GAS);
        match self.call(request).await {
            Ok(answer) => Ok(answer.last() == Some(&1)),
            // It reverts, or costs too much.
            Err(ChainError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn code(&self, address: Address) -> Result<Vec<u8>, ChainError> {
        let address = EvmAddress::from(address.0);
        let code = self.ask(async { self.provider.get_code_at(address).await }).await?;
        Ok(code.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(code: i64, message: &str) -> ChainError {
        let error = json!({ "code": code, "message": message }).to_string();
        classify(&RpcError::ErrorResp(serde_json::from_str(&error).unwrap()))
    }

    #[test]
    fn tells_what_a_smaller_range_mends_from_what_another_try_does() {
        let range = |error: &ChainError| matches!(error, ChainError::RangeTooLarge(_));
        for (code, message) in [
            (-32005, "query returned more than 10000 results"),
            (-32000, "query exceeds max block range 50000"),
            (
                -32602,
                "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
            ),
            (-32614, "eth_getLogs is limited to a 10,000 range"),
            (-32005, "Limit exceeded"),
            (-32000, "Query timeout exceeded. Consider reducing your block range."),
            (-32020, "backend response too large"),
            (-32008, "Response is too big"),
            (-32005, "logs matched by query exceeds limit of 10000"),
        ] {
            let error = told(code, message);
            assert!(range(&error) && !error.is_retryable(), "{message}: {error}");
        }
        for (code, message) in [
            (429, "Your app has exceeded its compute units per second capacity"),
            (-32005, "Too Many Requests"),
            (-32005, "daily request count exceeded"),
            (-32000, "rate limit exceeded"),
            (-32603, "Internal error"),
            (-32007, "100/second request limit reached - reduce calls per second"),
            (-32000, "daily request limit exceeded"),
            (-32012, "credits limited to 6000/sec"),
            (-32002, "request timed out"),
            (-32000, "execution aborted (timeout = 5s)"),
            (-32000, "context deadline exceeded"),
            (-32000, "header not found"),
        ] {
            let error = told(code, message);
            assert!(error.is_retryable(), "{message}: {error}");
        }
        for (code, message) in [
            (3, "execution reverted"),
            (3, "execution reverted: rate limit, request timed out"),
            (-32000, "execution reverted: out of range"),
            (-32603, "VM: revert"),
            (-32601, "no such method"),
        ] {
            let error = told(code, message);
            assert!(!range(&error) && !error.is_retryable(), "{message}: {error}");
        }
    }

    #[test]
    fn a_gate_may_say_so_without_json() {
        let status = |status| classify(&TransportErrorKind::http_error(status, "<html>".to_owned()));
        assert!(matches!(status(413), ChainError::RangeTooLarge(_)));
        assert!([401, 429, 500, 502, 503, 504].into_iter().all(|code| status(code).is_retryable()));
        let again = |status| {
            let later = Some(std::time::Duration::from_secs(1));
            classify(&TransportErrorKind::http_error_with_retry_after(status, "<html>".to_owned(), later))
        };
        assert!(matches!(again(413), ChainError::RangeTooLarge(_)));
        assert!(again(429).is_retryable());
    }

    #[test]
    fn a_key_in_the_url_is_in_no_message() {
        let error = TransportErrorKind::http_error(500, "https://node/hunter2".to_owned());
        assert!(!classify(&error).to_string().contains("hunter2"));
    }
}
