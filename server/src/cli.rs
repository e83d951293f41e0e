//! The command line.

use std::{path::PathBuf, str::FromStr};

use academy::{
    evm::{Address, NotAnAddress},
    ids::UserId,
};
use clap::{ArgGroup, Args, Parser, Subcommand};

mod contracts;
mod pay;

pub use contracts::{
    AcceptOwnership, Contracts, Deploy, DevFeed, DevToken, List, Rescue, Set, Verify, WithdrawFees,
};
pub use pay::{Pay, Until};

/// A site that teaches and is paid on a chain, in its own currency or in tokens.
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
    /// a development chain (chain.id 31337 to 31346) with the contract deployed.
    Seed,
    /// Check the configuration, the database, the chain and the built site; say what to do.
    Doctor,
    /// Print the default configuration with its comments.
    Config,
    /// Give and take the admin's role.
    #[command(subcommand)]
    Admin(Admin),
    /// Put the market contract on a chain, and look at it there.
    #[command(subcommand)]
    Contracts(Contracts),
    /// Buy a course as a browser does, with a key of yours: for rehearsals and monitoring.
    ///
    /// Talks to the site as any visitor, and checks what it is asked to sign: the sign-in message must name
    /// this site and this account, and the payment must be a purchase of this order, for this account, at
    /// the price shown, on the node's chain. It needs no configuration.
    Pay(Pay),
}

/// Give and take the admin's role.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make this account an admin; a wallet's is created if it never signed in.
    Grant {
        /// The account: its wallet's address, 0x and 40 hexadecimal digits, or its id.
        account: Account,
    },
    /// Take the admin's role from this account.
    Revoke {
        /// The account: its wallet's address, 0x and 40 hexadecimal digits, or its id.
        account: Account,
    },
}

/// Whose account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Of a wallet, which may not have signed in yet.
    Wallet(Address),
    /// By its id, as the admins' users page and the log show it.
    Id(UserId),
}

impl FromStr for Account {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        Address::written(text).map(Self::Wallet).map_err(|error| match error {
            NotAnAddress::Form(_) => {
                "write a wallet's address (0x and 40 hexadecimal digits) or an account's id (36 characters, as \
                 01234567-89ab-cdef-0123-456789abcdef)"
                    .to_owned()
            }
            wrong @ NotAnAddress::Checksum => wrong.to_string(),
        })
    }
}

/// Who pays and signs.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("key").required(true))]
pub struct KeyArgs {
    /// Use an account that the node itself signs for (development chains).
    #[arg(long, group = "key", value_name = "ADDRESS", value_parser = Address::written)]
    pub dev_account: Option<Address>,
    /// Use the key in this encrypted file (as `cast wallet import` and geth write it).
    #[arg(long, group = "key", value_name = "FILE")]
    pub keystore: Option<PathBuf>,
    /// The file whose first line opens the keystore. Without it the password is read from
    /// standard input.
    #[arg(long, requires = "keystore", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Use a key that AWS KMS keeps, by its id, ARN or alias: an asymmetric ECC_SECG_P256K1 key. Region
    /// and credentials come from the environment, as for any AWS client.
    #[cfg(feature = "kms")]
    #[arg(long, group = "key", value_name = "KEY_ID")]
    pub aws_kms: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
