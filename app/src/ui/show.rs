//! Facts for people: times, hashes, progress, counts.

use academy::time::Time;
use leptos::prelude::*;

use crate::render::Ui;

/// `3 minutes ago`, with the exact time on hover; a date when it is long past.
#[component]
pub fn When(
    /// The time.
    at: Time,
) -> impl IntoView {
    let now = use_context::<Ui>().map_or(at, |ui| ui.now);
    let exact = at.rfc3339();
    let title = exact.replace('T', " ").replace('Z', " UTC");
    view! { <time datetime=exact title=title>{relative(at, now)}</time> }
}

fn relative(at: Time, now: Time) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let seconds = (now.0 - at.0) / 1000;
    let (size, one, unit) = match seconds.abs() {
        0..45 => return "just now".to_owned(),
        s if s < HOUR => ((s + 30) / MINUTE, "a minute", "minutes"),
        s if s < DAY => (s / HOUR, "an hour", "hours"),
        s if s < 30 * DAY => (s / DAY, "a day", "days"),
        _ => return at.rfc3339()[..10].to_owned(),
    };
    let words = if size <= 1 { one.to_owned() } else { format!("{size} {unit}") };
    if seconds >= 0 { format!("{words} ago") } else { format!("in {words}") }
}

/// A transaction's or block's hash, shortened, linked to the explorer if there is one.
#[component]
pub fn Hash(
    /// The hash with its `0x`.
    #[prop(into)]
    hash: String,
    /// The explorer's page.
    #[prop(optional_no_strip, into)]
    link: Option<String>,
) -> impl IntoView {
    let short = super::short_address(&hash);
    match link {
        Some(link) => view! {
            <a class="hash" href=link rel="noopener nofollow" target="_blank" title=hash>
                {short}<super::Icon name="external"/><span class="visually-hidden">" (opens the explorer)"</span>
            </a>
        }
        .into_any(),
        None => view! { <span class="hash" title=hash>{short}</span> }.into_any(),
    }
}

/// A bar with its meaning in words: `3 of 12 lessons`.
#[component]
pub fn Progress(
    /// So many.
    value: u32,
    /// Of so many.
    max: u32,
    /// The accessible name, such as "Your progress".
    #[prop(into)]
    label: String,
    /// The words beside the bar; without them only the bar shows.
    #[prop(optional, into)]
    words: String,
) -> impl IntoView {
    view! {
        <span class="progress">
            <progress aria-label=label value=value max=max.max(1)></progress>
            {(!words.is_empty()).then(|| view! { <span class="progress-words">{words}</span> })}
        </span>
    }
}

/// `45 min`, `2 h 10 min`.
pub fn minutes(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// `1 lesson`, `7 lessons`.
pub fn count(number: u32, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_time_as_people_do() {
        let now = Time(1_800_000_000_000);
        let ago = |seconds: i64| relative(Time(now.0 - seconds * 1000), now);
        assert_eq!(ago(3), "just now");
        assert_eq!(ago(60), "a minute ago");
        assert_eq!(ago(130), "2 minutes ago");
        assert_eq!(ago(3700), "an hour ago");
        assert_eq!(ago(3 * 86_400), "3 days ago");
        assert_eq!(ago(-1800), "in 30 minutes");
        assert_eq!(ago(400 * 86_400).len(), 10);
    }

    #[test]
    fn counts_and_lengths() {
        assert_eq!(
            (minutes(45), minutes(120), minutes(130)),
            ("45 min".into(), "2 h".into(), "2 h 10 min".into())
        );
        assert_eq!((count(1, "lesson"), count(7, "lesson")), ("1 lesson".into(), "7 lessons".into()));
    }
}
