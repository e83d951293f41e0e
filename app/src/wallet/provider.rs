//! Finding wallets (EIP-6963) and asking them (EIP-1193).
//!
//! The JavaScript objects stay in this module; a [`Wallet`] is plain data that names one of them.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use academy::{
    checkout::{ChainInfo, WalletCall},
    evm::Address,
    money::Wei,
};
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::{error::WalletError, js, text};

thread_local! {
    /// Every provider found so far; never shortened, so that indices stay good.
    static PROVIDERS: RefCell<Vec<JsValue>> = const { RefCell::new(Vec::new()) };
}

/// What says that calls can't be sent together, before anybody is asked: the method is not there, or not so (EIP-1193,
/// EIP-1474, EIP-5792).
const NO_BATCHES: [i64; 8] = [-32601, -32602, 4200, 5700, 5710, 5740, 5750, 5760];
/// Under which name the browser keeps the wallet chosen last.
const LAST_USED: &str = "lectern.wallet";
/// Wallets answer the request for announcements at once; late ones are added when they come.
const PATIENCE_MS: u32 = 250;
/// More than any real icon; a wallet's announcement is not to be trusted.
const LARGEST_ICON: usize = 200_000;

/// A wallet in this browser. Name and icon are the wallet's own words: untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    index: usize,
    /// What it calls itself.
    pub name: String,
    /// Its icon, a `data:` image.
    pub icon: Option<String>,
    /// Its reverse domain name, stable over time; empty for `window.ethereum`.
    pub rdns: String,
    /// It was the one used last in this browser.
    pub used_last: bool,
}

/// What a wallet says unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The account to use now, if any.
    Account(Option<Address>),
    /// Its network's id, hexadecimal.
    Chain(String),
    /// It lost its connection to the network.
    Disconnected,
    /// It has it again.
    Connected,
}

impl Wallet {
    /// Whether it is the site's own wallet for trying out (development only).
    pub fn is_demo(&self) -> bool {
        self.rdns == "dev.lectern.demo"
    }

    #[cfg(test)]
    pub(crate) fn named(name: &str, icon: Option<&str>) -> Self {
        Self {
            index: 0,
            name: name.to_owned(),
            icon: icon.map(str::to_owned),
            rdns: "com.example".to_owned(),
            used_last: false,
        }
    }

    /// Sends a request, and answers what the wallet does.
    ///
    /// # Errors
    /// The wallet's refusal or failure.
    pub async fn request(&self, method: &str, params: JsValue) -> Result<JsValue, WalletError> {
        let provider = PROVIDERS.with_borrow(|all| all.get(self.index).cloned()).unwrap_or_default();
        let request = js::object(&[("method", method.into()), ("params", params)]);
        let promise = js::call(&provider, "request", &[request]);
        let answer = match promise {
            Ok(promise) => JsFuture::from(Promise::resolve(&promise)).await,
            Err(thrown) => Err(thrown),
        };
        answer.map_err(|error| WalletError::thrown(&error))
    }

    /// Asks to be let in; the wallet shows the site's name and lets the person pick an account.
    ///
    /// # Errors
    /// As [`Wallet::request`].
    pub async fn connect(&self) -> Result<Address, WalletError> {
        let accounts = self.request("eth_requestAccounts", js::array([])).await?;
        js::keep(LAST_USED, &self.rdns);
        first_account(&accounts).ok_or(WalletError::Unauthorized)
    }

    /// The account that it lets this site see, without asking anybody.
    ///
    /// # Errors
    /// As [`Wallet::request`].
    pub async fn account(&self) -> Result<Option<Address>, WalletError> {
        Ok(first_account(&self.request("eth_accounts", js::array([])).await?))
    }

    /// The network it is on, hexadecimal (EIP-155).
    ///
    /// # Errors
    /// As [`Wallet::request`].
    pub async fn chain(&self) -> Result<String, WalletError> {
        let chain = self.request("eth_chainId", js::array([])).await?;
        Ok(chain.as_string().unwrap_or_default())
    }

    /// What an account holds, as the wallet's own node says.
    ///
    /// # Errors
    /// As [`Wallet::request`].
    pub async fn balance(&self, account: Address) -> Result<Option<Wei>, WalletError> {
        let params = js::array([account.to_string().into(), "latest".into()]);
        let balance = self.request("eth_getBalance", params).await?;
        Ok(balance.as_string().as_deref().and_then(text::wei_from_hex))
    }

    /// Asks for a signature of a text (EIP-191); hexadecimal.
    ///
    /// # Errors
    /// As [`Wallet::request`].
    pub async fn sign(&self, message: &str, account: Address) -> Result<String, WalletError> {
        let message = text::hex(message.as_bytes());
        let params = js::array([message.into(), account.to_string().into()]);
        let signature = self.request("personal_sign", params).await?;
        Ok(signature.as_string().unwrap_or_default())
    }

    /// Asks to send a call from an account; answers what the wallet calls the transaction.
    ///
    /// # Errors
    /// As [`Wallet::request`].
    pub async fn send(&self, call: &WalletCall, from: Address) -> Result<String, WalletError> {
        let call = js::object(&[
            ("from", from.to_string().into()),
            ("to", (&call.to).into()),
            ("data", (&call.data).into()),
            ("value", (&call.value).into()),
            // Refused, rather than sent elsewhere, if the network changes meanwhile.
            ("chainId", (&call.chain_id).into()),
        ]);
        let hash = self.request("eth_sendTransaction", js::array([call])).await?;
        Ok(hash.as_string().unwrap_or_default())
    }

    /// Asks for a signature of typed data (EIP-712); hexadecimal.
    ///
    /// # Errors
    /// As [`Wallet::request`].
    pub async fn sign_typed(&self, data: &str, account: Address) -> Result<String, WalletError> {
        let params = js::array([account.to_string().into(), data.into()]);
        let signature = self.request("eth_signTypedData_v4", params).await?;
        Ok(signature.as_string().unwrap_or_default())
    }

    /// Asks to send calls that happen all or not at all (EIP-5792); answers the wallet's id for them, which
    /// is no hash. `None` where the wallet does not offer it, which it says before it asks the person.
    ///
    /// # Errors
    /// As [`Wallet::request`], and then it is not certain that they were not sent.
    pub async fn send_together(
        &self,
        calls: &[WalletCall],
        from: Address,
    ) -> Result<Option<String>, WalletError> {
        let chain = calls.first().map(|call| JsValue::from(&call.chain_id)).unwrap_or_default();
        let calls = calls.iter().map(|call| {
            let (to, data, value) = ((&call.to).into(), (&call.data).into(), (&call.value).into());
            js::object(&[("to", to), ("data", data), ("value", value)])
        });
        let batch = js::object(&[
            ("version", "2.0.0".into()),
            ("from", from.to_string().into()),
            ("chainId", chain),
            ("atomicRequired", true.into()),
            ("calls", js::array(calls)),
        ]);
        match self.request("wallet_sendCalls", js::array([batch])).await {
            Ok(sent) => Ok(Some(js::text(&sent, "id"))),
            Err(WalletError::Other { code, .. }) if NO_BATCHES.contains(&code) => Ok(None),
            // It may have sent them.
            Err(error) => Err(error),
        }
    }

    /// What became of calls that were sent together: the hash of the transaction that they are in, or that
    /// they failed; `None` while neither is known.
    ///
    /// # Errors
    /// As [`Wallet::request`].
    pub async fn sent_together(&self, id: &str) -> Result<Option<Result<String, ()>>, WalletError> {
        let told = self.request("wallet_getCallsStatus", js::array([id.into()])).await?;
        // EIP-5792: 100 pending, 200 confirmed, 400 and above failed.
        if js::get(&told, "status").as_f64().is_some_and(|status| status >= 400.0) {
            return Ok(Some(Err(())));
        }
        let hash = js::text(&js::get(&js::get(&told, "receipts"), "0"), "transactionHash");
        Ok((!hash.is_empty()).then_some(Ok(hash)))
    }

    /// Asks to go to a network, and to learn it first if it is unknown (EIP-3326, EIP-3085).
    ///
    /// # Errors
    /// As [`Wallet::request`]; `UnknownChain` if we have no public address of the network.
    pub async fn switch_to(&self, chain: &ChainInfo) -> Result<(), WalletError> {
        let id = || js::object(&[("chainId", (&chain.hex_id).into())]);
        let switch = || self.request("wallet_switchEthereumChain", js::array([id()]));
        match switch().await {
            Err(WalletError::UnknownChain) => {}
            answer => return answer.map(drop),
        }
        let Some(rpc_url) = &chain.rpc_url else { return Err(WalletError::UnknownChain) };
        let urls = |url: &Option<String>| js::array(url.iter().map(JsValue::from));
        let currency = js::object(&[
            ("name", (&chain.currency).into()),
            ("symbol", (&chain.currency).into()),
            ("decimals", 18.into()),
        ]);
        let explorer = chain.explorer.clone().filter(|url| !url.is_empty());
        let mut facts = vec![
            ("chainId", (&chain.hex_id).into()),
            ("chainName", (&chain.name).into()),
            ("nativeCurrency", currency),
            ("rpcUrls", js::array([rpc_url.into()])),
        ];
        if explorer.is_some() {
            facts.push(("blockExplorerUrls", urls(&explorer)));
        }
        self.request("wallet_addEthereumChain", js::array([js::object(&facts)])).await?;
        // Adding need not mean going there.
        if self.chain().await.is_ok_and(|now| text::same_chain(&now, &chain.hex_id)) {
            return Ok(());
        }
        switch().await.map(drop)
    }

    /// Whether a transaction is mined and succeeded; `None` while it isn't mined.
    ///
    /// # Errors
    /// As [`Wallet::request`].
    pub async fn mined(&self, hash: &str) -> Result<Option<bool>, WalletError> {
        let receipt = self.request("eth_getTransactionReceipt", js::array([hash.into()])).await?;
        Ok(receipt.is_object().then(|| js::text(&receipt, "status") == "0x1"))
    }

    /// Whether the network, as the wallet sees it, knows a transaction.
    ///
    /// # Errors
    /// As [`Wallet::request`].
    pub async fn knows(&self, hash: &str) -> Result<bool, WalletError> {
        let found = self.request("eth_getTransactionByHash", js::array([hash.into()])).await?;
        Ok(found.is_object())
    }

    /// Tells what the wallet says unasked, for as long as the page lives.
    pub fn listen(&self, hear: Rc<dyn Fn(Said)>) {
        let Some(provider) = PROVIDERS.with_borrow(|all| all.get(self.index).cloned()) else { return };
        let on = |event: &str, read: fn(JsValue) -> Said| {
            let hear = hear.clone();
            let listener = js::forever(move |value| hear(read(value)));
            // A wallet without events still pays.
            let _ = js::call(&provider, "on", &[event.into(), listener]);
        };
        on("accountsChanged", |accounts| Said::Account(first_account(&accounts)));
        on("chainChanged", |chain| Said::Chain(chain.as_string().unwrap_or_default()));
        on("disconnect", |_| Said::Disconnected);
        on("connect", |_| Said::Connected);
    }
}

fn first_account(accounts: &JsValue) -> Option<Address> {
    js::get(accounts, "0").as_string()?.parse().ok()
}

/// Looks for wallets: tells each as it announces itself, then once that the first round is over.
/// `window.ethereum` counts only where nobody announces anything.
pub fn discover(found: Rc<dyn Fn(Wallet)>, looked: impl Fn() + 'static) {
    let seen = Rc::new(Cell::new(0));
    let heard = {
        let (found, seen) = (found.clone(), seen.clone());
        js::forever(move |event| {
            let detail = js::get(&event, "detail");
            let (info, provider) = (js::get(&detail, "info"), js::get(&detail, "provider"));
            if !provider.is_object() {
                return;
            }
            let name = text::shortened(js::text(&info, "name").trim(), 40, "Unnamed wallet");
            let icon = Some(js::text(&info, "icon")).filter(|icon| is_image(icon));
            keep(&seen, provider, name, icon, js::text(&info, "rdns")).into_iter().for_each(&*found);
        })
    };
    let window = js::window();
    let _ = js::call(&window, "addEventListener", &["eip6963:announceProvider".into(), heard]);
    if let Ok(event) = web_sys::Event::new("eip6963:requestProvider") {
        let _ = js::call(&window, "dispatchEvent", &[event.into()]);
    }
    js::spawn(Box::pin(async move {
        js::sleep(PATIENCE_MS).await;
        let injected = js::get(&window, "ethereum");
        if injected.is_object() && seen.get() == 0 {
            let name = "Browser wallet".to_owned();
            keep(&seen, injected, name, None, String::new()).into_iter().for_each(&*found);
        }
        looked();
    }));
}

/// Keeps a provider, and tells of it once to whoever has seen these: wallets announce themselves at every
/// request, and several islands of a page may ask.
fn keep(
    seen: &Cell<u64>,
    provider: JsValue,
    name: String,
    icon: Option<String>,
    rdns: String,
) -> Option<Wallet> {
    let index = PROVIDERS.with_borrow_mut(|all| {
        all.iter().position(|known| *known == provider).unwrap_or_else(|| {
            all.push(provider);
            all.len() - 1
        })
    });
    // A bit for each; nobody has more wallets than there are bits.
    let before = seen.get();
    seen.set(before | 1 << (index & 63));
    if seen.get() == before {
        return None;
    }
    let used_last = js::kept(LAST_USED).is_some_and(|last| last == rdns);
    Some(Wallet { index, name, icon, rdns, used_last })
}

fn is_image(icon: &str) -> bool {
    icon.starts_with("data:image/") && icon.len() <= LARGEST_ICON
}
