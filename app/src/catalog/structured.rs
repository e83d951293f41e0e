//! A course for search engines: JSON-LD in schema.org's words.

use academy::{catalog::CoursePage, checkout::ChainInfo, price::Price};
use leptos::serde_json::json;

use crate::shell::SITE;

fn currency(price: Price, chain: &ChainInfo) -> String {
    match price {
        Price::Coin(_) => chain.currency.clone(),
        Price::Fiat(cents) => cents.currency.word().to_owned(),
        Price::Token { token, .. } => chain.currency_of(token).symbol,
    }
}

/// `Course` with its offers.
pub fn course(page: &CoursePage, public_url: &str, chain: &ChainInfo) -> String {
    let course = &page.course;
    let url = format!("{public_url}/courses/{}", course.slug);
    let minutes: u32 = page.lessons().map(|lesson| lesson.minutes).sum();
    let offers: Vec<_> = page
        .tiers
        .iter()
        .filter(|tier| page.for_sale(tier))
        .map(|tier| {
            json!({
                "@type": "Offer",
                "name": tier.name,
                "category": if tier.price.is_zero() { "Free" } else { "Paid" },
                "price": tier.price.figure(),
                "priceCurrency": currency(tier.price, chain),
                "url": url,
            })
        })
        .collect();
    json!({
        "@context": "https://schema.org",
        "@type": "Course",
        "name": course.title,
        "description": if course.promise.is_empty() { &course.title } else { &course.promise },
        "url": url,
        "educationalLevel": course.level.word(),
        "teaches": course.outcomes,
        "provider": { "@type": "Organization", "name": SITE, "sameAs": public_url },
        "hasCourseInstance": {
            "@type": "CourseInstance",
            "courseMode": "Online",
            "courseWorkload": format!("PT{minutes}M"),
            "instructor": { "@type": "Person", "name": course.teacher.name },
        },
        "offers": offers,
    })
    .to_string()
}
