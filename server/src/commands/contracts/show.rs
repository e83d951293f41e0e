//! A market's facts, for people and for programs.

use academy::{
    chain::{Code, MarketFacts},
    evm::Address,
};
use serde_json::{Value, json};

use crate::config::Chain;

type Rows = Vec<(&'static str, String)>;

/// What `verify` says.
pub fn verified(market: Address, facts: &MarketFacts) -> Rows {
    vec![
        ("market", market.checksummed()),
        ("chain", facts.chain_id.to_string()),
        ("block", facts.head.to_string()),
        ("code", code(facts.code).to_owned()),
        ("owner", who(facts.owner)),
    ]
}

/// What `list` says.
pub fn list(chain: &Chain, market: Address, facts: &MarketFacts) -> Rows {
    let mut rows = verified(market, facts);
    if facts.chain_id != chain.id {
        rows[1].1 =
            format!("{}, but {} is {}: correct one of them", facts.chain_id, chain.named("id"), chain.id);
    } else {
        rows[1].1 = format!("{} ({})", chain.name, facts.chain_id);
    }
    rows.extend([
        ("pending owner", who(facts.pending_owner)),
        ("pauser", who(facts.pauser)),
        ("quote signer", who(facts.quote_signer)),
        ("fee", facts.fee_bps.map_or_else(unknown, fee)),
        ("fee payee", who(facts.fee_payee)),
        (
            "purchases",
            facts.paused.map_or_else(unknown, |paused| if paused { "PAUSED" } else { "open" }.to_owned()),
        ),
        ("listings", facts.listings.map_or_else(unknown, |count| count.to_string())),
        ("start block", start(chain.start_block, facts.head)),
    ]);
    rows
}

/// What `list --json` says. What the chain does not tell is null.
pub fn json(chain: &Chain, market: Address, facts: &MarketFacts) -> Value {
    let address = |account: Option<Address>| account.map(|account| account.checksummed());
    json!({
        "address": market.checksummed(),
        "chain": facts.chain_id,
        "configured_chain": chain.id,
        "block": facts.head,
        "start_block": chain.start_block,
        "code": match facts.code { Code::Ours => "ours", Code::Other => "other", Code::Missing => "missing" },
        "owner": address(facts.owner),
        "pending_owner": address(facts.pending_owner),
        "pauser": address(facts.pauser),
        "quote_signer": address(facts.quote_signer),
        "fee_bps": facts.fee_bps,
        "fee_payee": address(facts.fee_payee),
        "paused": facts.paused,
        "listings": facts.listings,
    })
}

/// Rows, aligned.
pub fn text(rows: &Rows) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    rows.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect()
}

fn code(code: Code) -> &'static str {
    match code {
        Code::Ours => "this version's market",
        Code::Other => "OTHER than this version's market: another version, or another contract",
        Code::Missing => "MISSING: there is no contract here; deploy it with `lectern contracts deploy`",
    }
}

fn unknown() -> String {
    "not told".to_owned()
}

fn who(account: Option<Address>) -> String {
    match account {
        None => unknown(),
        Some(Address::ZERO) => "nobody".to_owned(),
        Some(account) => account.checksummed(),
    }
}

fn fee(bps: u16) -> String {
    format!("{bps} bps ({}.{:02} %)", bps / 100, bps % 100)
}

fn start(start: u64, head: u64) -> String {
    match head.checked_sub(start) {
        Some(behind) => format!("{start}, {behind} blocks before the newest"),
        None => format!("{start}, which is not mined yet: correct it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_what_is_known_and_says_what_is_not() {
        let facts = MarketFacts {
            chain_id: 1,
            head: 20,
            code: Code::Other,
            owner: Some(Address([1; 20])),
            pending_owner: Some(Address::ZERO),
            pauser: None,
            quote_signer: None,
            fee_bps: Some(250),
            fee_payee: None,
            paused: Some(true),
            listings: None,
        };
        let rows = verified(Address([2; 20]), &facts);
        let text = text(&rows);
        assert!(text.contains("chain   1\n") && text.contains("market  0x0202"), "{text}");
        assert!(text.contains("OTHER"), "{text}");
        assert_eq!(who(facts.pending_owner), "nobody");
        assert_eq!(who(facts.pauser), "not told");
        assert_eq!(fee(250), "250 bps (2.50 %)");
        assert!(start(7, 20).contains("13 blocks"));
        assert!(start(21, 20).contains("correct"));
    }
}
