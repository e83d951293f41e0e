// The demo wallet: lets people try the site without installing anything. Development only; it
// signs with the development chain's own unlocked accounts, through the site's /dev/rpc.
// Speaks EIP-1193, announces itself by EIP-6963, and shows in full what it is asked.

const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#5b5bd6"/>' +
  '<path d="M7 11h18v12H7zm0 0 13-4v4M20 17h1" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg>',
);
const FIRST_ACCOUNT = 3; // the learner of the demo; 0 to 2 deploy and teach, 9 runs the place
const KEPT = { account: "lectern.demo.account", connected: "lectern.demo.connected" };
// Signing and sending go through a dialog; everything else here only reads.
const READS = /^(eth_(blockNumber|call|chainId|estimateGas|feeHistory|gasPrice|get\w+|maxPriorityFeePerGas)|net_version)$/;

const STYLE = `
  dialog { box-sizing: border-box; width: min(30rem, calc(100vw - 1.5rem)); max-height: calc(100dvh - 1.5rem); padding: 0;
    border: 1px solid light-dark(#c9c9d6, #4a4a5c); border-radius: 12px; color-scheme: inherit;
    background: light-dark(#fff, #1c1c24); color: light-dark(#1a1a22, #ececf2); font: 1rem/1.5 system-ui, sans-serif; overflow: auto; }
  dialog::backdrop { background: rgb(10 10 20 / 0.55); }
  .ribbon { margin: 0; padding: 0.5rem 1.25rem; background: light-dark(#fff1c9, #4a3a08); color: light-dark(#4f3b00, #ffe9a8);
    font-size: 0.875rem; font-weight: 600; }
  form { display: grid; gap: 1rem; padding: 1.25rem; }
  h2 { margin: 0; font-size: 1.25rem; line-height: 1.3; outline: none; overflow-wrap: anywhere; }
  p { margin: 0; }
  .muted { color: light-dark(#5a5a68, #a9a9b8); font-size: 0.875rem; }
  .warn { color: light-dark(#8a1c1c, #ffb4ab); font-weight: 600; overflow-wrap: anywhere; }
  dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.35rem 1rem; margin: 0; }
  dt { color: light-dark(#5a5a68, #a9a9b8); }
  dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
  pre { margin: 0; padding: 0.75rem; max-height: 16rem; overflow: auto; border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere;
    background: light-dark(#f3f3f8, #121218); font: 0.8125rem/1.5 ui-monospace, monospace; }
  label { display: grid; gap: 0.25rem; font-size: 0.875rem; }
  select, button { font: inherit; min-height: 44px; border-radius: 8px; border: 1px solid light-dark(#85859a, #77778c);
    background: light-dark(#fff, #26262f); color: inherit; padding: 0 0.9rem; }
  select { width: 100%; }
  .actions { position: sticky; bottom: 0; display: grid; grid-template-columns: 1fr 1fr; gap: 0.75rem;
    margin: 0 -1.25rem -1.25rem; padding: 0.75rem 1.25rem 1.25rem; background: light-dark(#fff, #1c1c24); }
  button { font-weight: 600; cursor: pointer; }
  button[value="yes"] { background: #4a4ac4; border-color: #4a4ac4; color: #fff; }
  :is(button, select, pre):focus-visible { outline: 3px solid light-dark(#4a4ac4, #a5a5ff); outline-offset: 2px; }
`;

class RpcError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

let lastId = 0;
async function rpc(method, params = []) {
  let answer;
  try {
    const response = await fetch("/dev/rpc", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: ++lastId, method, params }),
    });
    answer = await response.json();
  } catch {
    throw new RpcError(4900, "The development chain can't be reached.");
  }
  if (answer.error) throw new RpcError(answer.error.code, answer.error.message);
  return answer.result;
}

const listeners = new Map();
const emit = (event, value) => listeners.get(event)?.forEach((listener) => listener(value));

let loading;
const allAccounts = () => (loading ??= rpc("eth_accounts").catch((error) => {
  loading = undefined;
  throw error;
}));
const index = () => Number(localStorage.getItem(KEPT.account) ?? FIRST_ACCOUNT);
const connected = () => localStorage.getItem(KEPT.connected) === "yes";
const current = async () => {
  const accounts = await allAccounts();
  return accounts[index()] ?? accounts[0];
};

async function choose(next) {
  localStorage.setItem(KEPT.account, String(next));
  if (connected()) emit("accountsChanged", [await current()]);
}

const ether = (wei) => {
  const digits = BigInt(wei).toString().padStart(19, "0");
  const fraction = digits.slice(-18).replace(/0+$/, "");
  return `${digits.slice(0, -18)}${fraction && "." + fraction} ETH`;
};
const roughly = (wei) => `about ${Number((Number(wei) / 1e18).toPrecision(3)).toFixed(9).replace(/\.?0+$/, "")} ETH`;
const short = (address) => `${address.slice(0, 6)}…${address.slice(-4)}`;
// Texts are set as text, never as markup: a page must not draw inside its wallet's dialog.
const make = (tag, fields = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), fields);
  element.append(...children);
  return element;
};
const facts = (entries) => make("dl", {}, ...entries.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
const scroll = (text) => make("pre", { tabIndex: 0 }, text);

let root;
function shadow() {
  if (!root) {
    const host = document.body.appendChild(make("div", { id: "demo-wallet" }));
    root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  }
  return root;
}

async function accountChoice() {
  const accounts = await allAccounts();
  const options = accounts.slice(0, 10).map((account, at) =>
    make("option", { value: at, selected: at === index() }, `#${at} ${short(account)}`));
  const select = make("select", { onchange: () => choose(Number(select.value)) }, ...options);
  select.dataset.testid = "demo-account";
  return make("label", {}, "Account of this wallet, for what is asked next", select);
}

let busy = false;
// Shows what is asked; settles when the person approves, throws 4001 when they reject.
async function ask(title, body) {
  if (busy) throw new RpcError(-32002, "Another request is already open in the demo wallet.");
  busy = true;
  try {
    const heading = make("h2", { id: "demo-title", tabIndex: -1, autofocus: true }, title);
    const no = make("button", { value: "no" }, "Reject");
    const yes = make("button", { value: "yes" }, "Approve");
    no.dataset.testid = "demo-reject";
    yes.dataset.testid = "demo-approve";
    const form = make("form", { method: "dialog" }, heading, ...(await body()), await accountChoice(),
      make("div", { className: "actions" }, no, yes));
    const ribbon = make("p", { className: "ribbon" }, "Demo wallet — development only, no real money");
    const dialog = make("dialog", {}, ribbon, form);
    dialog.setAttribute("aria-labelledby", "demo-title");
    shadow().append(dialog);
    // Escape closes a dialog without a value.
    const closed = new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    dialog.showModal();
    await closed;
    dialog.remove();
    if (dialog.returnValue !== "yes") throw new RpcError(4001, "User rejected the request.");
  } finally {
    busy = false;
  }
}

async function connect() {
  await ask(`Let ${location.host} see your account?`, async () => [
    make("p", {}, "The site will see the account's address and may ask for signatures and payments. Each of them is shown to you first."),
  ]);
  localStorage.setItem(KEPT.connected, "yes");
  return [await current()];
}

const own = (account) => {
  if (!connected()) throw new RpcError(4100, "This site is not connected.");
  return account;
};

async function sign([message, account]) {
  own(account);
  const bytes = Uint8Array.from(message.slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16));
  let text = message;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch { /* not text: shown as it came */ }
  const elsewhere = text.includes(" wants you to sign in") && !text.startsWith(`${location.host} `);
  await ask("Sign this message?", async () => [
    make("p", {}, "Signing costs nothing and moves no money."),
    ...(elsewhere ? [make("p", { className: "warn" }, "This message is for another site. Reject it.")] : []),
    scroll(text),
    facts([["Account", account]]),
  ]);
  return rpc("personal_sign", [message, account]);
}

// EIP-712: what a site asks here can let others take tokens, so all of it is shown.
async function signTyped([account, data]) {
  own(account);
  const typed = JSON.parse(data);
  const elsewhere = typed.domain.chainId !== undefined && BigInt(typed.domain.chainId) !== BigInt(await rpc("eth_chainId"));
  await ask(`Sign “${typed.primaryType}”?`, async () => [
    make("p", {}, `Signing sends nothing and costs nothing. With it, ${typed.domain.name} does what stands here.`),
    ...(elsewhere ? [make("p", { className: "warn" }, "This is for another network. Reject it.")] : []),
    facts([...Object.entries(typed.message).map(([name, value]) => [name, String(value)]),
      ["Contract", String(typed.domain.verifyingContract)], ["Account", account]]),
  ]);
  return rpc("eth_signTypedData_v4", [account, typed]);
}

async function send([call]) {
  own(call.from);
  const value = BigInt(call.value ?? "0x0");
  await ask(value > 0n ? `Pay ${ether(value)}?` : "Send this transaction?", async () => {
    const balance = await rpc("eth_getBalance", [call.from, "latest"]);
    let fee;
    let warning;
    try {
      const [gas, price] = await Promise.all([rpc("eth_estimateGas", [call]), rpc("eth_gasPrice")]);
      fee = `${roughly(BigInt(gas) * BigInt(price))} (${Number(gas).toLocaleString("en")} gas)`;
    } catch (error) {
      fee = "unknown";
      warning = `The network would refuse this: ${error.message}`;
    }
    return [
      ...(warning ? [make("p", { className: "warn" }, warning)] : []),
      facts([
        ["Amount", ether(value)], ["Network fee", fee], ["To", call.to ?? "a new contract"],
        ["From", call.from], ["Balance", ether(balance)], ["Network", String(Number(await rpc("eth_chainId")))],
      ]),
      make("p", { className: "muted" }, "Data"),
      scroll(call.data ?? "0x"),
    ];
  });
  return rpc("eth_sendTransaction", [call]);
}

async function changeNetwork([{ chainId }]) {
  const here = await rpc("eth_chainId");
  if (BigInt(chainId) !== BigInt(here)) throw new RpcError(4902, "Unrecognized chain ID. The demo wallet knows the development chain only.");
  await ask(`Switch to network ${Number(here)}?`, async () => [make("p", {}, "The demo wallet lives on this network already.")]);
  emit("chainChanged", here);
  return null;
}

const provider = Object.freeze({
  async request({ method, params = [] }) {
    switch (method) {
      // As wallets do: a site that is let in already is not asked about again.
      case "eth_requestAccounts": return connected() ? [await current()] : connect();
      case "eth_accounts": return connected() ? [await current()] : [];
      case "personal_sign": return sign(params);
      case "eth_signTypedData_v4": return signTyped(params);
      case "eth_sendTransaction": return send(params);
      case "wallet_switchEthereumChain": return changeNetwork(params);
      default:
        if (READS.test(method)) return rpc(method, params);
        throw new RpcError(4200, `The demo wallet does not offer ${method}.`);
    }
  },
  on(event, listener) {
    if (!listeners.has(event)) listeners.set(event, new Set());
    listeners.get(event).add(listener);
    return provider;
  },
  removeListener(event, listener) {
    listeners.get(event)?.delete(listener);
    return provider;
  },
});

const info = Object.freeze({
  uuid: crypto.randomUUID?.() ?? "f3b5a1de-4c0e-4f5e-9d57-7f3d0d0c0de0",
  name: "Demo wallet (development)",
  icon: ICON,
  rdns: "dev.lectern.demo",
});
const announce = () =>
  window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
window.addEventListener("eip6963:requestProvider", announce);
announce();
