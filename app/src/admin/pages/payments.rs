//! Every payment that the chain showed, and whether it counts.

use academy::{
    Problem,
    checkout::{PaymentRow, Ruling, Setback, Standing},
};
use axum::{
    Form,
    extract::{Query, State},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Asked, choices, filters, frame, head, list,
    words::{order_words, setback_words, standing_badge, standing_words},
};
use crate::{
    AppState, Visitor,
    render::{Answer, render, see_other},
    studio::pages::list::shown_in_form,
    ui::{
        AddressText, Badge, ErrorSummary, Field, FormState, Hash, Money, Notice, Submit, TableScroll, Tone,
        When, on_chain, quoted_for,
    },
};

const PATH: &str = "/admin/payments";
pub const OWED_WORDS: &str = "To be paid back";
/// The payments that wait for a decision.
pub const REVIEW: &str = "/admin/payments?state=review";
/// Those that somebody has to pay back.
pub const OWED: &str = "/admin/payments?state=to_refund";

/// What an admin says of a payment; `act` is a ruling's word.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RulingForm {
    act: String,
    payment: String,
    reason: String,
}

pub async fn show(State(state): State<AppState>, visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    payments_page(&state, &visitor, &asked, RulingForm::default(), None).await
}

pub async fn act(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
    Form(form): Form<RulingForm>,
) -> Answer {
    match rule(&state, &visitor, &form).await {
        Ok(ruling) => Ok(see_other(&asked.done(PATH, ruling.word()))),
        Err(problem) if shown_in_form(&problem) => {
            payments_page(&state, &visitor, &asked, form, Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn rule(state: &AppState, visitor: &Visitor, form: &RulingForm) -> Result<Ruling, Problem> {
    let payment = form.payment.parse().map_err(|_| Problem::not_found("payment"))?;
    let ruling = form.act.parse().map_err(|_| Problem::not_found("action"))?;
    state.academy.checkout().rule(&visitor.actor, payment, ruling, &form.reason).await?;
    Ok(ruling)
}

async fn payments_page(
    state: &AppState,
    visitor: &Visitor,
    asked: &Asked,
    sent: RulingForm,
    problem: Option<Problem>,
) -> Answer {
    let payments = state.academy.checkout().payments(&visitor.actor, &asked.filter()).await?;
    let refused = problem.map_or_else(FormState::default, |problem| FormState::failed(&sent, problem));
    Ok(render(state, visitor, head("Payments").for_form(&refused), || {
        let mut standings = choices(Standing::ALL, Standing::word, standing_words);
        standings.push((Setback::ToRefund.word().to_owned(), OWED_WORDS.to_owned()));
        let done = match asked.done.parse() {
            Ok(Ruling::Accept) => {
                Some("The payment is accepted. The course is open as soon as the network has confirmed it.")
            }
            Ok(Ruling::Refund) => Some(
                "The payment is to go back. Its buyer reads it on the order's page, and the instructor among the sales.",
            ),
            Ok(Ruling::PaidBack) => Some("The payment is paid back. The audit log keeps how."),
            Ok(Ruling::Dismiss) => Some("The payment is dismissed. The audit log keeps the reason."),
            Ok(Ruling::SurplusBack) => Some("The surplus is paid back. The audit log keeps how."),
            Ok(Ruling::SurplusKept) => Some("The surplus stays where it is. The audit log keeps the reason."),
            Err(_) => None,
        };
        // Decided by somebody else meanwhile, or on another page of the list now.
        let lost = refused
            .problem()
            .filter(|_| !payments.rows.iter().any(|row| row.id.to_string() == sent.payment && row.is_open()));
        let lost = lost.map(|problem| problem.message.clone());
        let table = || table(&payments.rows, None, &sent.payment, &refused, "Payments").into_any();
        let content = view! {
            {done.map(|words| view! { <Notice tone=Tone::Positive><p>{words}</p></Notice> })}
            {lost.map(|words| view! { <Notice tone=Tone::Negative><p>{words}</p></Notice> })}
            {filters(PATH, asked, "Course, address, transaction or order", Some(("Standing", standings)))}
            {list(&payments, PATH, asked, "payment", table)}
        };
        frame(
            PATH,
            "What the chain itself shows, the newest first. A payment opens lessons only while it is accepted.",
            content,
        )
    }))
}

/// Payments with every fact, and the form that decides about those in review.
///
/// The form is sent to `action`, or to the page that it is on.
pub fn table(
    payments: &[PaymentRow],
    action: Option<&'static str>,
    target: &str,
    refused: &FormState,
    label: &'static str,
) -> impl IntoView + use<> {
    let rows: Vec<_> = payments.iter().map(|one| row(one, action, target, refused)).collect();
    view! {
                <TableScroll label=label>
                    <table class="table" data-testid="payments">
                        <thead>
                            <tr>
                                <th scope="col">"Seen"</th>
                                <th scope="col">"Standing"</th>
                                <th scope="col" class="number">"Amount"</th>
                                <th scope="col">"Course"</th>
                                <th scope="col">"Bought for"</th>
                                <th scope="col">"Transaction"</th>
                                <th scope="col" class="number">"Block, log"</th>
                                <th scope="col">"Order"</th>
                            </tr>
                        </thead>
                        {rows}
                    </table>
                </TableScroll>
    }
}

/// What is decided with one click.
fn decide(payment: &PaymentRow, action: Option<&'static str>) -> Option<impl IntoView + use<>> {
    let setback = payment.waits_for().filter(|setback| *setback != Setback::Orphaned)?;
    let acceptable = acceptable(payment, setback);
    Some(view! {
        <form method="post" action=action class="row-form">
            <input type="hidden" name="payment" value=payment.id.to_string()/>
            <div class="button-row">
                {acceptable.then(|| view! { <Submit name="act" value="accept">"Accept"</Submit> })}
                <Submit kind="secondary" name="act" value="refund">"Refund"</Submit>
            </div>
        </form>
    })
}

fn acceptable(payment: &PaymentRow, setback: Setback) -> bool {
    payment.order.is_some() && setback.may_be_accepted()
}

/// What can be done about a payment and needs words.
struct Said {
    /// What its form has buttons for.
    rulings: &'static [Ruling],
    /// Of what the facts are under.
    summary: &'static str,
    advice: &'static str,
    label: &'static str,
    hint: &'static str,
}

fn said(payment: &PaymentRow) -> Option<Said> {
    if payment.is_owed() {
        return Some(Said {
            rulings: &[Ruling::PaidBack],
            summary: "Facts, and how it was paid back",
            advice: "It is to go back. Where the contract holds what was paid for the order, its sending back is seen, and the payment leaves this list. Otherwise see first, at the block explorer, whether the contract has sent it, and say here how it went back.",
            label: "How it was paid back",
            hint: "The transaction, or what else shows it. Kept in the audit log.",
        });
    }
    if payment.surplus.is_some() {
        return Some(Said {
            rulings: &[Ruling::SurplusBack, Ruling::SurplusKept],
            summary: "Facts, and the surplus",
            advice: "More came than was due, and the course is open. The payee has the surplus, or gets it when the money-back window ends: agree with them and the buyer, and say here how it went back, or why it stays. While the contract holds it, only the whole purchase can go back, which closes the course.",
            label: "How it was paid back, or why not",
            hint: "Kept in the audit log.",
        });
    }
    let setback = payment.waits_for()?;
    let advice = if setback == Setback::Orphaned {
        "No block holds this payment any more. If it is mined again, the course opens again by itself. If it will not be, dismiss it: its buyer can then order at today's price."
    } else if acceptable(payment, setback) {
        "Accepting opens the course, as if the payment had come in time. Refunding keeps it closed and tells buyer and instructor that the money goes back: while the contract holds it, either of them has the contract send it; after that the instructor sends it. Dismissing keeps it closed and says nothing of the money, so agree with the buyer first."
    } else if payment.order.is_some() {
        "Nothing opens for this payment by itself. Refund it, or settle it with the buyer, grant access by hand where that is right, and dismiss it here."
    } else {
        "Nothing opens for this payment, and nobody here is told of it, since it names no order. Grant access by hand to the account that it was bought for, and dismiss it; or refund it: it is then on the list of what is to be paid back. While the contract holds it, that account and the course's lister can have the contract send it."
    };
    Some(Said {
        rulings: &[Ruling::Dismiss],
        summary: "Facts, and dismissing",
        advice,
        label: "Reason",
        hint: "Kept in the audit log.",
    })
}

/// Its button in a form that asks for words.
fn button(ruling: Ruling) -> impl IntoView {
    let (kind, words) = match ruling {
        Ruling::PaidBack | Ruling::SurplusBack => ("secondary", "It is paid back"),
        Ruling::SurplusKept => ("secondary", "It stays"),
        Ruling::Accept | Ruling::Refund | Ruling::Dismiss => ("danger", "Dismiss"),
    };
    view! { <Submit kind=kind name="act" value=ruling.word()>{words}</Submit> }
}

/// All that is known, and what needs words: a row of its own, as wide as the page.
fn more(
    payment: &PaymentRow,
    action: Option<&'static str>,
    target: &str,
    refused: &FormState,
) -> Option<impl IntoView + use<>> {
    let Said { rulings, summary, advice, label, hint } = said(payment)?;
    let buttons = rulings.iter().map(|ruling| button(*ruling)).collect_view();
    let id = payment.id.to_string();
    let mine = id == target;
    let form = if mine { refused.clone() } else { FormState::default() };
    let prefix = format!("{id}-");
    let course = payment.course.clone();
    Some(view! {
        <tr class="row-more"><td colspan="8"><div>
        {decide(payment, action)}
        <details class="row-fold" open=mine>
            <summary>{summary}<span class="visually-hidden">": the payment of "{course}</span></summary>
            {facts(payment)}
            <form method="post" action=action class="row-form">
                {mine.then(|| view! { <ErrorSummary form=form.clone() prefix=prefix.clone()/> })}
                <input type="hidden" name="payment" value=id.clone()/>
                <p>{advice}</p>
                <Field form=form name="reason" prefix=prefix label=label hint=hint required=true maxlength=200/>
                <div class="button-row">
                    {buttons}
                </div>
            </form>
        </details>
        </div></td></tr>
    })
}

/// What the table's columns do not say.
fn facts(payment: &PaymentRow) -> impl IntoView + use<> {
    let due = payment.due.clone().map(|due| {
        view! {
            <div><dt>"Ordered"</dt><dd>{due.what}</dd></div>
            <div><dt>"By"</dt><dd>{due.buyer}</dd></div>
            <div><dt>"Price"</dt><dd><Money wei=due.price currency=due.currency/>{quoted_for(due.fiat)}</dd></div>
            <div><dt>"Order opened"</dt><dd><When at=due.created_at/></dd></div>
            <div><dt>"Price held until"</dt><dd><When at=due.expires_at/></dd></div>
            <div><dt>"Order is"</dt><dd>{order_words(due.state)}</dd></div>
        }
    });
    let block = payment.transaction.block_hash.map(|hash| {
        view! {
            <div><dt>"Block"</dt><dd><Hash hash=hash.to_string() link=None/></dd></div>
        }
    });
    view! {
        <dl class="fact-list">
            <div><dt>"Bought"</dt><dd>{payment.course.clone()}", "{payment.tier.clone()}</dd></div>
            {payment.surplus.map(|surplus| view! {
                <div><dt>"Surplus"</dt><dd><Money wei=surplus currency=payment.currency.clone()/></dd></div>
            })}
            {payment.sender.clone().map(|sender| view! { <div><dt>"Sent by"</dt><dd><AddressText address=sender/></dd></div> })}
            {payment.payer.clone().map(|payer| view! { <div><dt>"Paid by"</dt><dd><AddressText address=payer/></dd></div> })}
            {payment.held_until.map(|until| view! { <div><dt>"Held by the contract until"</dt><dd><When at=until/></dd></div> })}
            {block}
            {payment.mined_at.map(|at| view! { <div><dt>"Mined"</dt><dd><When at=at/></dd></div> })}
            {due}
        </dl>
    }
}

fn row(
    payment: &PaymentRow,
    action: Option<&'static str>,
    target: &str,
    refused: &FormState,
) -> impl IntoView + use<> {
    let known = &payment.transaction;
    view! {
        <tbody>
        <tr>
            <td><When at=payment.seen_at/></td>
            <td>
                {if payment.is_owed() {
                    view! { <Badge tone=Tone::Warning>{OWED_WORDS}</Badge> }.into_any()
                } else {
                    standing_badge(payment.standing).into_any()
                }}
                {payment.setback.map(|setback| view! { <span class="table-sub">{setback_words(setback)}</span> })}
                {payment.surplus.map(|_| view! { <span class="table-sub">"More was paid than was due."</span> })}
            </td>
            <td class="number">
                <Money wei=payment.amount currency=payment.currency.clone()/>
                {on_chain(payment.chain.clone())}
                {payment.due.clone().filter(|due| (due.price, &due.currency) != (payment.amount, &payment.currency)).map(|due| view! {
                    <span class="table-sub">"due: "<Money wei=due.price currency=due.currency/></span>
                })}
            </td>
            <th scope="row">{payment.course.clone()}</th>
            <td><AddressText address=payment.beneficiary_text.clone()/></td>
            <td><Hash hash=known.hash.to_string() link=known.link.clone()/></td>
            <td class="number">
                {known.block.map_or_else(|| "none".to_owned(), |block| block.to_string())}", "{payment.log_index}
            </td>
            <td>
                {match payment.order {
                    Some(order) => view! {
                        <a href=format!("/orders/{order}")>
                            "Open"<span class="visually-hidden">{format!(" order {order}")}</span>
                        </a>
                    }
                    .into_any(),
                    None => view! { <span class="muted">"Unknown"</span> }.into_any(),
                }}
            </td>
        </tr>
        {more(payment, action, target, refused)}
        </tbody>
    }
}
