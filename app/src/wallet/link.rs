//! The page's link to a wallet, as signals: which wallets there are, which is chosen, its account
//! and network. Changes inside the wallet arrive without a reload.

use academy::{checkout::ChainInfo, evm::Address};
use leptos::{prelude::*, task::spawn_local};

use super::{
    error::WalletError,
    notice::{Asked, Notice, about},
    provider::{Said, Wallet, discover},
    text,
};
use crate::ui::Tone;

/// What the wallet is being asked right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// To let this site in.
    Connect,
    /// To sign the sign-in message.
    Sign,
    /// To change the network.
    Switch,
    /// To send a transaction.
    Send,
}

/// The link. Copies share their signals.
#[derive(Clone, Copy)]
pub struct Link {
    /// All wallets found.
    pub wallets: RwSignal<Vec<Wallet>>,
    /// The first round of looking is over.
    pub looked: RwSignal<bool>,
    /// The wallet in use.
    pub wallet: RwSignal<Option<Wallet>>,
    /// Its account, if it lets us see one.
    pub account: RwSignal<Option<Address>>,
    /// Its network, hexadecimal; empty if unknown.
    pub chain: RwSignal<String>,
    /// What is being asked; one thing at a time.
    pub asking: RwSignal<Option<Asking>>,
    /// What the last attempt came to.
    pub notice: RwSignal<Option<Notice>>,
}

impl Link {
    /// Starts looking for wallets once the page is alive. With `resume`, takes the wallet used
    /// last up again if it still lets this site in; nobody is asked anything.
    pub fn start(resume: bool) -> Self {
        let link = Self {
            wallets: RwSignal::default(),
            looked: RwSignal::new(false),
            wallet: RwSignal::new(None),
            account: RwSignal::new(None),
            chain: RwSignal::default(),
            asking: RwSignal::new(None),
            notice: RwSignal::new(None),
        };
        Effect::new(move || {
            discover(
                move |wallet| {
                    link.wallets.update(|all| all.push(wallet.clone()));
                    if resume && wallet.was_used_last() {
                        spawn_local(async move { link.resume(wallet).await });
                    }
                },
                move || link.looked.set(true),
            );
        });
        link
    }

    async fn resume(self, wallet: Wallet) {
        let account = wallet.account().await.ok().flatten();
        if account.is_some() && self.wallet.get_untracked().is_none() {
            self.adopt(wallet, account).await;
        }
    }

    /// Asks a wallet to let this site in.
    ///
    /// # Errors
    /// The wallet's answer.
    pub async fn connect(self, wallet: Wallet) -> Result<Address, WalletError> {
        let account = wallet.connect().await?;
        self.adopt(wallet, Some(account)).await;
        Ok(account)
    }

    async fn adopt(self, wallet: Wallet, account: Option<Address>) {
        if self.wallet.get_untracked().as_ref() != Some(&wallet) {
            let heard_from = wallet.clone();
            wallet.listen(move |said| {
                // One that was put aside still talks.
                if self.wallet.get_untracked().as_ref() == Some(&heard_from) {
                    self.hear(said);
                }
            });
        }
        let chain = wallet.chain().await.unwrap_or_default();
        self.account.set(account);
        self.chain.set(chain);
        self.wallet.set(Some(wallet));
    }

    fn hear(self, said: Said) {
        match said {
            Said::Account(account) => {
                self.account.set(account);
                self.notice.set(account.is_none().then(|| {
                    about(&WalletError::Unauthorized, Asked::Connect, "")
                }));
            }
            Said::Chain(chain) => {
                self.chain.set(chain);
                self.notice.set(None);
            }
            Said::Disconnected => {
                self.notice.set(Some(about(&WalletError::Disconnected, Asked::Connect, "")));
            }
            Said::Connected => self.notice.set(None),
        }
    }

    /// Puts the wallet aside, to choose another.
    pub fn put_aside(self) {
        self.wallet.set(None);
        self.account.set(None);
        self.chain.set(String::new());
        self.notice.set(None);
    }

    /// Whether the wallet is on a network; unknown counts as yes, since sending names the chain.
    pub fn is_on(self, chain: &ChainInfo) -> bool {
        self.chain.with(|now| now.is_empty() || text::same_chain(now, &chain.hex_id))
    }

    /// The account and network as the wallet has them now, not as it last said.
    ///
    /// # Errors
    /// The wallet's answer; `Unauthorized` without an account.
    pub async fn refresh(self, wallet: &Wallet) -> Result<Address, WalletError> {
        self.chain.set(wallet.chain().await?);
        let account = wallet.account().await?;
        self.account.set(account);
        account.ok_or(WalletError::Unauthorized)
    }

    /// Asks the wallet to change to a network, in the background.
    pub fn switch_to(self, chain: ChainInfo) {
        let Some(wallet) = self.wallet.get_untracked() else { return };
        self.ask(Asking::Switch, async move {
            match wallet.switch_to(&chain).await {
                Ok(()) => {
                    self.chain.set(wallet.chain().await.unwrap_or_default());
                    self.notice.set(Some(Notice::new(
                        Tone::Positive,
                        "switched",
                        format!("Your wallet is on {} now.", chain.name),
                    )));
                }
                Err(error) => self.notice.set(Some(about(&error, Asked::Switch, &chain.name))),
            }
        });
    }

    /// Asks for one thing, unless something is being asked: a second click must not open a second
    /// request.
    pub fn ask(self, asking: Asking, answer: impl Future<Output = ()> + 'static) {
        if self.asking.get_untracked().is_some() {
            return;
        }
        self.asking.set(Some(asking));
        self.notice.set(None);
        spawn_local(async move {
            answer.await;
            self.asking.set(None);
        });
    }
}
