//! What reading has of the browser: keys, the remembered place, copy buttons, the theme.

mod copy;
mod reader;
mod theme;

pub use copy::CopyButtons;
pub use reader::ReaderKeys;
pub use theme::ThemeSwitch;
