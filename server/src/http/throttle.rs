//! So many acts per minute from one address; reading is not counted.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};

use crate::config::Limits;

/// Signing in is what strangers would try by the thousand: it has a limit of its own.
const SIGN_IN: [&str; 2] = ["/api/fn/challenge", "/api/fn/sign_in"];

/// The counters.
pub struct Throttle {
    sign_in: DefaultKeyedRateLimiter<IpAddr>,
    actions: DefaultKeyedRateLimiter<IpAddr>,
    trust_forwarded_for: bool,
}

impl Throttle {
    /// With the configured limits.
    pub fn new(limits: &Limits) -> Self {
        let quota = |per_minute| Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        Self {
            sign_in: RateLimiter::keyed(quota(limits.sign_in_per_minute)),
            actions: RateLimiter::keyed(quota(limits.actions_per_minute)),
            trust_forwarded_for: limits.trust_forwarded_for,
        }
    }

    /// Drops the entries of addresses that are back at zero; call it now and then.
    pub fn forget_the_idle(&self) {
        self.sign_in.retain_recent();
        self.actions.retain_recent();
        self.sign_in.shrink_to_fit();
        self.actions.shrink_to_fit();
    }

    fn client(&self, request: &Request) -> IpAddr {
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        let told = if self.trust_forwarded_for { forwarded(request.headers()) } else { None };
        whole_network(told.unwrap_or(peer))
    }
}

/// The last entry is the one that our own proxy added.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// One person has a whole /64 of IPv6.
fn whole_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

/// The middleware.
pub async fn hold(State(throttle): State<Arc<Throttle>>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let limiter = if SIGN_IN.contains(&request.uri().path()) { &throttle.sign_in } else { &throttle.actions };
    match limiter.check_key(&throttle.client(&request)) {
        Ok(()) => next.run(request).await,
        Err(until) => {
            let seconds = until.wait_time_from(limiter.clock().now()).as_secs() + 1;
            let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_a_person_with_many_addresses_once() {
        let network = |text: &str| whole_network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
    }

    #[test]
    fn believes_only_the_nearest_proxy() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("10.0.0.1, 192.0.2.1"));
        headers.append("x-forwarded-for", HeaderValue::from_static("198.51.100.7, 192.0.2.9"));
        assert_eq!(forwarded(&headers), Some("192.0.2.9".parse().unwrap()));
        headers.append("x-forwarded-for", HeaderValue::from_static("nonsense"));
        assert_eq!(forwarded(&headers), None);
    }
}
