//! Addresses for people.

use academy::evm::Address;
use leptos::prelude::*;

/// `0x71C7…976F`.
pub fn short_address(checksummed: &str) -> String {
    match (checksummed.get(..6), checksummed.len().checked_sub(4).and_then(|at| checksummed.get(at..))) {
        (Some(head), Some(tail)) if head.starts_with("0x") && checksummed.len() > 12 => {
            format!("{head}…{tail}")
        }
        _ => checksummed.to_owned(),
    }
}

/// A checksummed address, shortened, with its identicon; the whole of it on hover.
#[component]
pub fn AddressText(
    /// The address with its checksum, as the server gave it.
    #[prop(into)]
    address: String,
    /// Show all of it, where it may be compared or copied.
    #[prop(optional)]
    full: bool,
) -> impl IntoView {
    let icon = identicon(&address);
    let shown = if full { address.clone() } else { short_address(&address) };
    view! {
        <span class="address" title=address>
            {icon}
            <span class="address-text" class:address-full=full>{shown}</span>
        </span>
    }
}

/// A small picture that differs between addresses.
fn identicon(address: &str) -> impl IntoView + use<> {
    let (hue, path) = identicon_parts(address);
    view! {
        <svg class="identicon" viewBox="-1 -1 7 7" width="20" height="20" aria-hidden="true" shape-rendering="crispEdges">
            <rect x="-1" y="-1" width="7" height="7" fill=format!("oklch(0.93 0.04 {hue})")></rect>
            <path d=path fill=format!("oklch(0.52 0.13 {hue})")></path>
        </svg>
    }
}

/// An address's picture: one of 24 hues, and a mirrored 5 × 5 grid as a path.
pub fn identicon_parts(address: &str) -> (u32, String) {
    let bytes = address.parse::<Address>().map(|address| address.0).unwrap_or_default();
    let hue = u32::from(bytes[0]) * 24 / 256 * 15;
    let mut path = String::new();
    for column in 0..3u32 {
        for row in 0..5u32 {
            let bit = column * 5 + row;
            if bytes[2 + bit as usize] & 1 == 1 {
                path.push_str(&format!("M{column} {row}h1v1h-1z"));
                if column < 2 {
                    path.push_str(&format!("M{} {row}h1v1h-1z", 4 - column));
                }
            }
        }
    }
    (hue, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_addresses_and_nothing_else() {
        assert_eq!(short_address("0x71C7656EC7ab88b098defB751B7401B5f6d8976F"), "0x71C7…976F");
        assert_eq!(short_address("Ada"), "Ada");
        assert_eq!(short_address(""), "");
        assert_eq!(short_address("éééééééééé"), "éééééééééé".to_owned());
    }
}
