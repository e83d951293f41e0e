//! What was done, step by step: for people while it happens, for programs in one line at the end.

use std::time::Instant;

use academy::money::Wei;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::stop::Stop;

/// How a purchase ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was paid in this run, and is open.
    Bought,
    /// An earlier run's payment was followed to its end.
    Resumed,
    /// It had been bought before.
    AlreadyBought,
    /// All but the payment.
    DryRun,
}

impl Done {
    fn word(self) -> &'static str {
        match self {
            Self::Bought => "bought",
            Self::Resumed => "resumed",
            Self::AlreadyBought => "already_bought",
            Self::DryRun => "dry_run",
        }
    }
}

/// The facts of a purchase, as far as it came. What never became known is left out of the line.
#[derive(Debug, Default, Serialize)]
pub struct Facts {
    pub site: String,
    pub course: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// What is paid in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_wei: Option<Wei>,
    /// Of a token, in base units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_units: Option<Wei>,
    /// The transaction that let the market take the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// What the network took for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_fee_wei: Option<Wei>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_wei: Option<Wei>,
    /// All that this run took of the coin: the fees, and a price in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_wei: Option<Wei>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lesson: Option<String>,
}

/// The report.
pub struct Report {
    /// What became known.
    pub facts: Facts,
    quiet: bool,
    start: Instant,
    steps: Map<String, Value>,
}

impl Report {
    /// Begins now. `quiet` keeps the steps for the line at the end.
    pub fn new(site: String, course: String, quiet: bool) -> Self {
        let facts = Facts { site, course, ..Facts::default() };
        Self { facts, quiet, start: Instant::now(), steps: Map::new() }
    }

    /// When it began.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// A step is done.
    pub fn step(&mut self, name: &str, words: &str) {
        let seconds = self.start.elapsed().as_secs_f64();
        self.steps.insert(name.to_owned(), json!((seconds * 1000.0).round() / 1000.0));
        self.say(name, words);
    }

    /// Something worth telling within a step.
    pub fn say(&self, name: &str, words: &str) {
        if !self.quiet {
            println!("{:>7.2} s  {name:9}  {words}", self.start.elapsed().as_secs_f64());
        }
    }

    /// The end: one line of JSON, or what is left to say to a person.
    pub fn end(self, outcome: &Result<Done, Stop>) {
        let json = self.line(outcome);
        match (self.quiet, outcome) {
            (true, _) => println!("{json}"),
            (false, Err(stop)) => eprintln!("lectern: {stop}"),
            (false, Ok(done)) => println!(
                "{:>7.2} s  {:9}  {}",
                self.start.elapsed().as_secs_f64(),
                "done",
                match done {
                    Done::Bought => "bought",
                    Done::Resumed => "the order that was under way is open; nothing was paid in this run",
                    Done::AlreadyBought => "bought already; nothing was paid",
                    Done::DryRun => "a dry run: nothing was paid",
                }
            ),
        }
    }

    fn line(&self, outcome: &Result<Done, Stop>) -> String {
        let mut line = Map::new();
        let (word, exit, reason) = match outcome {
            Ok(done) => (done.word(), 0, None),
            Err(stop) => (stop.word(), stop.exit_code(), Some(stop.to_string())),
        };
        line.insert("outcome".to_owned(), json!(word));
        line.insert("exit".to_owned(), json!(exit));
        if let Some(reason) = reason {
            line.insert("reason".to_owned(), json!(reason));
        }
        if let Ok(Value::Object(facts)) = serde_json::to_value(&self.facts) {
            line.extend(facts);
        }
        line.insert(
            "seconds".to_owned(),
            json!((self.start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0),
        );
        line.insert("steps".to_owned(), Value::Object(self.steps.clone()));
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_line_with_all_that_is_known() {
        let mut report = Report::new("https://a".to_owned(), "course".to_owned(), true);
        report.facts.price_wei = Some(Wei::from_ether("0.02").unwrap());
        report.step("site", "never shown");
        let line = report.line(&Err(Stop::NotOpened("later\nperhaps".to_owned())));
        assert!(!line.contains('\n'), "{line}");
        let json: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&json["outcome"], &json["exit"]), (&json!("not_opened"), &json!(3)));
        assert_eq!(json["price_wei"], "20000000000000000");
        assert!(json["steps"]["site"].is_number() && json.get("transaction").is_none());
        let json: Value = serde_json::from_str(&report.line(&Ok(Done::Bought))).unwrap();
        assert_eq!(
            (&json["outcome"], &json["exit"], json.get("reason")),
            (&json!("bought"), &json!(0), None)
        );
    }
}
