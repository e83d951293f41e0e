//! The page's link to a wallet: which wallets there are, which is chosen, its account and
//! network. Changes inside the wallet arrive without a reload; each change draws the page anew.

use std::{cell::RefCell, rc::Rc};

use academy::{checkout::ChainInfo, evm::Address};

use super::{
    error::WalletError,
    js::{Task, spawn},
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
    /// To let the market take a token.
    Allow,
    /// To send a transaction.
    Send,
}

/// All that is known about wallets here.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// All wallets found.
    pub wallets: Vec<Wallet>,
    /// The first round of looking is over.
    pub looked: bool,
    /// The wallet in use.
    pub wallet: Option<Wallet>,
    /// Its account, if it lets us see one.
    pub account: Option<Address>,
    /// Its network, hexadecimal; empty if unknown.
    pub chain: String,
    /// What is being asked; one thing at a time.
    pub asking: Option<Asking>,
    /// What the last attempt came to.
    pub notice: Option<Notice>,
}

impl State {
    /// Whether the wallet is on a network; unknown counts as yes, since sending names the chain.
    pub fn is_on(&self, chain: &ChainInfo) -> bool {
        self.chain.is_empty() || text::same_chain(&self.chain, &chain.hex_id)
    }

    /// Whether a wallet shows us an account on another network.
    pub fn is_elsewhere(&self, chain: &ChainInfo) -> bool {
        self.account.is_some() && !self.is_on(chain)
    }

    /// Puts the wallet aside, to choose another.
    pub fn put_aside(&mut self) {
        self.wallet = None;
        self.account = None;
        self.chain = String::new();
        self.notice = None;
    }
}

/// The link. Copies share their state.
#[derive(Clone)]
pub struct Link(Rc<Inner>);

struct Inner {
    state: RefCell<State>,
    draw: RefCell<Rc<dyn Fn()>>,
}

/// Knows nothing yet.
impl Default for Link {
    fn default() -> Self {
        Self(Rc::new(Inner { state: RefCell::default(), draw: RefCell::new(Rc::new(|| {})) }))
    }
}

impl Link {
    /// Draws with `draw` from now on, and starts looking for wallets. With `resume`, takes the
    /// wallet used last up again if it still lets this site in; nobody is asked anything.
    pub fn start(&self, resume: bool, draw: Rc<dyn Fn()>) {
        self.0.draw.replace(draw);
        let (found, looked) = (self.clone(), self.clone());
        discover(
            Rc::new(move |wallet: Wallet| {
                found.change(|state| state.wallets.push(wallet.clone()));
                if resume && wallet.used_last {
                    spawn(Box::pin(found.clone().resume(wallet)));
                }
            }),
            move || looked.change(|state| state.looked = true),
        );
    }

    /// Reads the state.
    pub fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.0.state.borrow())
    }

    /// Changes the state, and draws.
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.state.borrow_mut());
        self.draw();
    }

    /// Draws again, for state that lives elsewhere.
    pub fn draw(&self) {
        let draw = self.0.draw.borrow().clone();
        draw();
    }

    /// Says something.
    pub fn say(&self, notice: Notice) {
        self.change(|state| state.notice = Some(notice));
    }

    async fn resume(self, wallet: Wallet) {
        let account = wallet.account().await.ok().flatten();
        if account.is_some() && self.read(|state| state.wallet.is_none()) {
            self.adopt(wallet, account).await;
        }
    }

    /// Asks a wallet to let this site in.
    ///
    /// # Errors
    /// The wallet's answer.
    pub async fn connect(&self, wallet: Wallet) -> Result<Address, WalletError> {
        let account = wallet.connect().await?;
        self.adopt(wallet, Some(account)).await;
        Ok(account)
    }

    async fn adopt(&self, wallet: Wallet, account: Option<Address>) {
        if self.read(|state| state.wallet.as_ref() != Some(&wallet)) {
            let (link, heard_from) = (self.clone(), wallet.clone());
            wallet.listen(Rc::new(move |said| {
                // One that was put aside still talks.
                if link.read(|state| state.wallet.as_ref() == Some(&heard_from)) {
                    link.hear(said);
                }
            }));
        }
        let chain = wallet.chain().await.unwrap_or_default();
        self.change(|state| {
            state.account = account;
            state.chain = chain;
            state.wallet = Some(wallet);
        });
    }

    fn hear(&self, said: Said) {
        let now = |error| Some(about(&error, Asked::Connect, ""));
        self.change(|state| match said {
            Said::Account(account) => {
                state.account = account;
                state.notice = account.is_none().then(|| now(WalletError::Unauthorized)).flatten();
            }
            Said::Chain(chain) => {
                state.chain = chain;
                state.notice = None;
            }
            Said::Disconnected => state.notice = now(WalletError::Disconnected),
            Said::Connected => state.notice = None,
        });
    }

    /// The account and network as the wallet has them now, not as it last said.
    ///
    /// # Errors
    /// The wallet's answer; `Unauthorized` without an account.
    pub async fn refresh(&self, wallet: &Wallet) -> Result<Address, WalletError> {
        let chain = wallet.chain().await?;
        let account = wallet.account().await?;
        self.change(|state| {
            state.chain = chain;
            state.account = account;
        });
        account.ok_or(WalletError::Unauthorized)
    }

    /// Asks a wallet to let this site in, in the background.
    pub fn choose(&self, wallet: Wallet) {
        let link = self.clone();
        self.ask(
            Asking::Connect,
            Box::pin(async move {
                if let Err(error) = link.connect(wallet).await {
                    link.say(about(&error, Asked::Connect, ""));
                }
            }),
        );
    }

    /// Asks the wallet to change to a network, in the background.
    pub fn switch_to(&self, chain: ChainInfo) {
        let Some(wallet) = self.read(|state| state.wallet.clone()) else { return };
        let link = self.clone();
        self.ask(
            Asking::Switch,
            Box::pin(async move {
                match wallet.switch_to(&chain).await {
                    Ok(()) => {
                        let now = wallet.chain().await.unwrap_or_default();
                        let text = format!("Your wallet is on {} now.", chain.name);
                        link.change(|state| {
                            state.chain = now;
                            state.notice = Some(Notice::new(Tone::Positive, "switched", text));
                        });
                    }
                    Err(error) => link.say(about(&error, Asked::Switch, &chain.name)),
                }
            }),
        );
    }

    /// Does what buttons of every wallet island do; `None` if it was one of those.
    pub fn act<'a>(&self, word: &'a str, choose: impl FnOnce(Wallet)) -> Option<&'a str> {
        if let Some(index) = word.strip_prefix("wallet:") {
            let index = index.parse::<usize>().ok();
            if let Some(wallet) = self.read(|state| state.wallets.get(index?).cloned()) {
                choose(wallet);
            }
            return None;
        }
        if word == "other-wallet" {
            self.change(State::put_aside);
            return None;
        }
        Some(word)
    }

    /// Asks for one thing, unless something is being asked: a second click must not open a second
    /// request.
    pub fn ask(&self, asking: Asking, answer: Task) {
        if self.read(|state| state.asking.is_some()) {
            return;
        }
        self.change(|state| {
            state.asking = Some(asking);
            state.notice = None;
        });
        let link = self.clone();
        spawn(Box::pin(async move {
            answer.await;
            link.change(|state| state.asking = None);
        }));
    }
}
