//! The purchase card and, on a phone, the bar at the bottom that leads to it.

use std::collections::HashMap;

use academy::{
    catalog::{CoursePage, Market, Tier},
    checkout::About,
    ids::{LessonId, TierId},
    learning::Access,
    price::Price,
};
use leptos::prelude::*;

use crate::{
    catalog::offer::Offer,
    ui::{Icon, PriceTag, Progress, chain_currency, count, minutes},
};

type Abouts = HashMap<TierId, About>;

/// The card's body and the bar.
pub struct Purchase {
    pub body: AnyView,
    pub bar: AnyView,
}

pub fn card(
    page: &CoursePage,
    access: Access,
    done: &[LessonId],
    offer: Offer,
    about: &Abouts,
    signed_in: bool,
) -> Purchase {
    let slug = page.course.slug.as_str();
    match offer {
        Offer::Enrolled(more) => enrolled(page, access, done, more, about),
        Offer::Tiers(tiers) => tiers_on_offer(page, tiers, about, signed_in),
        Offer::Own => link(
            "Your course",
            "You teach this course. Change it, price it and see who learns from it in the studio.",
            "Open in the studio",
            format!("/studio/courses/{}", page.course.id),
        ),
        Offer::Suspended => link(
            "Your payment is being confirmed again",
            "The network replaced the block that held your payment (a reorg). Nothing is lost: the course opens again as soon as the payment is back in a block. There is nothing to do, and you can close this tab.",
            "See my orders",
            "/orders".to_owned(),
        ),
        Offer::NotYet => {
            let preview = page.lessons().find(|lesson| lesson.access == 0);
            let words = "The price is still on its way to the chain. Come back a little later.";
            match preview {
                Some(lesson) => link(
                    "Not for sale yet",
                    words,
                    "Read the free preview",
                    format!("/courses/{slug}/lessons/{}", lesson.slug),
                ),
                None => text("Not for sale yet", words),
            }
        }
        Offer::Withdrawn => {
            text("No longer for sale", "Its teacher has withdrawn this course. Those who bought it keep it.")
        }
    }
}

fn text(title: &'static str, words: &'static str) -> Purchase {
    Purchase {
        body: view! { <p class="purchase-title">{title}</p><p class="muted">{words}</p> }.into_any(),
        bar: ().into_any(),
    }
}

fn link(title: &'static str, words: &'static str, action: &'static str, address: String) -> Purchase {
    let here = address.clone();
    Purchase {
        body: view! {
            <p class="purchase-title">{title}</p>
            <p class="muted">{words}</p>
            <a class="button" data-kind="primary" href=here>{action}</a>
        }
        .into_any(),
        bar: bar(view! { <strong>{title}</strong> }.into_any(), action, address),
    }
}

fn bar(left: AnyView, action: &'static str, address: String) -> AnyView {
    view! {
        <div class="purchase-bar">
            <div class="purchase-bar-words">{left}</div>
            <a class="button" data-kind="primary" href=address>{action}</a>
        </div>
    }
    .into_any()
}

fn enrolled(
    page: &CoursePage,
    access: Access,
    done: &[LessonId],
    more: Vec<Tier>,
    about: &Abouts,
) -> Purchase {
    let open: Vec<_> = page.lessons().filter(|lesson| lesson.access <= access.level).collect();
    let finished = open.iter().filter(|lesson| done.contains(&lesson.id)).count() as u32;
    let all = open.len() as u32;
    let next = open.iter().find(|lesson| !done.contains(&lesson.id)).or(open.first());
    let Some(next) = next else {
        return text("You are enrolled", "The lessons are still being written. They open here as they come.");
    };
    let address = format!("/courses/{}/lessons/{}", page.course.slug, next.slug);
    let action = match finished {
        0 => "Start reading",
        done if done == all => "Read again",
        _ => "Continue",
    };
    let words = format!("{finished} of {}", count(all, "lesson"));
    let title = if finished == all { "You finished this course" } else { "You are enrolled" };
    let next_title = next.title.clone();
    let more = (!more.is_empty()).then(|| {
        let form = tiers_on_offer(page, more, about, true).body;
        view! {
            <details class="more-tiers">
                <summary><Icon name="chevron-right"/>"Open more of this course"</summary>
                {form}
            </details>
        }
    });
    let here = address.clone();
    Purchase {
        body: view! {
            <p class="purchase-title">{title}</p>
            <Progress value=finished max=all label="Your progress" words=words.clone()/>
            {(finished < all).then(|| view! { <p class="muted">"Next: "{next_title}</p> })}
            <a class="button" data-kind="primary" href=here>{action}</a>
            {more}
        }
        .into_any(),
        bar: bar(view! { <span>{words}" done"</span> }.into_any(), action, address),
    }
}

fn tiers_on_offer(page: &CoursePage, tiers: Vec<Tier>, about: &Abouts, signed_in: bool) -> Purchase {
    let cheapest = tiers.first().map(|tier| tier.price).unwrap_or_default();
    let about_cheapest = tiers.first().and_then(|tier| about.get(&tier.id)).cloned();
    let several = tiers.len() > 1;
    let free = tiers.iter().all(|tier| tier.price.is_zero());
    let action = format!("/courses/{}/{}", page.course.slug, if free { "enroll" } else { "buy" });
    let bar_words = view! {
        <span>{if several { "From " } else { "" }}<strong><PriceTag price=cheapest about=about_cheapest/></strong></span>
    }
    .into_any();
    let body =
        if several { choice(page, tiers, about).into_any() } else { single(page, tiers, about).into_any() };
    let button = match (free, several) {
        (true, _) => view! { "Enrol for free" }.into_any(),
        (false, true) => view! { "Continue to payment" }.into_any(),
        (false, false) => view! { <span>"Buy for "<PriceTag price=cheapest/></span> }.into_any(),
    };
    let note = match (signed_in, free) {
        (false, true) => "You sign in with your wallet next. That costs nothing and moves no money.",
        (false, false) => "You sign in with your wallet next. Nothing is paid yet.",
        (true, true) => "Nothing is paid, and no wallet is asked.",
        (true, false) => "Nothing is paid yet: you see everything once more, and your wallet asks you.",
    };
    Purchase {
        body: view! {
            <form method="post" action=action class="purchase-form">
                {body}
                <button class="button" data-kind="primary" type="submit">{button}</button>
                <p class="purchase-note">{note}</p>
            </form>
        }
        .into_any(),
        bar: bar(
            bar_words,
            match (free, several) {
                (true, _) => "Enrol",
                (false, true) => "Choose",
                (false, false) => "Buy",
            },
            "#buy".to_owned(),
        ),
    }
}

fn single(page: &CoursePage, tiers: Vec<Tier>, about: &Abouts) -> Option<impl IntoView + use<>> {
    let tier = tiers.into_iter().next()?;
    let about = about.get(&tier.id).cloned();
    let included = included(page, &tier);
    Some(view! {
        <input type="hidden" name="tier" value=tier.id.to_string()/>
        <p class="price"><PriceTag price=tier.price about=about.clone()/></p>
        {by_quote(&tier, about.as_ref())}
        {(!tier.description.is_empty()).then(|| view! { <p class="muted">{tier.description}</p> })}
        {included}
    })
}

fn choice(page: &CoursePage, tiers: Vec<Tier>, about: &Abouts) -> impl IntoView + use<> {
    let by_quote = tiers.iter().find_map(|tier| by_quote(tier, about.get(&tier.id)));
    let options: Vec<_> = tiers
        .into_iter()
        .enumerate()
        .map(|(index, tier)| {
            let id = format!("tier-{}", tier.number);
            let about = about.get(&tier.id).cloned();
            let lessons = page.lessons().filter(|lesson| lesson.access <= tier.level).count() as u32;
            view! {
                <li class="tier">
                    <input type="radio" name="tier" id=id.clone() value=tier.id.to_string() checked=index == 0/>
                    <label for=id>
                        <span class="tier-head">
                            <span class="tier-name">{tier.name}</span>
                            <span class="tier-price"><PriceTag price=tier.price about=about/></span>
                        </span>
                        <span class="tier-words">
                            {if tier.description.is_empty() { format!("Opens {}.", count(lessons, "lesson")) } else { format!("{} ({})", tier.description, count(lessons, "lesson")) }}
                        </span>
                    </label>
                </li>
            }
        })
        .collect();
    view! {
        <fieldset class="tiers">
            <legend>"Choose what to buy"</legend>
            <ul>{options}</ul>
        </fieldset>
        {by_quote}
        <ul class="included">
            {line("Opens at once, for good, on every device")}
            {line("Paid once, to the teacher's contract; no subscription")}
            {networks(page)}
            {window(page)}
        </ul>
    }
}

/// On which networks it is sold, where the site has several.
fn networks(page: &CoursePage) -> Option<impl IntoView + use<>> {
    let sells = |market: &&Market| page.tiers.iter().any(|tier| market.sells(tier.number));
    let names: Vec<_> = page.markets.iter().filter(sells).map(|market| market.chain.as_str()).collect();
    let (last, others) = names.split_last()?;
    let words = match others {
        [] => format!("Paid on {last}"),
        others => format!("Paid on {} or {last}", others.join(", ")),
    };
    (page.markets.len() > 1).then(|| line(words))
}

/// How a price in a state's currency is paid.
fn by_quote(tier: &Tier, about: Option<&About>) -> Option<impl IntoView + use<>> {
    let coin = about.map_or_else(chain_currency, |about| about.currency.symbol.clone());
    matches!(tier.price, Price::Fiat(_)).then(|| {
        let several = about.is_some_and(|about| about.one_of_several);
        let or = several.then_some(", or what else you can choose next,");
        view! { <p class="muted">"Paid in "{coin}{or}" at the rate of the moment, which then holds while you pay."</p> }
    })
}

/// How long the buyer can change their mind.
fn window(page: &CoursePage) -> Option<impl IntoView + use<>> {
    let days = page.refund_days();
    (days > 0).then(|| {
        line(format!("Money back within {}, straight from the contract", count(u32::from(days), "day")))
    })
}

fn included(page: &CoursePage, tier: &Tier) -> impl IntoView + use<> {
    let open: Vec<_> = page.lessons().filter(|lesson| lesson.access <= tier.level).collect();
    let length = open.iter().map(|lesson| lesson.minutes).sum();
    let lessons = format!("{}, about {} of reading", count(open.len() as u32, "lesson"), minutes(length));
    let paid = !tier.price.is_zero();
    view! {
        <ul class="included">
            {line(lessons)}
            {line("Opens at once, for good, on every device")}
            {paid.then(|| line("Paid once, to the teacher's contract; no subscription"))}
            {paid.then(|| networks(page))}
            {paid.then(|| window(page))}
        </ul>
    }
}

fn line(words: impl Into<String>) -> impl IntoView {
    view! { <li><Icon name="check"/><span>{words.into()}</span></li> }
}
