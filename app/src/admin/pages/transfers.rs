//! Tokens that came to the contract without a purchase: which wait, and having one sent back.

use academy::{
    Problem,
    checkout::{ChainInfo, TransferReturn, TransferRow, TransferState, WalletCall, WayBack},
    ids::TransferId,
    money::Wei,
};
use axum::{
    Form,
    extract::{Path, Query, State},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Asked, choices, filters, frame, head, list, words::order_words};
use crate::{
    AppState, Visitor,
    render::{Answer, Islands, render, see_other},
    studio::pages::list::shown_in_form,
    ui::{
        AddressText, Badge, ErrorSummary, Field, FormState, Hash, Money, Notice, Submit, TableScroll, Tone,
        When, on_chain,
    },
    wallet::send::SendCall,
};

const PATH: &str = "/admin/transfers";
/// Those that wait for a decision.
pub const WAITING: &str = "/admin/transfers?state=waiting";

/// Why nothing is to be done about a transfer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DismissForm {
    reason: String,
}

pub async fn index(State(state): State<AppState>, visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let transfers = state.academy.checkout().transfers(&visitor.actor, &asked.filter()).await?;
    Ok(render(&state, &visitor, head("Transfers"), || {
        let states = choices(TransferState::ALL, TransferState::word, words);
        let done = match asked.done.as_str() {
            "dismissed" => Some("The transfer is dismissed. The audit log keeps the reason."),
            "sent" => Some(
                "The network has it. The transfer shows as sent back once that is final, and this site has seen it.",
            ),
            _ => None,
        };
        let content = view! {
            {done.map(|words| view! { <Notice tone=Tone::Positive><p>{words}</p></Notice> })}
            {filters(PATH, &asked, "Sender or transaction", Some(("State", states)))}
            {list(&transfers, PATH, &asked, "transfer", || table(&transfers.rows).into_any())}
        };
        frame(
            PATH,
            "Tokens that somebody sent to the contract without buying. They buy nothing, and are nobody's until they are sent back.",
            content,
        )
    }))
}

pub async fn show(State(state): State<AppState>, visitor: Visitor, Path(id): Path<TransferId>) -> Answer {
    page(&state, &visitor, id, DismissForm::default(), None).await
}

pub async fn act(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<TransferId>,
    Form(form): Form<DismissForm>,
) -> Answer {
    match state.academy.checkout().dismiss_transfer(&visitor.actor, id, &form.reason).await {
        Ok(()) => Ok(see_other(&format!("{PATH}?done=dismissed"))),
        Err(problem) if shown_in_form(&problem) => page(&state, &visitor, id, form, Some(problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn page(
    state: &AppState,
    visitor: &Visitor,
    id: TransferId,
    sent: DismissForm,
    problem: Option<Problem>,
) -> Answer {
    let checkout = state.academy.checkout();
    let back = checkout.transfer_return(&visitor.actor, id).await?;
    let chain = checkout.chain_of(back.transfer.chain_id);
    let form = problem.map_or_else(FormState::default, |problem| FormState::failed(&sent, problem));
    let head = head("Transfers").with(Islands::Sending).for_form(&form);
    // Once that is final, this transfer is sent back. With it dismissed, the next one of that sum would seem to be.
    let sent_back = matches!(back.way, WayBack::Sent(_));
    Ok(render(state, visitor, head, || {
        let transfer = &back.transfer;
        let content = view! {
            {sent_back.then(|| view! { <ErrorSummary form=form.clone()/> })}
            <section class="panel" aria-labelledby="transfer-title" data-testid="transfer">
                <h2 id="transfer-title"><Money wei=transfer.amount currency=transfer.currency.clone()/></h2>
                {facts(transfer)}
            </section>
            <section class="panel" aria-labelledby="back-title">
                <h2 id="back-title">{if sent_back { "Sent back" } else { "Send it back" }}</h2>
                {send_back(&back, chain)}
            </section>
            {(!sent_back).then(|| dismiss(form))}
        };
        frame(PATH, "Tokens that came without a purchase.", content)
    }))
}

fn dismiss(form: FormState) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="dismiss-title">
            <h2 id="dismiss-title">"Or dismiss it"</h2>
            <form method="post" class="form">
                <ErrorSummary form=form.clone()/>
                <p>"Where there is nothing to send back: it is settled otherwise, or somebody plays with dust. The tokens stay where they are."</p>
                <Field form=form name="reason" label="Reason" hint="Kept in the audit log." required=true maxlength=300/>
                <div class="button-row"><Submit kind="danger">"Dismiss"</Submit></div>
            </form>
        </section>
    }
}

/// The owner's wallet sends it.
fn send_call(transfer: &TransferRow, call: WalletCall, chain: ChainInfo) -> impl IntoView + use<> {
    let sum = transfer.currency.short(transfer.amount);
    view! {
        <p>
            "Your wallet will show one transaction to the course market. It costs only the network fee (gas); the contract sends "
            {sum.clone()}" back to "<AddressText address=transfer.sender_text.clone()/>", and never more than it has beside what it keeps for buyers and payees."
        </p>
        <SendCall call=call chain=chain label=format!("Send back {sum}") after=format!("{PATH}?done=sent")/>
        <noscript><p class="muted">"That needs your wallet, and so JavaScript."</p></noscript>
    }
}

/// The way back: the owner's wallet here, or the owner's key elsewhere.
fn send_back(back: &TransferReturn, chain: ChainInfo) -> impl IntoView + use<> {
    let transfer = &back.transfer;
    let sum = transfer.currency.short(transfer.amount);
    let owner = match &back.way {
        WayBack::Call(call) => return send_call(transfer, call.clone(), chain).into_any(),
        WayBack::Sent(sent) => {
            return view! {
                <p data-testid="sent-back">
                    "They were sent back in "<Hash hash=sent.hash.to_string() link=sent.link.clone()/>". The transfer shows as sent back once that is final. To send "
                    {sum}" once more would take it from what belongs to somebody else."
                </p>
            }
            .into_any();
        }
        WayBack::Silent => {
            return view! { <p>{chain.name}" does not answer now. What came there stays there; look again later."</p> }
                .into_any();
        }
        WayBack::Unfollowed => {
            return view! {
                <p>"This site does not follow this contract on "{chain.name}" any more, and would not see that the tokens were sent back. They stay there until it is in the configuration again, or the contract's owner sends them back by other means."</p>
            }
            .into_any();
        }
        WayBack::By(owner) => owner.clone(),
    };
    let command = format!(
        "lectern contracts rescue --chain {} --market {} --token {} --to {} --amount {}",
        transfer.chain_id,
        transfer.market.checksummed(),
        transfer.currency.token.checksummed(),
        transfer.sender_text,
        transfer.amount,
    );
    view! {
        <p>"Only the contract's owner can, "<AddressText address=owner/>": signed in here with that account, or with its key on the command line:"</p>
        <pre class="code command"><code>{command}</code></pre>
        <p class="muted">"Add --keystore and --password-file. Run it once: it would send the same sum again. The transfer shows as sent back once that is final."</p>
    }
    .into_any()
}

/// All that is known.
fn facts(transfer: &TransferRow) -> impl IntoView + use<> {
    let due = transfer.due.clone().map(|due| {
        let missing = (transfer.currency == due.currency && transfer.amount < due.price).then(|| {
            let missing = Wei::new(due.price.get() - transfer.amount.get());
            view! { <div><dt>"Short by"</dt><dd><Money wei=missing currency=due.currency.clone()/></dd></div> }
        });
        view! {
            <div><dt>"Had ordered"</dt><dd>{due.what}</dd></div>
            <div><dt>"As"</dt><dd>{due.buyer}</dd></div>
            <div><dt>"Amount due"</dt><dd><Money wei=due.price currency=due.currency/></dd></div>
            {missing}
            <div><dt>"Order is"</dt><dd>{order_words(due.state)}</dd></div>
        }
    });
    let order = transfer.order.map(|order| {
        view! { <div><dt>"Order"</dt><dd><a href=format!("/orders/{order}")>{order.to_string()}</a></dd></div> }
    });
    let known = &transfer.transaction;
    view! {
        <dl class="fact-list">
            <div><dt>"Sent by"</dt><dd><AddressText address=transfer.sender_text.clone()/></dd></div>
            <div><dt>"Mined"</dt><dd><When at=transfer.mined_at/></dd></div>
            <div><dt>"Transaction"</dt><dd><Hash hash=known.hash.to_string() link=known.link.clone()/></dd></div>
            <div><dt>"Block, log"</dt><dd class="number">{known.block.unwrap_or_default()}", "{transfer.log_index}</dd></div>
            <div><dt>"Contract"</dt><dd><AddressText address=transfer.market.checksummed()/></dd></div>
            {transfer.chain.clone().map(|name| view! { <div><dt>"Network"</dt><dd>{name}</dd></div> })}
            {due}
            {order}
        </dl>
    }
}

/// What became of a transfer.
fn words(state: TransferState) -> &'static str {
    match state {
        TransferState::Waiting => "To send back",
        TransferState::Returned => "Sent back",
        TransferState::Dismissed => "Dismissed",
    }
}

/// Transfers, with the way to decide about those that wait.
pub fn table(transfers: &[TransferRow]) -> impl IntoView + use<> {
    let rows: Vec<_> = transfers.iter().map(row).collect();
    view! {
        <TableScroll label="Transfers">
            <table class="table" data-testid="transfers">
                <thead>
                    <tr>
                        <th scope="col">"Mined"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="number">"Amount"</th>
                        <th scope="col">"Sent by"</th>
                        <th scope="col">"Had ordered"</th>
                        <th scope="col">"Transaction"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </TableScroll>
    }
}

fn row(transfer: &TransferRow) -> impl IntoView + use<> {
    let state = words(transfer.state);
    let waits = transfer.state == TransferState::Waiting;
    let known = &transfer.transaction;
    let due = transfer.due.clone();
    view! {
        <tr>
            <td><When at=transfer.mined_at/></td>
            <td>
                <Badge tone=if waits { Tone::Negative } else { Tone::Plain }>{state}</Badge>
                {waits.then(|| view! {
                    <a class="table-sub" href=format!("{PATH}/{}", transfer.id)>
                        "Decide"<span class="visually-hidden">" about "{transfer.currency.short(transfer.amount)}" of "{transfer.sender_text.clone()}</span>
                    </a>
                })}
            </td>
            <td class="number">
                <Money wei=transfer.amount currency=transfer.currency.clone()/>
                {on_chain(transfer.chain.clone())}
                {due.clone().map(|due| view! { <span class="table-sub">"due: "<Money wei=due.price currency=due.currency/></span> })}
            </td>
            <th scope="row"><AddressText address=transfer.sender_text.clone()/></th>
            <td>{due.map_or_else(|| "Nothing".to_owned(), |due| due.what)}</td>
            <td>
                <Hash hash=known.hash.to_string() link=known.link.clone()/>
                {transfer.returned.clone().map(|back| view! {
                    <span class="table-sub">"back: "<Hash hash=back.hash.to_string() link=back.link/></span>
                })}
            </td>
        </tr>
    }
}
