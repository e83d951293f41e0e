//! A course for search engines: JSON-LD in schema.org's words.

use academy::catalog::CoursePage;
use leptos::serde_json::json;

use crate::shell::SITE;

/// `Course` with its offers.
pub fn course(page: &CoursePage, public_url: &str, currency: &str) -> String {
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
                "priceCurrency": tier.price.fiat().map_or(currency, |fiat| fiat.word()),
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
