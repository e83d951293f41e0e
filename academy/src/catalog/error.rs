use super::model::{MAX_MEDIA, MAX_TIERS};
use crate::problem::{Kind, Problem};

/// What can go wrong in the catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// There is no such thing for this caller.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Someone else's course.
    #[error("the course belongs to someone else")]
    NotYours,
    /// The edit did not see the newest version.
    #[error("it was edited meanwhile")]
    EditedMeanwhile,
    /// The contract numbers tiers 0 to 7, and numbers are never reused.
    #[error("all tier numbers are used up")]
    NoMoreTiers,
    /// Not an image that we take.
    #[error("not an image that we take")]
    NotAnImage,
    /// Larger than [`MAX_MEDIA`].
    #[error("the file is too large")]
    TooLarge,
    /// Something is missing before the course can be published.
    #[error("the course is not ready: {0}")]
    NotReady(&'static str),
    /// Nothing on the chains of this site can pay a tier's price.
    #[error("the tier {0} can't be paid")]
    Unpayable(String),
    /// The wallet is a contract of the chain of this name, and speaks for nobody on others.
    #[error("the wallet is of {0}")]
    OtherNetwork(String),
    /// The listing belongs to another wallet.
    #[error("the listing belongs to another wallet")]
    OtherLister(String),
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::NotFound(what) => Self::not_found(what),
            CatalogError::NotYours => Self::forbidden(),
            CatalogError::EditedMeanwhile => Self::new(
                Kind::Conflict,
                "edited_meanwhile",
                "Someone saved another version while you were editing. Yours is kept below; compare the two and save again.",
            ),
            CatalogError::NoMoreTiers => Self::new(
                Kind::Conflict,
                "no_more_tiers",
                format!(
                    "A course has at most {MAX_TIERS} tiers over its life, removed ones included. Edit an existing tier instead."
                ),
            ),
            CatalogError::NotAnImage => Self::field("file", "Choose a PNG, JPEG, WebP or GIF image."),
            CatalogError::TooLarge => {
                Self::field("file", format!("The file is too large: at most {} MB.", MAX_MEDIA / 1024 / 1024))
            }
            CatalogError::NotReady(missing) => Self::new(Kind::Conflict, "not_ready", missing),
            CatalogError::Unpayable(tier) => Self::new(
                Kind::Conflict,
                "not_ready",
                format!(
                    "This site has no network on which the price of “{tier}” can be paid now. Change its currency, or ask whoever runs this site."
                ),
            ),
            CatalogError::OtherNetwork(chain) => Self::new(
                Kind::Conflict,
                "other_network",
                format!("This wallet is a contract on {chain}: it can list courses there only."),
            ),
            CatalogError::OtherLister(lister) => Self::new(
                Kind::Conflict,
                "other_lister",
                format!("This course was listed by {lister}. Sign in with that wallet to change its prices."),
            ),
        }
    }
}
