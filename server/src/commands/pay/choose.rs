//! Which tier to buy, and whether it is needed at all.

use academy::{
    checkout::ChainInfo,
    evm::Address,
    learning::Access,
    money::{Currency, Wei},
    price::Price,
};
use app::catalog::api::{CourseOffer, LessonOffer, TierOffer};

use super::stop::Stop;

/// The tier that is meant: by name, by number, or the only one that costs anything.
pub fn tier<'a>(offer: &'a CourseOffer, wanted: Option<&str>) -> Result<&'a TierOffer, Stop> {
    let names = || -> String {
        let names: Vec<_> = offer
            .tiers
            .iter()
            .map(|tier| {
                format!("{} “{}” {}", tier.number, tier.name, listed(tier.price, offer.chains.first()))
            })
            .collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let mut found = offer.tiers.iter().filter(|tier| match wanted {
        Some(wanted) => tier.name.eq_ignore_ascii_case(wanted) || tier.number.to_string() == wanted,
        None => !tier.price.is_zero(),
    });
    match (found.next(), found.next()) {
        (Some(tier), None) if tier.price.is_zero() => Stop::refused(format!(
            "the tier “{}” is free: enrol in a browser, there is nothing to pay",
            tier.name
        )),
        (Some(tier), None) => Ok(tier),
        (Some(_), Some(_)) => {
            Err(Stop::Usage(format!("say which tier with --tier; this course has: {}", names())))
        }
        (None, _) => Err(Stop::Usage(match wanted {
            Some(wanted) => format!("this course has no tier “{wanted}”; it has: {}", names()),
            None => format!("this course has no tier that costs anything; it has: {}", names()),
        })),
    }
}

/// Coins for people.
pub fn coins(sum: Wei, currency: &str) -> String {
    format!("{} {currency}", sum.to_ether())
}

/// A sum for people.
pub fn sum(sum: Wei, currency: &Currency) -> String {
    format!("{} {}", currency.figure(sum), currency.symbol)
}

/// A tier's price for people.
pub fn listed(price: Price, first: Option<&ChainInfo>) -> String {
    let symbol = |token| match first {
        Some(chain) => chain.currency_of(token).symbol,
        None => ChainInfo::unknown_currency(token).symbol,
    };
    match price {
        Price::FREE => "free".to_owned(),
        Price::Coin(sum) => coins(sum, &symbol(Address::ZERO)),
        Price::Fiat(cents) => format!("{} {}", cents.figure(), cents.currency.word()),
        Price::Token { token, .. } => format!("{} {}", price.figure(), symbol(token)),
    }
}

/// The chain to pay on: the one that is wanted, or the first that sells the tier. Where none does, the
/// site's first, and [`obstacle`] says why.
pub fn chain<'a>(
    offer: &'a CourseOffer,
    tier: &TierOffer,
    wanted: Option<u64>,
) -> Result<&'a ChainInfo, Stop> {
    let wanted = wanted.or(tier.on.first().copied());
    let known = |chain: &&ChainInfo| wanted.is_none_or(|id| id == chain.id);
    offer.chains.iter().find(known).ok_or_else(|| {
        let names: Vec<_> =
            offer.chains.iter().map(|chain| format!("{} ({})", chain.id, chain.name)).collect();
        Stop::Usage(format!("the site sells on no such chain; it has: {}", names.join(", ")))
    })
}

/// What the tier is paid in on that chain: its own currency, or for a price in a state's currency the one
/// that is wanted, without a wish the coin.
pub fn currency(
    offer: &CourseOffer,
    tier: &TierOffer,
    chain: &ChainInfo,
    wanted: Option<&str>,
) -> Result<Currency, Stop> {
    let of = |symbol: &str| {
        let all = std::iter::once(Currency::coin(&chain.currency)).chain(chain.tokens.iter().cloned());
        let named = |currency: &Currency| currency.symbol.eq_ignore_ascii_case(symbol);
        all.into_iter()
            .find(named)
            .ok_or_else(|| Stop::Usage(format!("nothing is paid in {symbol} on {}", chain.name)))
    };
    let priced = match tier.price {
        Price::Fiat(_) => return of(wanted.unwrap_or(&chain.currency)),
        Price::Coin(_) => Currency::coin(&chain.currency),
        // Tokens are named by those of the first chain.
        Price::Token { token, .. } => of(&offer.chains.first().unwrap_or(chain).currency_of(token).symbol)?,
    };
    match wanted {
        Some(wanted) if !priced.symbol.eq_ignore_ascii_case(wanted) => Err(Stop::Usage(format!(
            "the tier “{}” is paid in {}, not in {wanted}",
            tier.name, priced.symbol
        ))),
        _ => Ok(priced),
    }
}

/// Whether the price is at most what was allowed. One in a state's currency is known only once an order
/// quotes it, and is whatever the site quotes then: it needs a limit.
pub fn check_limit(price: Price, most: Option<&str>, currency: &Currency) -> Result<(), Stop> {
    let Some(most) = most else {
        return match price {
            Price::Fiat(cents) => Err(Stop::Usage(format!(
                "the price is {} {}, and the site quotes it in {} as it likes: name the most that it may be with \
                 --max-price",
                cents.figure(),
                cents.currency.word(),
                currency.symbol
            ))),
            _ => Ok(()),
        };
    };
    let most = Wei::parse_figure(most, currency.decimals)
        .map_err(|error| Stop::Usage(format!("--max-price is no sum of {}: {error}", currency.symbol)))?;
    match price {
        Price::Coin(price) | Price::Token { amount: price, .. } if price > most => Stop::refused(format!(
            "the price is {}, and --max-price allows {}; no payment was signed",
            sum(price, currency),
            sum(most, currency)
        )),
        _ => Ok(()),
    }
}

/// Whether the caller bought as much already.
pub fn is_owned(access: Access, tier: &TierOffer) -> bool {
    access.enrolled && access.level >= tier.level
}

/// Why the tier can't be bought now.
pub fn obstacle(offer: &CourseOffer, tier: &TierOffer, chain: &ChainInfo) -> Result<(), Stop> {
    match offer.obstacle.as_deref() {
        Some("own") => Stop::refused("this account teaches the course and can't buy it; use another account"),
        Some("suspended") => Err(Stop::NotOpened(
            "a payment of this account is being confirmed again after a reorg; nothing was paid now, and there is \
             nothing to pay: run this again later"
                .to_owned(),
        )),
        Some("withdrawn") => Stop::refused("the course is no longer for sale"),
        Some(_) => Stop::refused("the course is not for sale yet: its price is still on its way to the chain"),
        None if tier.on.contains(&chain.id) => Ok(()),
        None => Stop::refused(format!("the tier “{}” is not for sale on {} now", tier.name, chain.name)),
    }
}

/// A lesson that the tier opens and that is closed to the caller now.
pub fn locked_lesson<'a>(offer: &'a CourseOffer, tier: &TierOffer, level: u8) -> Option<&'a LessonOffer> {
    offer.lessons.iter().find(|lesson| lesson.access > level && lesson.access <= tier.level)
}

#[cfg(test)]
mod tests {
    use academy::{
        ids::TierId,
        price::{Fiat, Unit},
    };

    use super::*;

    fn offer(tiers: &[(&str, &str, u8)]) -> CourseOffer {
        let tiers = tiers.iter().enumerate().map(|(number, (name, price, level))| TierOffer {
            id: "00000000-0000-0000-0000-000000000000".parse::<TierId>().unwrap(),
            number: u8::try_from(number).unwrap(),
            name: (*name).to_owned(),
            price: Price::Coin(Wei::from_ether(price).unwrap()),
            level: *level,
            on: vec![1],
        });
        let lesson = |slug: &str, access| LessonOffer { slug: slug.to_owned(), access };
        CourseOffer {
            title: "Course".to_owned(),
            obstacle: None,
            access: Access::default(),
            paid: Vec::new(),
            tiers: tiers.collect(),
            lessons: vec![lesson("preview", 0), lesson("first", 1), lesson("second", 2)],
            chains: vec![eth()],
        }
    }

    const TOKEN: Address = Address([1; 20]);

    fn usdc(token: Address) -> Currency {
        Currency { token, symbol: "USDC".to_owned(), decimals: 6 }
    }

    fn eth() -> ChainInfo {
        ChainInfo {
            id: 1,
            hex_id: "0x1".to_owned(),
            name: "Chain".to_owned(),
            currency: "ETH".to_owned(),
            rpc_url: None,
            explorer: None,
            tokens: Vec::new(),
        }
    }

    #[test]
    fn takes_a_tier_by_name_or_number_and_the_only_one_unasked() {
        let two = offer(&[("Full", "0.02", 1), ("Complete", "0.05", 2)]);
        assert_eq!(tier(&two, Some("complete")).unwrap().number, 1);
        assert_eq!(tier(&two, Some("0")).unwrap().name, "Full");
        let unsaid = tier(&two, None).unwrap_err();
        assert!(matches!(unsaid, Stop::Usage(_)) && unsaid.to_string().contains("1 “Complete” 0.05 ETH"));
        assert!(matches!(tier(&two, Some("Gold")), Err(Stop::Usage(_))));
        let one = offer(&[("Free", "0", 1), ("Full", "0.02", 2)]);
        assert_eq!(tier(&one, None).unwrap().name, "Full");
        assert!(matches!(tier(&one, Some("free")), Err(Stop::Refused(_))));
        assert!(matches!(tier(&offer(&[]), None), Err(Stop::Usage(_))));
    }

    #[test]
    fn knows_what_is_owned_and_what_would_open() {
        let offer = offer(&[("Full", "0.02", 1), ("Complete", "0.05", 2)]);
        let access = |level, enrolled| Access { level, enrolled, suspended: false };
        assert!(is_owned(access(1, true), &offer.tiers[0]));
        assert!(!is_owned(access(1, true), &offer.tiers[1]));
        assert!(!is_owned(access(9, false), &offer.tiers[0]), "an admin reads without having bought");
        let slug = |tier: usize, level| {
            locked_lesson(&offer, &offer.tiers[tier], level).map(|lesson| lesson.slug.as_str())
        };
        assert_eq!(slug(0, 0), Some("first"));
        assert_eq!(slug(1, 1), Some("second"));
        assert_eq!(slug(0, 1), None);
    }

    #[test]
    fn pays_on_the_chain_that_is_named_or_the_first_that_sells_it() {
        let mut offer = offer(&[("Full", "0.02", 1)]);
        offer.chains.push(ChainInfo { id: 2, name: "Other".to_owned(), ..eth() });
        let mut tier = offer.tiers[0].clone();
        let id =
            |offer: &CourseOffer, tier: &TierOffer, wanted| chain(offer, tier, wanted).map(|chain| chain.id);
        assert_eq!(id(&offer, &tier, None), Ok(1));
        assert_eq!(id(&offer, &tier, Some(2)), Ok(2));
        assert!(matches!(obstacle(&offer, &tier, &offer.chains[1]), Err(Stop::Refused(_))));
        tier.on = vec![2];
        assert_eq!(id(&offer, &tier, None), Ok(2));
        assert_eq!(obstacle(&offer, &tier, &offer.chains[1]), Ok(()));
        let unknown = id(&offer, &tier, Some(3)).unwrap_err();
        assert!(
            matches!(&unknown, Stop::Usage(words) if words.contains("1 (Chain), 2 (Other)")),
            "{unknown}"
        );
    }

    #[test]
    fn keeps_to_the_limit() {
        let coin = Price::Coin(Wei::from_ether("0.02").unwrap());
        let limit = |price, most| check_limit(price, most, &Currency::coin("ETH"));
        assert_eq!(limit(coin, None), Ok(()));
        assert_eq!(limit(coin, Some("0.02")), Ok(()));
        let above = limit(coin, Some("0.0199")).unwrap_err();
        assert!(matches!(&above, Stop::Refused(words) if words.contains("--max-price allows 0.0199 ETH")));
        let dollars = Price::parse("49", Unit::Fiat(Fiat::Usd)).unwrap();
        assert_eq!(limit(dollars, Some("0.02")), Ok(()));
        let unlimited = limit(dollars, None).unwrap_err();
        assert!(matches!(&unlimited, Stop::Usage(words) if words.contains("49.00 USD")), "{unlimited}");
        let token = Price::parse("49", Unit::Token { token: TOKEN, decimals: 6 }).unwrap();
        let limit = |most| check_limit(token, Some(most), &usdc(TOKEN));
        assert_eq!(limit("49"), Ok(()));
        assert!(matches!(limit("48.999999"), Err(Stop::Refused(_))));
        assert!(matches!(limit("49.0000001"), Err(Stop::Usage(_))), "finer than the token is");
    }

    #[test]
    fn pays_in_what_the_price_is_in_or_in_what_is_wanted() {
        let mut offer = offer(&[("Full", "0.02", 1)]);
        offer.chains[0].tokens = vec![usdc(TOKEN)];
        let there = Address([2; 20]);
        let other = ChainInfo { id: 2, tokens: vec![usdc(there)], ..eth() };
        let mut tier = offer.tiers[0].clone();
        let on = |tier: &TierOffer, chain: &ChainInfo, wanted| currency(&offer, tier, chain, wanted);
        assert_eq!(on(&tier, &offer.chains[0], None), Ok(Currency::coin("ETH")));
        assert!(matches!(on(&tier, &offer.chains[0], Some("usdc")), Err(Stop::Usage(_))));
        tier.price = Price::parse("49", Unit::Token { token: TOKEN, decimals: 6 }).unwrap();
        assert_eq!(on(&tier, &offer.chains[0], None), Ok(usdc(TOKEN)));
        assert_eq!(on(&tier, &other, Some("usdc")), Ok(usdc(there)));
        assert!(matches!(on(&tier, &eth(), None), Err(Stop::Usage(_))));
        tier.price = Price::parse("49", Unit::Fiat(Fiat::Usd)).unwrap();
        assert_eq!(on(&tier, &other, None), Ok(Currency::coin("ETH")));
        assert_eq!(on(&tier, &other, Some("USDC")), Ok(usdc(there)));
        assert!(matches!(on(&tier, &other, Some("DAI")), Err(Stop::Usage(_))));
    }

    #[test]
    fn says_what_is_in_the_way() {
        let mut offer = offer(&[("Full", "0.02", 1)]);
        let tier = offer.tiers[0].clone();
        assert_eq!(obstacle(&offer, &tier, &eth()), Ok(()));
        for word in ["own", "not_yet", "withdrawn", "new-word"] {
            offer.obstacle = Some(word.to_owned());
            assert!(matches!(obstacle(&offer, &tier, &eth()), Err(Stop::Refused(_))), "{word}");
        }
        offer.obstacle = Some("suspended".to_owned());
        assert!(matches!(obstacle(&offer, &tier, &eth()), Err(Stop::NotOpened(_))));
    }
}
