//! What reading has of the browser: keys, the remembered place, copy buttons, the theme.

#[cfg(any(feature = "ssr", feature = "reading", feature = "teaching"))]
mod copy;
#[cfg(any(feature = "ssr", feature = "reading"))]
mod reader;
mod theme;

#[cfg(any(feature = "ssr", feature = "reading", feature = "teaching"))]
pub use copy::CopyButtons;
#[cfg(any(feature = "ssr", feature = "reading"))]
pub use reader::ReaderKeys;
pub use theme::ThemeSwitch;
