//! `lectern contracts`' arguments.

use academy::{evm::Address, money::Wei};
use clap::{Args, Subcommand};

use super::KeyArgs;

/// Put the market contract on a chain, and look at it there.
#[derive(Debug, Subcommand)]
pub enum Contracts {
    /// Deploy the market and print {"address":…,"block":…,"gas":…,"cost":…} on one line, cost in wei.
    ///
    /// Put the address into the chain's market and the block into its start_block. The code on the chain is
    /// compared with this version's before anything is printed.
    Deploy(Deploy),
    /// Deploy a price feed that never changes, on a development chain; print {"feed":…}.
    DevFeed(DevFeed),
    /// Deploy a token, a dollar, on a development chain; print {"token":…}.
    DevToken(DevToken),
    /// Change what only the market's owner may, each thing by a transaction of its own.
    ///
    /// Says first whose key each takes, and rehearses all of them: if one would fail, none is sent.
    Set(Set),
    /// Become the market's owner, with the key that its owner named by `set --new-owner`.
    AcceptOwnership(AcceptOwnership),
    /// Fetch the fees on matured sales, with the fee payee's key.
    WithdrawFees(WithdrawFees),
    /// Send tokens back that came to the market without a purchase, with the owner's key.
    ///
    /// The market refuses more than it has beside what it keeps for buyers and payees.
    Rescue(Rescue),
    /// Show the configured markets as their chains have them; exit code 1 when one can't be shown, or its node serves
    /// another chain.
    List(List),
    /// Compare the code at an address with this version's market; exit code 1 when it is another, or the node serves
    /// another chain than is meant.
    Verify(Verify),
}

/// How to deploy.
#[derive(Debug, Args)]
pub struct Deploy {
    /// The chain's node.
    #[arg(long, value_name = "URL")]
    pub rpc_url: String,
    /// Who deploys.
    #[command(flatten)]
    pub key: KeyArgs,
    /// The market's owner, who sets its fee, tokens, quote key and pauser, pauses it, sends strays back and hands it
    /// on [default: the deployer].
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub owner: Option<Address>,
}

/// How to deploy a price feed.
#[derive(Debug, Args)]
pub struct DevFeed {
    /// The development chain's node.
    #[arg(long, value_name = "URL")]
    pub rpc_url: String,
    /// The account that deploys, whose key the node has.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub dev_account: Address,
    /// What one coin is worth, in whole units of the currency.
    #[arg(long, default_value_t = 3000)]
    pub rate: u64,
}

/// How to deploy a token.
#[derive(Debug, Args)]
pub struct DevToken {
    /// The development chain's node.
    #[arg(long, value_name = "URL")]
    pub rpc_url: String,
    /// The account that deploys, whose key the node has.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub dev_account: Address,
    /// Its symbol.
    #[arg(long, default_value = "DUSD")]
    pub symbol: String,
}

/// One of the configured markets.
#[derive(Debug, Args)]
pub struct At {
    /// The chain, by its number, where several are configured [default: the first].
    #[arg(long, value_name = "ID")]
    pub chain: Option<u64>,
    /// Which of the chain's markets, by its address, where there are former ones [default: the one that sells].
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub market: Option<Address>,
}

/// What to change at the configured market.
#[derive(Debug, Args)]
#[group(id = "change", required = true, multiple = true, args = [
    "quote_signer", "allow_token", "forbid_token", "fee_bps", "fee_payee", "pauser", "pause", "unpause", "new_owner",
])]
pub struct Set {
    #[command(flatten)]
    pub at: At,
    /// The owner; for --pause alone, the pauser will do.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Whose quotes the market takes: "configured" for the key in quotes, or an address; the zero address
    /// for nobody's.
    #[arg(long, value_name = "ADDRESS")]
    pub quote_signer: Option<String>,
    /// Sell for this token. It must not take a fee of transfers nor change balances by itself.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub allow_token: Vec<Address>,
    /// Sell for this token no longer. What was earned in it stays.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub forbid_token: Vec<Address>,
    /// The platform's fee on later sales, in basis points: 250 are 2.5 %. The contract takes 1000 at most.
    #[arg(long, value_name = "BPS")]
    pub fee_bps: Option<u16>,
    /// Who may fetch the fees, those not yet fetched included; the zero address for nobody.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub fee_payee: Option<Address>,
    /// Who may pause purchases beside the owner; the zero address for nobody.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub pauser: Option<Address>,
    /// Stop purchases. Withdrawals and refunds go on.
    #[arg(long, conflicts_with = "unpause")]
    pub pause: bool,
    /// Let purchases go on.
    #[arg(long)]
    pub unpause: bool,
    /// Hand the market on: this account is its owner once it has run `lectern contracts accept-ownership`. The zero
    /// address takes the offer back.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub new_owner: Option<Address>,
}

/// Of which market.
#[derive(Debug, Args)]
pub struct AcceptOwnership {
    #[command(flatten)]
    pub at: At,
    /// The next owner.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Which fees.
#[derive(Debug, Args)]
pub struct WithdrawFees {
    #[command(flatten)]
    pub at: At,
    /// The fee payee.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Who receives them [default: the fee payee].
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub to: Option<Address>,
    /// Only what was earned in this currency, by its symbol [default: the coin and all configured tokens].
    #[arg(long, value_name = "SYMBOL")]
    pub currency: Option<String>,
    /// Also those on the sales of this account, which was the payee of a course and is no more, or is one at a
    /// market of another version, which is not asked for its listings.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub payee: Vec<Address>,
}

/// What to send back.
#[derive(Debug, Args)]
pub struct Rescue {
    #[command(flatten)]
    pub at: At,
    /// The owner.
    #[command(flatten)]
    pub key: KeyArgs,
    /// The token.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub token: Address,
    /// Who receives them: whoever sent them.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub to: Address,
    /// How much, in base units: 1000000 of a token with 6 decimals are one.
    #[arg(long, value_name = "UNITS")]
    pub amount: Wei,
}

/// How to list.
#[derive(Debug, Args)]
pub struct List {
    /// Only this chain's, by its number.
    #[arg(long, value_name = "ID")]
    pub chain: Option<u64>,
    /// Print JSON, a line for each market.
    #[arg(long)]
    pub json: bool,
    /// Also what fees can be withdrawn: some questions more for each listing.
    #[arg(long)]
    pub fees: bool,
}

/// What to verify.
#[derive(Debug, Args)]
pub struct Verify {
    /// The chain, by its number, where several are configured [default: the first; any, with --rpc-url and --address].
    #[arg(long, value_name = "ID")]
    pub chain: Option<u64>,
    /// The chain's node [default: the configured ones].
    #[arg(long, value_name = "URL")]
    pub rpc_url: Option<String>,
    /// The contract [default: the configured one].
    #[arg(long, value_name = "ADDRESS", value_parser = Address::written)]
    pub address: Option<Address>,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Cli;

    #[test]
    fn a_deployment_needs_one_key() {
        let parse = |args: &[&str]| {
            Cli::try_parse_from([&["lectern", "contracts", "deploy", "--rpc-url", "http://x"], args].concat())
        };
        assert!(parse(&[]).is_err());
        assert!(parse(&["--dev-account", "0x12"]).is_err());
        assert!(parse(&["--keystore", "k", "--password-file", "p"]).is_ok());
        let account = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        assert!(parse(&["--dev-account", account]).is_ok());
        assert!(parse(&["--dev-account", account, "--keystore", "k"]).is_err());
    }

    #[test]
    fn a_key_of_aws_is_taken_where_it_is_compiled_in() {
        let deploy =
            ["lectern", "contracts", "deploy", "--rpc-url", "http://x", "--aws-kms", "alias/deployer"];
        let parsed = Cli::try_parse_from(deploy);
        assert_eq!(parsed.is_ok(), cfg!(feature = "kms"));
        assert!(Cli::try_parse_from([&deploy[..], &["--keystore", "k"]].concat()).is_err());
    }
}
