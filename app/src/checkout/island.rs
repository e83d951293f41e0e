//! The checkout island: the timeline of an order, alive.

use academy::checkout::{ChainInfo, Order, OrderState};
use leptos::prelude::*;

use super::{
    flow::Flow,
    stage::{Mark, Step, current, mark, may_order_again},
};
use crate::{
    ui::{AddressText, Icon, Money},
    wallet::{parts, picker::Picker, text},
};

/// The timeline: choose wallet, sign in, pay, confirmed on chain, open. The server renders it as
/// the order stands; in the browser it follows the order and drives the wallet.
#[island]
pub fn Checkout(
    /// The order.
    order: Order,
    /// Its network.
    chain: ChainInfo,
) -> impl IntoView {
    let flow = Flow::start(order, chain);
    let order = flow.order;
    let now = Memo::new(move |_| flow.message());
    let steps = Step::ALL.map(|step| {
        let standing = Memo::new(move |_| order.with(|order| flow.with_local(|local| mark(step, order, local))));
        let here = Memo::new(move |_| order.with(|order| flow.with_local(|local| current(order, local) == step)));
        view! {
            <li
                class="step"
                data-step=step.title()
                data-mark=move || standing.get().word()
                aria-current=move || here.get().then_some("step")
            >
                <span class="step-dot" aria-hidden="true">
                    {move || match standing.get() {
                        Mark::Done => view! { <Icon name="check"/> }.into_any(),
                        Mark::Stuck => view! { <Icon name="warning"/> }.into_any(),
                        Mark::Now | Mark::Later => ().into_any(),
                    }}
                </span>
                <h2 class="step-title" tabindex="-1">
                    {step.title()}
                    <span class="visually-hidden">{move || format!(" ({})", standing.get().spoken())}</span>
                </h2>
                <div class="step-body">
                    {move || here.get().then(|| view! {
                        <div data-testid="checkout-message" data-code=move || now.get().code>
                            {move || parts::message(now.get())}
                        </div>
                    })}
                    {body(flow, step)}
                </div>
            </li>
        }
    });
    view! {
        <section
            class="checkout"
            aria-label="Payment, step by step"
            data-testid="order-state"
            data-state=move || order.with(|order| order.state.word())
            data-setback=move || order.with(|order| order.setback.map(|setback| setback.word()))
        >
            // Always there, so that changes are read out; the visible message moves between steps.
            <p class="visually-hidden" role="status">{move || now.get().text}</p>
            <ol class="timeline">{steps.into_iter().collect_view()}</ol>
            {details(flow)}
        </section>
    }
}

fn body(flow: Flow, step: Step) -> AnyView {
    match step {
        Step::Wallet => wallet(flow).into_any(),
        Step::SignIn => signed_in(flow).into_any(),
        Step::Pay => pay(flow).into_any(),
        Step::Confirm => confirm(flow).into_any(),
        Step::Open => open(flow).into_any(),
    }
}

fn wallet(flow: Flow) -> impl IntoView {
    let payable = flow.payable();
    let choosing = Memo::new(move |_| payable.get() && flow.link.account.get().is_none());
    view! {
        {move || payable.get().then(|| parts::in_use(flow.link))}
        {move || choosing.get().then(|| view! {
            <Picker link=flow.link choose=move |wallet| flow.connect(wallet)/>
        })}
    }
}

fn signed_in(flow: Flow) -> impl IntoView {
    let buyer = flow.order.with_untracked(|order| order.beneficiary.clone());
    let back = flow.order.with_untracked(|order| format!("/sign-in?next=/orders/{}", order.id));
    view! {
        <p class="step-fact">"The course opens for " <AddressText address=buyer/></p>
        {move || flow.signed_out.get().then(|| view! {
            <a class="button" data-kind="primary" href=back.clone()>"Sign in again"</a>
        })}
    }
}

fn pay(flow: Flow) -> impl IntoView {
    let payable = flow.payable();
    let price = flow.price();
    view! {
        {move || match flow.order.with(|order| (order.state, may_order_again(order))) {
            (_, true) => new_price(flow).into_any(),
            (OrderState::Open | OrderState::Expired | OrderState::Cancelled, _) => ().into_any(),
            _ => view! { <p class="step-fact">"Paid with one transaction of " {price.clone()}</p> }.into_any(),
        }}
        {move || payable.get().then(|| payment(flow))}
    }
}

fn payment(flow: Flow) -> impl IntoView {
    let link = flow.link;
    let connected = Memo::new(move |_| link.account.get().is_some());
    let wrong = Memo::new(move |_| flow.wrong_network());
    let asking = Memo::new(move |_| link.asking.get().is_some());
    let other = Memo::new(move |_| {
        let buyer = flow.order.with(|order| order.beneficiary.clone());
        link.account.get().filter(|account| !text::is_account(&buyer, *account)).map(|account| (account, buyer))
    });
    let network = flow.chain.with_value(|chain| chain.name.clone());
    let price = flow.price();
    let switch = format!("Switch to {network}");
    view! {
        {move || other.get().map(|(account, buyer)| view! {
            <div class="notice" data-tone="warning" data-testid="other-account">
                <Icon name="info"/>
                <div>
                    "This order is for " <AddressText address=buyer.clone()/> ", but your wallet is on "
                    <AddressText address=text::checksummed(account)/> ", which would pay. The course opens for "
                    <AddressText address=buyer/> " either way. To pay from it, choose it in your wallet; this page notices."
                </div>
            </div>
        })}
        <p class="step-actions" hidden=move || !connected.get()>
            <button
                type="button"
                class="button"
                data-kind="primary"
                data-size="large"
                data-testid="switch-network"
                hidden=move || !wrong.get()
                on:click=move |_| flow.switch()
            >
                {switch}
            </button>
            // Not disabled while the wallet is asked: it keeps the focus, and a second click does nothing.
            <button
                type="button"
                class="button"
                data-kind="primary"
                data-size="large"
                data-testid="pay"
                hidden=move || wrong.get()
                aria-busy=move || asking.get().to_string()
                on:click=move |_| flow.pay()
            >
                {move || if asking.get() { "Waiting for your wallet…".to_owned() } else { format!("Pay {price}") }}
            </button>
        </p>
        <button
            type="button"
            class="button"
            data-kind="quiet"
            data-testid="cancel-order"
            hidden=move || asking.get()
            on:click=move |_| flow.cancel()
        >
            "Cancel this order"
        </button>
    }
}

fn new_price(flow: Flow) -> impl IntoView {
    let (action, tier) = flow
        .order
        .with_untracked(|order| (format!("/courses/{}/buy", order.course_slug), order.tier.to_string()));
    view! {
        <form method="post" action=action>
            <input type="hidden" name="tier" value=tier/>
            <button class="button" data-kind="primary" data-testid="new-price">"Get a new price"</button>
        </form>
    }
}

fn confirm(flow: Flow) -> impl IntoView {
    let order = flow.order;
    let shown = Memo::new(move |_| {
        order.with(|order| matches!(order.state, OrderState::Submitted | OrderState::Confirming | OrderState::Paid))
    });
    let goal = order.with_untracked(|order| order.open_at);
    let last = order.with_untracked(|order| order.final_at);
    let so_far = Memo::new(move |_| order.with(|order| order.confirmations));
    let counted = move || format!("{} of {goal} confirmations", so_far.get().min(goal));
    let finality = move || match order.with(|order| (order.state, order.is_final)) {
        (OrderState::Paid, true) => "Final: this payment can no longer be undone.".to_owned(),
        (OrderState::Paid, false) => {
            format!("Final after {last} confirmations; {} so far.", so_far.get())
        }
        _ => String::new(),
    };
    view! {
        {move || shown.get().then(|| view! {
            <div class="confirmations">
                <progress max=goal value=move || so_far.get().min(goal) aria-label="Confirmations"></progress>
                <span class="confirmations-words" data-testid="confirmations">{counted}</span>
            </div>
            <p class="step-fact muted">{finality}</p>
        })}
        // Beside "open": a second payment, say, that a person looks at.
        {move || order.with(|order| order.setback.filter(|_| order.state == OrderState::Paid)).map(|setback| view! {
            <div class="notice" data-tone="warning"><Icon name="info"/><div>{setback.message()}</div></div>
        })}
    }
}

fn open(flow: Flow) -> impl IntoView {
    move || {
        let (paid, course, lesson) = flow.order.with(|order| {
            (order.state == OrderState::Paid, order.course_slug.clone(), order.first_lesson.clone())
        });
        paid.then(|| {
            let href = match lesson {
                Some(lesson) => format!("/courses/{course}/lessons/{lesson}"),
                None => format!("/courses/{course}"),
            };
            view! {
                <p class="step-actions">
                    <a class="button" data-kind="primary" data-size="large" data-testid="start" href=href>
                        "Start the first lesson"
                    </a>
                    <a class="button" data-kind="quiet" href="/learning">"My courses"</a>
                </p>
            }
        })
    }
}

/// Hashes and numbers, for those who want them.
fn details(flow: Flow) -> impl IntoView {
    let order = flow.order;
    let (id, price, buyer) = order.with_untracked(|order| (order.id.to_string(), order.price, order.beneficiary.clone()));
    let (network, currency) = flow
        .chain
        .with_value(|chain| (format!("{} (chain id {})", chain.name, chain.id), chain.currency.clone()));
    let exact = format!("{} {currency}", price.to_ether());
    view! {
        <details class="order-details">
            <summary>"Details"</summary>
            <dl class="facts">
                <div><dt>"Order"</dt><dd><code>{id}</code></dd></div>
                <div><dt>"Price"</dt><dd title=exact><Money wei=price currency=currency/></dd></div>
                <div><dt>"Opens for"</dt><dd><AddressText address=buyer full=true/></dd></div>
                <div><dt>"Network"</dt><dd>{network}</dd></div>
                {move || order.with(|order| order.transaction.clone()).map(|transaction| {
                    let hash = transaction.hash.to_string();
                    let shown = match transaction.link {
                        Some(link) => view! {
                            <a class="hash" href=link target="_blank" rel="noopener nofollow">{hash}</a>
                        }.into_any(),
                        None => view! { <code class="hash">{hash}</code> }.into_any(),
                    };
                    view! {
                        <div><dt>"Transaction"</dt><dd>{shown}</dd></div>
                        {transaction.block.map(|block| view! { <div><dt>"Block"</dt><dd>{block}</dd></div> })}
                        {transaction.block_hash.map(|hash| view! {
                            <div><dt>"Block hash"</dt><dd><code class="hash">{hash.to_string()}</code></dd></div>
                        })}
                    }
                })}
            </dl>
        </details>
    }
}
