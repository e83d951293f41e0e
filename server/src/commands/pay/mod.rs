//! `lectern pay`: buys a course the way a browser does, and believes the site nothing that it would sign.
//!
//! It never pays twice, whatever ends an earlier run. Its transaction takes the next nonce after what is
//! mined, and it sends none while another waits: of two payments only one can be mined. Once one is mined,
//! the contract refuses the same pass again, which the rehearsal tells before anything is signed.

mod call;
mod checks;
mod choose;
mod follow;
mod lesson;
mod owned;
mod report;
mod site;
mod siwe;
mod steps;
mod stop;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use academy::checkout::OrderState;

use self::{
    checks::{Checked, pay_order, send},
    choose::{check_limit, listed},
    follow::{Payment, follow},
    lesson::Lesson,
    report::{Done, Report},
    site::Site,
    steps::{check_open, offer, open_order, open_wallet, opened_by, sign_in, tell},
    stop::Stop,
};
use crate::cli::{Pay, Until};

/// Buys, and reports.
pub async fn pay(how: &Pay) -> ExitCode {
    let mut report = Report::new(how.site.to_string(), how.course.clone(), how.json);
    let outcome = buy(how, &mut report).await;
    let code = outcome.as_ref().map_or_else(Stop::exit_code, |_| 0);
    report.end(&outcome);
    ExitCode::from(code)
}

async fn buy(how: &Pay, report: &mut Report) -> Result<Done, Stop> {
    let deadline = report.start() + Duration::from_secs(how.timeout);
    if !is_slug(&how.course) {
        return Err(Stop::Usage(
            "--course is the last part of the course's address, such as my-course".to_owned(),
        ));
    }
    let mut site = Site::new(how.site.clone())?;
    let offer = offer(&mut site, how).await?;
    let shown = choose::tier(&offer, how.tier.as_deref())?.clone();
    report.facts.tier = Some(shown.name.clone());
    let chain = choose::chain(&offer, &shown, how.chain)?.clone();
    let cost = listed(shown.price, offer.chains.first());
    report.step("offer", &format!("{}, “{}”, for {cost} on {}", offer.title, shown.name, chain.name));
    let currency = choose::currency(&offer, &shown, &chain, how.currency.as_deref())?;
    check_limit(shown.price, how.max_price.as_deref(), &currency)?;

    let wallet = open_wallet(how, &chain, report).await?;
    sign_in(how, &mut site, &wallet, &chain, report).await?;

    // The same course as this account sees it.
    let offer = steps::offer(&mut site, how).await?;
    let Some(tier) = offer.tiers.iter().find(|tier| tier.id == shown.id && tier.price == shown.price) else {
        return Stop::refused(
            "the price or the tier changed a moment ago; nothing was signed. Run this again",
        );
    };
    if choose::is_owned(offer.access, tier) {
        report.step("owned", "this account has bought it already");
        if how.until == Until::Final || how.confirmations.is_some() {
            let order = owned::paid_order(&mut site, &offer, tier, chain.id).await?;
            tell(&order, report);
            let payment = Payment::of(&order, &chain.currency);
            follow(how, &mut site, &wallet, payment, deadline, report).await?;
        }
        check_open(&mut site, how, opened_by(&offer, tier), report).await?;
        return Ok(Done::AlreadyBought);
    }
    choose::obstacle(&offer, tier, &chain)?;
    let lesson = choose::locked_lesson(&offer, tier, offer.access.level).map(|lesson| lesson.slug.clone());
    if let Some(slug) = &lesson
        && lesson::look(&mut site, &how.course, slug).await? != Lesson::Locked
    {
        return Stop::refused(format!("the lesson {slug} can be read without paying: nothing was bought"));
    }

    let order = open_order(&mut site, how, tier, (&chain, &currency), &wallet, report).await?;
    let mut payment = Payment::of(&order, &chain.currency);
    let mut done = Done::Resumed;
    match order.state {
        OrderState::Submitted | OrderState::Confirming => {
            payment.hash = order.transaction.as_ref().map(|transaction| transaction.hash);
            report.step("resumed", "a payment of this order is under way: following it, and paying nothing");
        }
        OrderState::Open => match pay_order(
            how,
            &mut site,
            &wallet,
            &order,
            tier.number,
            (&chain, deadline),
            report,
        )
        .await?
        {
            Checked::Owned => report.step(
                "resumed",
                "the contract has sold it to this account already: following the order, and paying nothing",
            ),
            Checked::Unapproved => return Ok(Done::DryRun),
            Checked::Ready(..) if how.dry_run => return Ok(Done::DryRun),
            Checked::Ready(..) if Instant::now() >= deadline => {
                return Stop::refused("the time ran out before anything was paid; try a longer --timeout");
            }
            Checked::Ready(call, prepared) => {
                payment.hash = Some(send(&wallet, *prepared, report).await?);
                payment.told = false;
                payment.call = Some(call);
                done = Done::Bought;
            }
        },
        state => {
            return Stop::refused(format!("the order is {}; nothing was paid. Run this again", state.word()));
        }
    }
    follow(how, &mut site, &wallet, payment, deadline, report).await?;
    check_open(&mut site, how, lesson, report).await?;
    Ok(done)
}

/// A slug never needs escaping in a path.
fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
