//! Prices and what they open.

use academy::{
    Problem,
    catalog::{CoursePage, MAX_TIERS, Tier, TierForm},
    ids::TierId,
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use leptos::prelude::*;

use super::{Done, done_notice, frame, list::shown_in_form, load, path, refusal, removal, sent::Sent};
use crate::{
    AppState, Visitor,
    render::{Answer, Layout, PageHead, render, see_other},
    ui::{EmptyState, ErrorSummary, Field, FormState, PriceTag, Select, Submit, count},
};

pub async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<Done>,
) -> Answer {
    let page = load(&state, &visitor, &id).await?;
    let done = match query.done.as_str() {
        "added" => Some("The tier is there."),
        "saved" => Some("Saved."),
        "window" => Some("Saved. Sales have this window once the chain has it; see “Publish”."),
        "removed" => Some("Removed. People who bought it keep their lessons."),
        _ => None,
    };
    Ok(tiers_page(&state, &visitor, &page, done, "", &FormState::default()))
}

/// The money-back window's form.
#[derive(serde::Serialize)]
struct Window {
    days: String,
}

pub async fn act(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    sent: Sent,
) -> Answer {
    let page = load(&state, &visitor, &id).await?;
    let form = TierForm {
        name: sent.text("name"),
        description: sent.text("description"),
        price: sent.text("price"),
        currency: sent.text("currency"),
        level: sent.text("level"),
    };
    let catalog = state.academy.catalog();
    let actor = &visitor.actor;
    let tier = || -> Result<TierId, Problem> {
        let id = sent.id("tier", "tier")?;
        page.tiers
            .iter()
            .find(|tier| tier.id == id)
            .map(|tier| tier.id)
            .ok_or_else(|| Problem::not_found("tier"))
    };
    let result = match sent.act() {
        "add" => catalog.add_tier(actor, page.course.id, &form).await.map(|_| "added"),
        "window" => catalog.set_refund_days(actor, page.course.id, sent.get("days")).await.map(|()| "window"),
        "edit" => catalog.edit_tier(actor, tier()?, &form).await.map(|()| "saved"),
        "remove" => catalog.remove_tier(actor, tier()?).await.map(|()| "removed"),
        _ => Err(Problem::not_found("action")),
    };
    match result {
        Ok(done) => Ok(see_other(&path(page.course.id, &format!("/tiers?done={done}")))),
        Err(problem) if shown_in_form(&problem) => {
            let (target, form) = match sent.act() {
                "add" => ("new", FormState::failed(&form, problem)),
                "window" => ("window", FormState::failed(&Window { days: sent.text("days") }, problem)),
                _ => (sent.get("tier"), FormState::failed(&form, problem)),
            };
            Ok(tiers_page(&state, &visitor, &page, None, target, &form))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn tiers_page(
    state: &AppState,
    visitor: &Visitor,
    page: &CoursePage,
    done: Option<&'static str>,
    target: &str,
    refused: &FormState,
) -> Response {
    let head = PageHead::new(format!("Tiers of {}", page.course.title), "Prices and what they open.")
        .layout(Layout::Wide)
        .for_form(refused);
    let checkout = state.academy.checkout();
    let units: Vec<_> = checkout.units().into_iter().map(|(unit, name)| (unit.to_string(), name)).collect();
    render(state, visitor, head, || {
        let form_for = |id: &str, fresh: &TierForm| {
            if id == target { refused.clone() } else { FormState::of(fresh) }
        };
        let list = if page.tiers.is_empty() {
            view! {
                <EmptyState title="No tiers yet">
                    <p>"A tier is a price and the lessons that it opens. A course needs at least one; a price of 0 makes it free."</p>
                </EmptyState>
            }
            .into_any()
        } else {
            let rows: Vec<_> = page
                .tiers
                .iter()
                .map(|tier| {
                    let id = tier.id.to_string();
                    let form = form_for(&id, &form_of(tier));
                    card(page, tier, &form, id == target, &units)
                })
                .collect();
            view! { <ul class="price-list" data-testid="tiers">{rows}</ul> }.into_any()
        };
        let next_level = page.tiers.iter().map(|tier| tier.level).max().unwrap_or(0).saturating_add(1);
        let fresh = TierForm { level: next_level.min(MAX_TIERS as u8).to_string(), ..TierForm::default() };
        let form = form_for("new", &fresh);
        let content = view! {
            {done_notice(done)}
            {refusal(refused.problem())}
            <div class="studio-columns">
                <section aria-labelledby="tiers-title">
                    <h2 id="tiers-title">"Tiers"</h2>
                    {list}
                </section>
                <div class="studio-side">
                <section class="panel" aria-labelledby="new-tier-title">
                    <h2 id="new-tier-title">"New tier"</h2>
                    <form method="post" class="form" data-testid="new-tier">
                        {(target == "new").then(|| view! { <ErrorSummary form=form.clone() prefix="new-"/> })}
                        {fields(&form, "new-", &units)}
                        <div class="button-row">
                            <Submit name="act" value="add">"Add the tier"</Submit>
                        </div>
                    </form>
                </section>
                {window_panel(page, if target == "window" { refused.clone() } else { FormState::of(&Window { days: page.course.refund_days.to_string() }) })}
                </div>
            </div>
        };
        frame(page, "/tiers", content)
    })
}

/// How long buyers can give the course back.
fn window_panel(page: &CoursePage, form: FormState) -> impl IntoView + use<> {
    let mut listings = page.markets.iter().filter_map(|market| market.listing.as_ref());
    let listed = listings.next();
    if listed.is_some_and(|listing| listing.refund_days == 0) {
        return view! {
            <section class="panel" aria-labelledby="window-title">
                <h2 id="window-title">"Money-back window"</h2>
                <p class="muted">"This course was listed without one, and the contract keeps it so."</p>
            </section>
        }
        .into_any();
    }
    let hint = match listed {
        None => {
            "So long the contract keeps the money for the buyer, who can take it back without asking. 0 for no window. Whether there is one is fixed when the course is listed."
        }
        Some(_) => {
            "For later sales. The chain has to know it too, and its window can be changed but not ended."
        }
    };
    view! {
        <section class="panel" aria-labelledby="window-title">
            <h2 id="window-title">"Money-back window"</h2>
            <form method="post" class="form" data-testid="window">
                <ErrorSummary form=form.clone() prefix="window-"/>
                <Field
                    form=form
                    name="days"
                    prefix="window-"
                    label="Days"
                    hint=hint
                    inputmode="numeric"
                    maxlength=2
                />
                <div class="button-row">
                    <Submit name="act" value="window">"Save the window"</Submit>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn form_of(tier: &Tier) -> TierForm {
    TierForm {
        name: tier.name.clone(),
        description: tier.description.clone(),
        price: tier.price.figure(),
        currency: tier.price.unit().to_string(),
        level: tier.level.to_string(),
    }
}

/// A currency's word in forms, and for people; the chain's coin first.
type Units = [(String, String)];

fn fields(form: &FormState, prefix: &str, units: &Units) -> impl IntoView + use<> {
    let several = units.len() > 1;
    let levels = (1..=MAX_TIERS).map(|level| (level.to_string(), format!("Level {level}"))).collect();
    view! {
        <Field
            form=form.clone()
            name="name"
            prefix=prefix
            label="Name"
            hint="Such as “The whole course”."
            required=true
            maxlength=60
        />
        <Field
            form=form.clone()
            name="price"
            prefix=prefix
            label="Price"
            hint="Such as 0.02. Write 0 to give it away."
            required=true
            inputmode="decimal"
            suffix=if several { "" } else { units[0].1.as_str() }
        />
        {several.then(|| view! {
            <Select
                form=form.clone()
                name="currency"
                prefix=prefix
                label="Currency"
                options=units.to_vec()
                hint="A price in a state’s currency is quoted to each buyer in what they pay with, at the rate of the moment."
            />
        })}
        <Select
            form=form.clone()
            name="level"
            prefix=prefix
            label="Level"
            options=levels
            hint="It opens every lesson of this level and below."
        />
        <Field
            form=form.clone()
            name="description"
            prefix=prefix
            label="What it gives"
            hint="One sentence beside the price."
            maxlength=200
        />
    }
}

fn card(
    page: &CoursePage,
    tier: &Tier,
    form: &FormState,
    open: bool,
    units: &Units,
) -> impl IntoView + use<> {
    let id = tier.id.to_string();
    let prefix = format!("{id}-");
    let opened: Vec<_> = page.lessons().filter(|lesson| lesson.access <= tier.level).collect();
    let total = page.lessons().count();
    let titles: Vec<_> = opened.iter().map(|lesson| view! { <li>{lesson.title.clone()}</li> }).collect();
    let words = format!("Opens {} of {}", opened.len(), count(total as u32, "lesson"));
    view! {
        <li class="panel price-card" data-testid="tier">
            <div class="price-head">
                <h3>{tier.name.clone()}</h3>
                <p class="price-sum"><PriceTag price=tier.price/></p>
            </div>
            <p class="muted">{format!("Level {}", tier.level)}{(!tier.description.is_empty()).then(|| format!(". {}", tier.description))}</p>
            <details class="fold">
                <summary>{words}<span class="visually-hidden">" with “"{tier.name.clone()}"”"</span></summary>
                <ol class="fold-body">{titles}</ol>
            </details>
            <details class="fold" open=open>
                <summary>"Edit"<span class="visually-hidden">" “"{tier.name.clone()}"”"</span></summary>
                <form method="post" class="form fold-body">
                    {open.then(|| view! { <ErrorSummary form=form.clone() prefix=prefix.clone()/> })}
                    <input type="hidden" name="tier" value=id.clone()/>
                    {fields(form, &prefix, units)}
                    <div class="button-row">
                        <Submit name="act" value="edit">"Save the tier"</Submit>
                    </div>
                </form>
            </details>
            {removal(
                "remove",
                "tier",
                id,
                tier.name.clone(),
                "Nobody can buy this tier any more. Those who have it keep their lessons.",
            )}
        </li>
    }
}
