//! Whether a lesson can really be read: what a learner has paid for.

use super::site::{Site, SiteError};

/// What a lesson's page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lesson {
    /// Its text.
    Open,
    /// What it costs.
    Locked,
}

/// Reads a lesson's page as the visitor that we are.
pub async fn look(site: &mut Site, course: &str, lesson: &str) -> Result<Lesson, SiteError> {
    let path = format!("/courses/{course}/lessons/{lesson}");
    let html = site.page(&path).await?;
    shown(&html)
        .ok_or_else(|| SiteError::Strange(format!("{path} shows no lesson that this version can read")))
}

/// One and not the other: a page of a changed site must not pass for either. A lesson's own words never
/// look like these tags, since `<` is escaped in them.
fn shown(html: &str) -> Option<Lesson> {
    match (html.contains("<div class=\"prose prose-lesson\""), html.contains("<div class=\"locked\"")) {
        (true, false) => Some(Lesson::Open),
        (false, true) => Some(Lesson::Locked),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_text_from_an_offer() {
        assert_eq!(shown("<div class=\"prose prose-lesson\"><p>Text</p></div>"), Some(Lesson::Open));
        assert_eq!(shown("<div class=\"locked\"><p>Buy</p></div>"), Some(Lesson::Locked));
        let about_html = "<div class=\"prose prose-lesson\"><code>&lt;div class=\"locked\"&gt;</code></div>";
        assert_eq!(shown(about_html), Some(Lesson::Open));
        assert_eq!(shown("<p>Maintenance</p>"), None);
    }
}
