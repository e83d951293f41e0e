//! Sales per day as a bar chart: plain SVG from the server, with its numbers in text.

use academy::{
    checkout::Earned,
    money::{Currency, Wei},
};
use leptos::prelude::*;

use crate::ui::TableScroll;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;

/// The next round number above: 1, 2 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    // A hair of tolerance: 0.3 / 0.1 is 2.9999999999999996.
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= value * 0.999_999);
    factor.unwrap_or(10.0) * power
}

fn height_of(amount: Wei, currency: &Currency) -> f64 {
    currency.figure(amount).parse().unwrap_or(0.0)
}

fn tick(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

struct Bar {
    x: f64,
    y: f64,
    height: f64,
    label: String,
}

fn bars(days: &[(String, u32, Wei)], top: f64, currency: &Currency) -> Vec<Bar> {
    let slot = (WIDTH - LEFT) / days.len().max(1) as f64;
    let room = HEIGHT - TOP - BOTTOM;
    days.iter()
        .enumerate()
        .map(|(index, (day, count, amount))| {
            // A sale is never invisible, however small beside the best day.
            let height = match height_of(*amount, currency) / top * room {
                _ if *count == 0 => 0.0,
                height => height.max(2.0),
            };
            let sales = if *count == 1 { "sale" } else { "sales" };
            Bar {
                x: LEFT + slot * index as f64 + slot * 0.15,
                y: TOP + room - height,
                height,
                label: format!("{day}: {} in {count} {sales}", currency.short(*amount)),
            }
        })
        .collect()
}

/// The chart with its table folded away behind it.
pub fn sales_chart(index: usize, earned: &Earned) -> impl IntoView + use<> {
    let (currency, symbol) = (&earned.currency, earned.currency.symbol.clone());
    let (title, about) = (format!("chart-{index}"), format!("chart-about-{index}"));
    let unit = match &earned.chain {
        Some(chain) => format!("{symbol} on {chain}"),
        None => symbol.clone(),
    };
    let labels = format!("{title} {about}");
    let best = earned.days.iter().map(|(_, _, amount)| height_of(*amount, currency)).fold(0.0, f64::max);
    let top = round_up(best);
    let room = HEIGHT - TOP - BOTTOM;
    let slot = (WIDTH - LEFT) / earned.days.len().max(1) as f64;
    let summary = format!(
        "The last {} days. The best day brought {} {symbol}; each bar is one day.",
        earned.days.len(),
        tick(best),
    );
    let lines = [0.0, 0.5, 1.0].map(|part| {
        let y = TOP + room * (1.0 - part);
        view! {
            <line class="chart-line" x1=LEFT x2=WIDTH y1=y y2=y></line>
            <text class="chart-text" x=LEFT - 10.0 y=y + 4.0 text-anchor="end">{tick(top * part)}</text>
        }
    });
    let shapes = bars(&earned.days, top, currency)
        .into_iter()
        .map(|bar| {
            view! {
                <rect class="chart-bar" x=bar.x y=bar.y width=slot * 0.7 height=bar.height rx="2">
                    <title>{bar.label}</title>
                </rect>
            }
        })
        .collect_view();
    let dates =
        [(0, "start"), (earned.days.len() / 2, "middle"), (earned.days.len().saturating_sub(1), "end")].map(
            |(index, anchor)| {
                let x = match anchor {
                    "start" => LEFT,
                    "end" => WIDTH,
                    _ => LEFT + slot * (index as f64 + 0.5),
                };
                let date = earned.days.get(index).map(|(day, ..)| day.clone()).unwrap_or_default();
                view! { <text class="chart-text" x=x y=HEIGHT - 8.0 text-anchor=anchor>{date}</text> }
            },
        );
    let rows = earned
        .days
        .iter()
        .rev()
        .filter(|(_, count, _)| *count > 0)
        .map(|(day, count, amount)| {
            view! {
                <tr>
                    <th scope="row">{day.clone()}</th>
                    <td class="number">{*count}</td>
                    <td class="number">{currency.figure(*amount)}" "{currency.symbol.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <figure class="chart" data-testid="sales-chart">
            <div class="chart-frame" tabindex="0" role="group" aria-label=format!("Sales chart, {unit}")>
                <svg
                    class="chart-picture"
                    viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                    role="img"
                    aria-labelledby=labels
                >
                    <title id=title>"Sales per day in "{unit.clone()}</title>
                    <desc id=about>{summary}</desc>
                    {lines}
                    {shapes}
                    {dates}
                </svg>
            </div>
            <figcaption class="chart-caption">"Sales per day, in "{unit.clone()}", days in UTC"</figcaption>
        </figure>
        <details class="fold">
            <summary>"The same as a table"</summary>
            <TableScroll label=format!("Sales per day in {unit}")>
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Day (UTC)"</th>
                            <th scope="col" class="number">"Sales"</th>
                            <th scope="col" class="number">"Amount"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </TableScroll>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_the_axis_up_to_a_readable_number() {
        assert_eq!(round_up(0.0), 1.0);
        assert!((round_up(0.03) - 0.05).abs() < 1e-9);
        assert!((round_up(0.2) - 0.2).abs() < 1e-9);
        assert!((round_up(7.0) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn shows_a_small_sale_beside_a_large_one() {
        let day = |text: &str, count, wei: &str| (text.to_owned(), count, wei.parse().unwrap());
        let days = [
            day("2026-01-01", 1, "1000000000000000000"),
            day("2026-01-02", 1, "1"),
            day("2026-01-03", 0, "0"),
        ];
        let bars = bars(&days, 1.0, &Currency::coin("ETH"));
        assert!(bars[0].height > 100.0);
        assert_eq!(bars[1].height, 2.0);
        assert_eq!(bars[2].height, 0.0);
        assert_eq!(bars[0].label, "2026-01-01: 1\u{a0}ETH in 1 sale");
    }
}
