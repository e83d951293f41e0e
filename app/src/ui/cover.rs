//! Covers. A course without an image gets a drawing made of its id: the same one for ever.

use std::fmt::Write;

use academy::ids::{CourseId, MediaId};
use leptos::prelude::*;

/// A course's cover, 16 : 9. Decoration: the title stands beside it.
#[component]
pub fn Cover(
    /// The course.
    id: CourseId,
    /// Its image, if it has one.
    media: Option<MediaId>,
    /// Above the fold: load it at once.
    #[prop(optional)]
    eager: bool,
) -> impl IntoView {
    let picture = match media {
        Some(media) => format!(
            "<img src=\"/media/{media}\" alt=\"\" width=\"640\" height=\"360\" decoding=\"async\"{}>",
            if eager { " fetchpriority=\"high\"" } else { " loading=\"lazy\"" }
        ),
        None => cover_svg(id),
    };
    view! { <div class="cover" inner_html=picture></div> }
}

/// The drawing: one of five compositions of flat shapes in four tones of two hues.
pub fn cover_svg(id: CourseId) -> String {
    let mut chance = Chance::of(id);
    let hue = chance.below(24) * 15;
    let other = (hue + [30, 60, 150, 200][chance.below(4) as usize]) % 360;
    let tones = Tones {
        paper: format!("oklch(0.92 0.035 {hue})"),
        soft: format!("oklch(0.81 0.075 {other})"),
        strong: format!("oklch(0.63 0.12 {hue})"),
        deep: format!("oklch(0.4 0.085 {hue})"),
    };
    let mut svg = String::with_capacity(1600);
    svg.push_str("<svg viewBox=\"0 0 320 180\" aria-hidden=\"true\" preserveAspectRatio=\"xMidYMid slice\">");
    let _ = write!(svg, "<rect width=\"320\" height=\"180\" fill=\"{}\"/>", tones.paper);
    match chance.below(5) {
        0 => discs(&mut svg, &mut chance, &tones),
        1 => arches(&mut svg, &mut chance, &tones),
        2 => spines(&mut svg, &mut chance, &tones),
        3 => tiles(&mut svg, &mut chance, &tones),
        _ => leaves(&mut svg, &mut chance, &tones),
    }
    svg.push_str("</svg>");
    svg
}

struct Tones {
    paper: String,
    soft: String,
    strong: String,
    deep: String,
}

impl Tones {
    fn of(&self, index: u32) -> &str {
        [&self.soft, &self.strong, &self.deep][index as usize % 3]
    }
}

/// Numbers that follow from the id alone (xorshift, seeded with all of its bits).
struct Chance(u64);

impl Chance {
    fn of(id: CourseId) -> Self {
        let bits = id.0.as_u128();
        Self(((bits >> 64) as u64 ^ (bits as u64).rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % u64::from(bound)) as u32
    }
}

/// Two large discs that overlap, the lens between them in a third tone, and a small one apart.
fn discs(svg: &mut String, chance: &mut Chance, tones: &Tones) {
    let radius = 62 + chance.below(14);
    let left = 112 + chance.below(20);
    let right = left + radius + 14 + chance.below(14);
    let height = 84 + chance.below(16);
    let half = f64::from(right - left) / 2.0;
    let rise = (f64::from(radius).powi(2) - half * half).sqrt();
    let (middle, top, bottom) = (f64::from(left) + half, f64::from(height) - rise, f64::from(height) + rise);
    let _ = write!(
        svg,
        "<circle cx=\"{left}\" cy=\"{height}\" r=\"{radius}\" fill=\"{}\"/>\
         <circle cx=\"{right}\" cy=\"{height}\" r=\"{radius}\" fill=\"{}\"/>\
         <path d=\"M{middle} {top:.1}A{radius} {radius} 0 0 1 {middle} {bottom:.1}A{radius} {radius} 0 0 1 {middle} {top:.1}\" fill=\"{}\"/>\
         <circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>",
        tones.soft,
        tones.strong,
        tones.deep,
        30 + chance.below(24),
        30 + chance.below(20),
        9 + chance.below(7),
        tones.deep,
    );
}

/// Nested arches, as of a reading room's window.
fn arches(svg: &mut String, chance: &mut Chance, tones: &Tones) {
    let middle = 130 + chance.below(60);
    let step = 21 + chance.below(5);
    for ring in 0..4u32 {
        let radius = (4 - ring) * step + 10;
        let foot = 184;
        let crown = 186 - radius / 2;
        let _ = write!(
            svg,
            "<path d=\"M{} {foot}V{crown}a{radius} {radius} 0 0 1 {} 0V{foot}z\" fill=\"{}\"/>",
            middle - radius,
            radius * 2,
            if ring == 3 { &tones.paper } else { tones.of(ring) },
        );
    }
    let sun = if middle > 160 { 48 } else { 268 };
    let _ = write!(
        svg,
        "<circle cx=\"{sun}\" cy=\"{}\" r=\"14\" fill=\"{}\"/>",
        40 + chance.below(16),
        tones.strong
    );
}

/// Books on a shelf, one of them leaning.
fn spines(svg: &mut String, chance: &mut Chance, tones: &Tones) {
    let mut x = 46 + chance.below(20);
    let mut tone = chance.below(3);
    let leaning = 4 + chance.below(3);
    for book in 0..8 {
        let width = 16 + chance.below(16);
        let tall = 78 + chance.below(46);
        let turn = if book == leaning { 11 } else { 0 };
        let _ = write!(
            svg,
            "<g transform=\"rotate({turn} {x} 150)\"><rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{tall}\" rx=\"1.5\" fill=\"{}\"/>\
             <path d=\"M{x} {}h{width}\" stroke=\"{}\" stroke-width=\"2.5\"/></g>",
            150 - tall,
            tones.of(tone),
            150 - tall + 14 + chance.below(10),
            tones.paper,
        );
        x += width + if book == leaning { 26 } else { 3 };
        tone += 1 + chance.below(2);
        if x > 262 {
            break;
        }
    }
    let _ = write!(svg, "<path d=\"M24 152h272\" stroke=\"{}\" stroke-width=\"4\"/>", tones.deep);
}

/// Quarter discs on a grid.
fn tiles(svg: &mut String, chance: &mut Chance, tones: &Tones) {
    const SIZE: i32 = 60;
    for row in 0..3 {
        for column in 0..6 {
            if chance.below(5) == 0 {
                continue;
            }
            // The first and last column are cut by the edges alike.
            let (l, t) = (column * SIZE - 20, row * SIZE);
            let (r, b) = (l + SIZE, t + SIZE);
            let corner = match chance.below(4) {
                0 => format!("M{l} {t}H{r}A{SIZE} {SIZE} 0 0 1 {l} {b}z"),
                1 => format!("M{r} {t}V{b}A{SIZE} {SIZE} 0 0 1 {l} {t}z"),
                2 => format!("M{r} {b}H{l}A{SIZE} {SIZE} 0 0 1 {r} {t}z"),
                _ => format!("M{l} {b}V{t}A{SIZE} {SIZE} 0 0 1 {r} {b}z"),
            };
            let _ = write!(svg, "<path d=\"{corner}\" fill=\"{}\"/>", tones.of(chance.below(3)));
        }
    }
}

/// Leaves of paper, fanned out.
fn leaves(svg: &mut String, chance: &mut Chance, tones: &Tones) {
    let start = 14 + chance.below(10);
    let step = 15 + chance.below(5);
    for leaf in 0..5u32 {
        let turn = i64::from(leaf * step) - i64::from(start) - 22;
        let _ = write!(
            svg,
            "<rect x=\"124\" y=\"26\" width=\"72\" height=\"150\" rx=\"3\" fill=\"{}\" transform=\"rotate({turn} 160 210)\"/>",
            if leaf == 4 { tones.of(1) } else { tones.of(leaf * 2) },
        );
    }
    let _ = write!(svg, "<circle cx=\"160\" cy=\"204\" r=\"46\" fill=\"{}\"/>", tones.paper);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_the_same_cover_for_the_same_course() {
        let id: CourseId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let other: CourseId = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
        assert_eq!(cover_svg(id), cover_svg(id));
        assert_ne!(cover_svg(id), cover_svg(other));
    }
}
