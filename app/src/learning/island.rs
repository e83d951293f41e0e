//! What reading has of the browser: keys, the remembered place, copy buttons, the theme.

#[cfg(any(feature = "ssr", feature = "reading", feature = "editing"))]
mod copy;
#[cfg(any(feature = "ssr", feature = "reading"))]
mod reader;
#[cfg(any(feature = "ssr", feature = "reading", feature = "editing", feature = "sending"))]
mod theme;

#[cfg(any(feature = "ssr", feature = "reading", feature = "editing"))]
pub use copy::CopyButtons;
#[cfg(any(feature = "ssr", feature = "reading"))]
pub use reader::ReaderKeys;
#[cfg(any(feature = "ssr", feature = "reading", feature = "editing", feature = "sending"))]
pub use theme::ThemeSwitch;
