//! The command line.

use std::path::PathBuf;

use academy::evm::Address;
use clap::{ArgGroup, Args, Parser, Subcommand};

/// A site that teaches and is paid in a chain's own currency.
#[derive(Debug, Parser)]
#[command(name = "lectern", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Every configuration key can be set in a file or in the environment, as \
LECTERN__SERVER__LISTEN for server.listen. `lectern config` prints them all with their defaults.")]
pub struct Cli {
    /// Read the configuration from this file [default: lectern.toml, if it is there].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the site; SIGTERM or Ctrl-C ends it after the running requests.
    ///
    /// Follows the chain and runs queued jobs in the same process, unless server.workers is false.
    Run,
    /// Follow the chain and run queued jobs, without serving the site.
    Worker,
    /// Bring the database's schema up to date; safe to repeat.
    Migrate,
    /// Create the demo courses and their teachers; what is there already is left alone.
    ///
    /// Paid courses are put on the market with the development chain's own accounts, so this needs
    /// a development chain (chain.id 31337) with the contract deployed.
    Seed,
    /// Check the configuration, the database, the chain and the built site; say what to do.
    Doctor,
    /// Print the default configuration with its comments.
    Config,
    /// Give and take the admin's role.
    #[command(subcommand)]
    Admin(Admin),
    /// Put the market contract on a chain.
    #[command(subcommand)]
    Contracts(Contracts),
}

/// Give and take the admin's role.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make the account of this wallet an admin; it is created if it never signed in.
    Grant {
        /// The wallet's address: 0x and 40 hexadecimal digits.
        address: Address,
    },
    /// Take the admin's role from the account of this wallet.
    Revoke {
        /// The wallet's address: 0x and 40 hexadecimal digits.
        address: Address,
    },
}

/// Put the market contract on a chain.
#[derive(Debug, Subcommand)]
pub enum Contracts {
    /// Deploy the market and print {"address":…,"block":…,"gas":…} on one line.
    ///
    /// Put the address into chain.market and the block into chain.start_block.
    Deploy(Deploy),
    /// Deploy a price feed that never changes, on a development chain; print {"feed":…}.
    DevFeed(DevFeed),
}

/// How to deploy a price feed.
#[derive(Debug, Args)]
pub struct DevFeed {
    /// The development chain's node.
    #[arg(long, value_name = "URL")]
    pub rpc_url: String,
    /// The account that deploys, whose key the node has.
    #[arg(long, value_name = "ADDRESS")]
    pub dev_account: Address,
    /// What one coin is worth, in whole units of the currency.
    #[arg(long, default_value_t = 3000)]
    pub rate: u64,
}

/// How to deploy.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("key").required(true))]
pub struct Deploy {
    /// The chain's node.
    #[arg(long, value_name = "URL")]
    pub rpc_url: String,
    /// Deploy from an account that the node itself signs for (development chains).
    #[arg(long, group = "key", value_name = "ADDRESS")]
    pub dev_account: Option<Address>,
    /// Deploy with the key in this encrypted file (as `cast wallet import` and geth write it).
    #[arg(long, group = "key", value_name = "FILE")]
    pub keystore: Option<PathBuf>,
    /// The file whose first line opens the keystore. Without it the password is read from
    /// standard input.
    #[arg(long, requires = "keystore", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Who may pause the market and hand it on [default: the deployer].
    #[arg(long, value_name = "ADDRESS")]
    pub owner: Option<Address>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

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
}
