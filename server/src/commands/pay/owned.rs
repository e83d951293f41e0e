//! A course that is owned already: the order that paid for it, among the account's own.

use academy::{
    checkout::{Order, OrderState},
    ids::OrderId,
};
use app::catalog::api::{CourseOffer, TierOffer};
use serde_json::json;

use super::{site::Site, stop::Stop};

/// So many pages of orders are looked through: more than anybody buys.
const PAGES: u32 = 20;

/// The newest order that gave this account the tier, or a higher one, on that chain.
///
/// # Errors
/// [`Stop::NotOpened`] where there is none.
pub async fn paid_order(
    site: &mut Site,
    (course, offer): (&str, &CourseOffer),
    tier: &TierOffer,
    chain_id: u64,
) -> Result<Order, Stop> {
    for page in 1..=PAGES {
        let html = site.page(&format!("/orders?page={page}")).await?;
        let Some(ids) = listed(&html, course) else { break };
        for id in ids {
            let order: Order = site.function("order", &json!({"id": id})).await?;
            if bought(&order, offer, tier) && order.chain_id == chain_id {
                return Ok(order);
            }
        }
    }
    Err(Stop::NotOpened(format!(
        "this account owns it, but none of its orders paid for it on chain {chain_id}, so nothing is known of its \
         payment: it was given, or paid on another chain (see --chain)"
    )))
}

fn bought(order: &Order, offer: &CourseOffer, tier: &TierOffer) -> bool {
    let level = offer.tiers.iter().find(|other| other.id == order.tier).map(|bought| bought.level);
    order.state == OrderState::Paid && level.is_some_and(|level| level >= tier.level)
}

/// The orders of a course on a page of orders; `None` where the page has no orders at all.
fn listed(html: &str, course: &str) -> Option<Vec<OrderId>> {
    const ORDER: &str = "href=\"/orders/";
    let course = format!("href=\"/courses/{course}\"");
    let rows: Vec<_> = html.split("<tr").filter(|row| row.contains(ORDER)).collect();
    let id = |row: &&str| row.split(ORDER).nth(1)?.get(..36)?.parse().ok();
    (!rows.is_empty()).then(|| rows.iter().filter(|row| row.contains(&course)).filter_map(id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_orders_of_a_course() {
        let id = |number: u8| format!("00112233-4455-6677-8899-aabbccddee{number:02x}");
        let row = |course: &str, order: u8, tail: &str| {
            let order = id(order);
            format!(
                "<tr role=\"row\"><th><a href=\"/courses/{course}\">A</a></th>\
                 <td><a href=\"/orders/{order}/refund\">B</a></td><td><a href=\"/orders/{order}{tail}\">C</a></td></tr>"
            )
        };
        let table = |rows: &[String]| {
            format!("<a href=\"/orders\">Orders</a><table><tr><th>Course</th></tr>{}</table>", rows.concat())
        };
        let page = table(&[row("mine", 1, ""), row("other", 2, "/receipt"), row("mine", 3, "/receipt")]);
        let found = |page: &str| {
            listed(page, "mine").map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(found(&page), Some(vec![id(1), id(3)]));
        assert_eq!(
            found(&table(&[row("mine-too", 1, "")])),
            Some(vec![]),
            "there may be more on the next page"
        );
        assert_eq!(found(&table(&[])), None);
    }
}
