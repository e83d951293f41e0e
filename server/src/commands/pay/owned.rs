//! A course that is owned already: the order that paid for it.

use academy::checkout::Order;
use app::catalog::api::{CourseOffer, TierOffer};
use serde_json::json;

use super::{site::Site, stop::Stop};

/// The newest order that gave this account the tier, or a higher one, on that chain.
///
/// # Errors
/// [`Stop::NotOpened`] where there is none.
pub async fn paid_order(
    site: &mut Site,
    offer: &CourseOffer,
    tier: &TierOffer,
    chain_id: u64,
) -> Result<Order, Stop> {
    for id in &offer.paid {
        let order: Order = site.function("order", &json!({"id": id})).await?;
        let level = offer.tiers.iter().find(|other| other.id == order.tier).map(|bought| bought.level);
        if order.chain_id == chain_id && level.is_some_and(|level| level >= tier.level) {
            return Ok(order);
        }
    }
    Err(Stop::NotOpened(format!(
        "this account owns it, but none of its orders paid for it on chain {chain_id}, so nothing is known of its \
         payment: it was given, or paid on another chain (see --chain)"
    )))
}
