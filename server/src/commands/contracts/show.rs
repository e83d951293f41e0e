//! A market's facts, for people and for programs.

use academy::{
    chain::{Code, MarketFacts},
    evm::Address,
    money::{Currency, Wei},
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

/// A configured market, as `list` shows it.
pub struct Shown<'a> {
    pub chain: &'a Chain,
    pub market: Address,
    /// Where following it starts.
    pub start: u64,
    pub facts: MarketFacts,
    /// What can be withdrawn of each currency, if that was asked.
    pub fees: Option<Vec<(Currency, Wei)>>,
}

impl Shown<'_> {
    /// Whether another one sells in its place.
    fn former(&self) -> bool {
        self.chain.market != Some(self.market)
    }

    /// For people.
    pub fn rows(&self) -> Rows {
        let (chain, facts) = (self.chain, &self.facts);
        let mut rows = verified(self.market, facts);
        if self.former() {
            rows[0].1.push_str(", a former one");
        }
        rows[1].1 = if facts.chain_id == chain.id {
            format!("{} ({})", chain.name, facts.chain_id)
        } else {
            format!("{}, but {} is {}: correct one of them", facts.chain_id, chain.named("id"), chain.id)
        };
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
            ("start block", start(self.start, facts.head)),
        ]);
        if let Some(fees) = &self.fees {
            let sums = fees.iter().filter(|(_, fee)| !fee.is_zero());
            let sums: Vec<_> = sums.map(|(currency, fee)| sum(currency, *fee)).collect();
            rows.push((
                "fees",
                if sums.is_empty() { "none to withdraw".to_owned() } else { sums.join(", ") },
            ));
        }
        rows
    }

    /// For programs. What the chain does not tell is null.
    pub fn json(&self) -> Value {
        let (chain, facts) = (self.chain, &self.facts);
        let address = |account: Option<Address>| account.map(|account| account.checksummed());
        let fees = self.fees.as_ref().map(|fees| -> Vec<_> {
            fees.iter().map(|(currency, fee)| json!({ "currency": currency.symbol, "units": fee })).collect()
        });
        json!({
            "address": self.market.checksummed(),
            "former": self.former(),
            "chain": facts.chain_id,
            "configured_chain": chain.id,
            "block": facts.head,
            "start_block": self.start,
            "code": match facts.code { Code::Ours => "ours", Code::Other => "other", Code::Missing => "missing" },
            "owner": address(facts.owner),
            "pending_owner": address(facts.pending_owner),
            "pauser": address(facts.pauser),
            "quote_signer": address(facts.quote_signer),
            "fee_bps": facts.fee_bps,
            "fee_payee": address(facts.fee_payee),
            "paused": facts.paused,
            "listings": facts.listings,
            "fees": fees,
        })
    }
}

/// What a node says, in a line.
pub fn answer(facts: &MarketFacts) -> String {
    format!("chain {}, owner {}, {}", facts.chain_id, who(facts.owner), code(facts.code))
}

/// A sum of a currency.
pub fn sum(currency: &Currency, amount: Wei) -> String {
    format!("{} {}", currency.figure(amount), currency.symbol)
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

pub fn who(account: Option<Address>) -> String {
    match account {
        None => unknown(),
        Some(Address::ZERO) => "nobody".to_owned(),
        Some(account) => account.checksummed(),
    }
}

pub fn fee(bps: u16) -> String {
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
