//! `lectern pay`'s arguments.

use academy::money::Wei;
use clap::{Args, ValueEnum};

use super::KeyArgs;
use crate::config::PublicUrl;

/// What to buy, where, and how far to go.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit codes:
  0  bought (or owned already, or a dry run went well)
  1  refused: nothing was paid, or the transaction failed on the chain and only its fee was spent
  2  called with arguments that make no sense here
  3  paid, or perhaps paid, but not open, or not as far as was asked, in time: run it again to go on, it
     never pays twice; or owned, and nothing is known of its payment that was to be followed")]
pub struct Pay {
    /// The site's address, as browsers see it.
    #[arg(long, value_name = "URL", value_parser = site)]
    pub site: PublicUrl,
    /// The course: the last part of its page's address.
    #[arg(long, value_name = "SLUG")]
    pub course: String,
    /// The tier, by its name or its number. May be left out where a course sells one only.
    #[arg(long, value_name = "NAME|NUMBER")]
    pub tier: Option<String>,
    /// The chain to pay on, by its number [default: the first of the site's that sells the tier].
    #[arg(long, value_name = "ID")]
    pub chain: Option<u64>,
    /// Who pays.
    #[command(flatten)]
    pub key: KeyArgs,
    /// The chain's node [default: the one that the site names for wallets, if it does].
    #[arg(long, value_name = "URL")]
    pub rpc_url: Option<String>,
    /// What to pay in, by its symbol, where the price is in a state's currency [default: the chain's coin].
    #[arg(long, value_name = "SYMBOL")]
    pub currency: Option<String>,
    /// Refuse a price above this, in what is paid in, before a payment is signed.
    #[arg(long, value_name = "AMOUNT", value_parser = figure)]
    pub max_price: Option<String>,
    /// Refuse to pay if the network's fee for gas could come to more than this, of each transaction: a token may
    /// need an approval before the payment. A rollup's fee for its data, which
    /// comes on top, is in no estimate: it is told once the payment is mined.
    #[arg(long, value_name = "ETH", value_parser = Wei::from_ether)]
    pub max_fee: Option<Wei>,
    /// Also wait until the node counts so many blocks, the payment's own included.
    #[arg(long, value_name = "N", conflicts_with = "until")]
    pub confirmations: Option<u64>,
    /// Wait until the course is open, or until the site calls the payment final.
    #[arg(long, value_enum, default_value_t = Until::Open)]
    pub until: Until,
    /// Give up after so many seconds in all.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub timeout: u64,
    /// Do everything but send the payment: sign in, open the order, check and rehearse its call.
    #[arg(long)]
    pub dry_run: bool,
    /// Print one line of JSON at the end, and nothing else, to standard output.
    #[arg(long)]
    pub json: bool,
}

/// How far to follow a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Until {
    /// The course is open.
    Open,
    /// The payment can no longer be undone.
    Final,
}

/// Read once it is known what is paid in.
fn figure(text: &str) -> Result<String, String> {
    Wei::from_ether(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn site(text: &str) -> Result<PublicUrl, String> {
    text.parse().map_err(|_| "write the site's address as https://courses.example, without a path".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn parse(args: &[&str]) -> Result<Pay, String> {
        let all = [&["lectern", "pay"][..], args].concat();
        match Cli::try_parse_from(all).map_err(|error| error.to_string())?.command {
            Command::Pay(pay) => Ok(pay),
            _ => Err("another command".to_owned()),
        }
    }

    #[test]
    fn needs_a_site_a_course_and_one_key() {
        let account = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        let most = ["--site", "https://courses.example/", "--course", "a"];
        let with = |more: &[&str]| parse(&[&most[..], more].concat());
        let pay = with(&["--dev-account", account]).unwrap();
        assert_eq!((pay.site.to_string().as_str(), pay.timeout), ("https://courses.example", 600));
        assert_eq!(pay.until, Until::Open);
        assert!(with(&[]).is_err());
        assert!(with(&["--dev-account", account, "--keystore", "k"]).is_err());
        let pay = with(&["--keystore", "k", "--max-price", "0.02", "--until", "final"]).unwrap();
        assert_eq!(pay.max_price.as_deref(), Some("0.02"));
        assert_eq!(pay.until, Until::Final);
        assert!(with(&["--keystore", "k", "--max-price", "-1"]).is_err());
        assert!(with(&["--keystore", "k", "--until", "open", "--confirmations", "3"]).is_err());
        assert!(parse(&["--site", "https://a/b", "--course", "a", "--keystore", "k"]).is_err());
    }
}
