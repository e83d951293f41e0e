//! Courses as the doors see them.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{CourseId, LessonId, MediaId, ModuleId, TierId, UserId},
    money::Wei,
    price::{Price, UnknownUnit},
    text::{Checks, line, prose},
    time::Time,
};

/// A course holds at most so many tiers: the contract numbers them 0 to 7.
pub const MAX_TIERS: usize = 8;
/// The longest money-back window that the contract keeps, in days.
pub const MAX_REFUND_DAYS: u8 = 60;
/// The longest lesson, in characters.
pub const MAX_LESSON: usize = 200_000;
/// The largest upload, in bytes.
pub const MAX_MEDIA: usize = 5 * 1024 * 1024;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word that the database and URLs use.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::problem::Problem;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::problem::Problem::not_found(stringify!($name))),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::problem::Problem;
            fn try_from(word: String) -> Result<Self, Self::Error> {
                word.parse()
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a course stands.
    CourseState {
        /// Only its instructor and admins see it.
        Draft = "draft",
        /// In the catalogue, for sale.
        Published = "published",
        /// No longer for sale; those who bought it keep it.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// For whom a course is.
    Level {
        /// No knowledge assumed.
        Beginner = "beginner",
        /// Some.
        Intermediate = "intermediate",
        /// A lot.
        Advanced = "advanced",
    }
}

/// What the catalogue is filtered by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct CatalogQuery {
    /// Words to look for in title, promise, description and teacher.
    pub q: String,
    /// A level's word, or empty.
    pub level: String,
    /// `free`, `paid`, or empty.
    pub price: String,
    /// Which page, from 1.
    pub page: u32,
}

/// A course in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseCard {
    /// The course.
    pub id: CourseId,
    /// Its place in URLs.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// What it promises, in a sentence.
    pub promise: String,
    /// For whom.
    pub level: Level,
    /// Where it stands.
    pub state: CourseState,
    /// Who teaches: a name or a shortened address.
    pub teacher: String,
    /// Number of lessons.
    pub lessons: u32,
    /// Sum of the lessons' minutes.
    pub minutes: u32,
    /// The lowest price; `None` while there is no tier. Of several currencies it is one of the lowest.
    pub from_price: Option<Price>,
    /// The cover image.
    pub cover: Option<MediaId>,
    /// Last change.
    pub updated_at: Time,
}

/// Who teaches a course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Teacher {
    /// The account.
    pub id: UserId,
    /// A name, or a shortened address.
    pub name: String,
    /// A few sentences, or empty.
    pub bio: String,
}

/// A course without its outline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The course.
    pub id: CourseId,
    /// Its place in URLs.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// What it promises, in a sentence.
    pub promise: String,
    /// Markdown.
    pub description: String,
    /// What one will learn, a line each.
    pub outcomes: Vec<String>,
    /// For whom.
    pub level: Level,
    /// Where it stands.
    pub state: CourseState,
    /// Who teaches.
    pub teacher: Teacher,
    /// The cover image.
    pub cover: Option<MediaId>,
    /// The money-back window that its instructor wants, in days; 0: none.
    pub refund_days: u8,
    /// Counts edits: an edit names the version that it saw.
    pub version: i64,
    /// Last change.
    pub updated_at: Time,
}

/// A module with its lessons, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// The module.
    pub id: ModuleId,
    /// Its title.
    pub title: String,
    /// Its lessons.
    pub lessons: Vec<LessonHead>,
}

/// A lesson without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonHead {
    /// The lesson.
    pub id: LessonId,
    /// Its place in URLs, unique within the course.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// How long it takes.
    pub minutes: u32,
    /// 0: a preview that anyone may read; otherwise the tier level that opens it.
    pub access: u8,
}

/// A price and the access it buys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// The tier.
    pub id: TierId,
    /// Its number in the on-chain listing, 0 to 7; never reused within a course.
    pub number: u8,
    /// Its name.
    pub name: String,
    /// What it gives, in a sentence.
    pub description: String,
    /// Its price; zero: free, and never listed on-chain.
    pub price: Price,
    /// It opens all lessons whose access is at most this.
    pub level: u8,
}

/// Where and how a course is for sale on a chain, as the chain's own events say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The chain (EIP-155).
    pub chain_id: u64,
    /// The market contract, checksummed.
    pub market: String,
    /// The market's number for the course.
    pub number: u64,
    /// Who may change the listing, checksummed.
    pub lister: String,
    /// Who receives the money, checksummed.
    pub payee: String,
    /// The money-back window of its sales, in days; 0: none.
    pub refund_days: u8,
    /// The prices on-chain: tier number, wei, for sale.
    pub tiers: Vec<ListedTier>,
}

/// A tier's price as the chain has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedTier {
    /// The tier's number.
    pub number: u8,
    /// Its price; zero where it is sold by quote alone.
    pub price: Wei,
    /// Whether the contract sells it.
    pub active: bool,
}

/// How the contract sells a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// At this price.
    At(Wei),
    /// At a price that the site quotes.
    ByQuote,
}

impl Offered {
    /// How the contract must sell a tier of that price; not at all what is free.
    pub fn of(price: Price) -> Option<Self> {
        match price {
            Price::Coin(wei) if wei.is_zero() => None,
            Price::Coin(wei) => Some(Self::At(wei)),
            Price::Fiat(_) | Price::Token { .. } => Some(Self::ByQuote),
        }
    }
}

impl ListedTier {
    /// How the contract sells it, if it does.
    pub fn offered(&self) -> Option<Offered> {
        match self.price.is_zero() {
            _ if !self.active => None,
            true => Some(Offered::ByQuote),
            false => Some(Offered::At(self.price)),
        }
    }
}

/// All that a course's page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoursePage {
    /// The course.
    pub course: Course,
    /// Its description as sanitised HTML.
    pub description_html: String,
    /// Its modules and lessons.
    pub outline: Vec<Module>,
    /// Its tiers, cheapest first.
    pub tiers: Vec<Tier>,
    /// Its listing, once the chain has it.
    pub listing: Option<Listing>,
}

impl CoursePage {
    /// All lessons, in reading order.
    pub fn lessons(&self) -> impl Iterator<Item = &LessonHead> {
        self.outline.iter().flat_map(|module| &module.lessons)
    }

    /// Whether the chain would sell this tier at this price now (or it is free).
    pub fn for_sale(&self, tier: &Tier) -> bool {
        let offered = Offered::of(tier.price);
        offered.is_none()
            || self.listing.as_ref().is_some_and(|listing| {
                listing.tiers.iter().any(|on| on.number == tier.number && on.offered() == offered)
            })
    }

    /// The money-back window of a sale now, in days; 0: none. The chain's word, once it has one.
    pub fn refund_days(&self) -> u8 {
        self.listing.as_ref().map_or(self.course.refund_days, |listing| listing.refund_days)
    }

    /// The page's money-back window and the chain's, where they differ.
    pub fn window_differs(&self) -> Option<(u8, u8)> {
        let here = self.course.refund_days;
        self.listing
            .as_ref()
            .map(|listing| (here, listing.refund_days))
            // A course has a window from its listing on, or never.
            .filter(|(here, there)| here != there && *here != 0 && *there != 0)
    }

    /// Whether the chain sells what the page shows.
    pub fn agrees(&self) -> bool {
        self.disagreements().is_empty() && self.window_differs().is_none()
    }

    /// Differences between the page's prices and the chain's, for its instructor: tier name, the
    /// page's price, the chain's price. Empty when nothing is to be listed or all agrees.
    pub fn disagreements(&self) -> Vec<(String, Option<Price>, Option<Offered>)> {
        let listed = self.listing.as_ref().map_or(&[][..], |listing| &listing.tiers);
        let on_chain =
            |number: u8| listed.iter().find(|on| on.number == number).and_then(ListedTier::offered);
        let mut rows: Vec<_> = self
            .tiers
            .iter()
            .filter(|tier| on_chain(tier.number) != Offered::of(tier.price))
            .map(|tier| {
                let here = (!tier.price.is_zero()).then_some(tier.price);
                (tier.name.clone(), here, on_chain(tier.number))
            })
            .collect();
        rows.extend(
            listed
                .iter()
                .filter(|on| on.active && !self.tiers.iter().any(|tier| tier.number == on.number))
                .map(|on| (format!("Tier {} (removed here)", on.number), None, on.offered())),
        );
        rows
    }
}

/// A lesson as its editor sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The lesson.
    pub head: LessonHead,
    /// Where it is.
    pub module: ModuleId,
    /// Its Markdown.
    pub body: String,
    /// Counts edits: an edit names the version that it saw.
    pub version: i64,
    /// Last change.
    pub updated_at: Time,
}

/// A file that belongs to a course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaHead {
    /// The file; `/media/<id>` is its address.
    pub id: MediaId,
    /// Its name at upload.
    pub name: String,
    /// Its content type, as its bytes say.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u32,
}

/// The form of a course's facts, for creating and for editing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CourseForm {
    /// Its title.
    pub title: String,
    /// What it promises, in a sentence.
    pub promise: String,
    /// Markdown.
    pub description: String,
    /// What one will learn, a line each.
    pub outcomes: String,
    /// A level's word.
    pub level: String,
    /// The version that the editor saw; ignored when creating.
    pub version: i64,
}

/// The same, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CourseFacts {
    /// Its title, 3 to 120 characters.
    pub title: String,
    /// Its promise, at most 240 characters.
    pub promise: String,
    /// Markdown, at most 20,000 characters.
    pub description: String,
    /// At most 12 lines of at most 200 characters.
    pub outcomes: Vec<String>,
    /// For whom.
    pub level: Level,
}

impl CourseForm {
    /// Checks and trims.
    ///
    /// # Errors
    /// What is wrong, beside its field.
    pub fn parse(&self) -> Result<CourseFacts, crate::Problem> {
        let mut checks = Checks::default();
        let outcomes: Vec<String> =
            self.outcomes.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let outcomes = if outcomes.len() > 12 {
            Err("At most 12 lines.".to_owned())
        } else {
            outcomes.iter().map(|outcome| line(outcome, 1, 200)).collect()
        };
        let facts = CourseFacts {
            title: checks.field("title", line(&self.title, 3, 120)),
            promise: checks.field("promise", line(&self.promise, 0, 240)),
            description: checks.field("description", prose(&self.description, 0, 20_000)),
            outcomes: checks.field("outcomes", outcomes),
            level: match self.level.as_str() {
                "" => Level::Beginner,
                word => word.parse().unwrap_or_else(|_| {
                    checks.field::<()>("level", Err("Choose one of the levels.".to_owned()));
                    Level::Beginner
                }),
            },
        };
        checks.done().map(|()| facts)
    }
}

/// The form of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LessonForm {
    /// Its title.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Minutes, or empty: counted from the words.
    pub minutes: String,
    /// The tier level that opens it; 0: a preview.
    pub access: String,
    /// The version that the editor saw; ignored when creating.
    pub version: i64,
}

/// The same, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonFacts {
    /// Its title.
    pub title: String,
    /// Its Markdown.
    pub body: String,
    /// How long it takes.
    pub minutes: u32,
    /// The tier level that opens it.
    pub access: u8,
}

impl LessonForm {
    /// Checks and trims. Minutes left empty are counted at 220 words a minute.
    ///
    /// # Errors
    /// What is wrong, beside its field.
    pub fn parse(&self) -> Result<LessonFacts, crate::Problem> {
        let mut checks = Checks::default();
        let body = checks.field("body", prose(&self.body, 0, MAX_LESSON));
        let minutes = match self.minutes.trim() {
            "" => {
                Ok(u32::try_from(body.split_whitespace().count().div_ceil(220)).unwrap_or(600).clamp(1, 600))
            }
            text => text
                .parse()
                .ok()
                .filter(|minutes| (1..=600).contains(minutes))
                .ok_or_else(|| "Write a whole number of minutes, 1 to 600.".to_owned()),
        };
        let facts = LessonFacts {
            title: checks.field("title", line(&self.title, 1, 120)),
            minutes: checks.field("minutes", minutes),
            access: checks.field(
                "access",
                self.access
                    .parse()
                    .ok()
                    .filter(|level| *level <= MAX_TIERS as u8)
                    .ok_or_else(|| "Choose who may read this lesson.".to_owned()),
            ),
            body,
        };
        checks.done().map(|()| facts)
    }
}

/// The form of a tier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TierForm {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub description: String,
    /// Its price in that currency's unit, such as `0.02`.
    pub price: String,
    /// What it is written in: a [`Unit`] as text.
    pub currency: String,
    /// It opens all lessons whose access is at most this.
    pub level: String,
}

/// The same, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierFacts {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub description: String,
    /// Its price.
    pub price: Price,
    /// Its level, 1 to 8.
    pub level: u8,
}

impl TierForm {
    /// Checks and trims.
    ///
    /// # Errors
    /// What is wrong, beside its field.
    pub fn parse(&self) -> Result<TierFacts, crate::Problem> {
        let mut checks = Checks::default();
        let unit = checks.field("currency", self.currency.parse().map_err(|e: UnknownUnit| e.to_string()));
        let facts = TierFacts {
            name: checks.field("name", line(&self.name, 1, 60)),
            description: checks.field("description", line(&self.description, 0, 200)),
            price: checks.field("price", Price::parse(&self.price, unit).map_err(|e| e.to_string())),
            level: checks.field(
                "level",
                self.level
                    .parse()
                    .ok()
                    .filter(|level| (1..=MAX_TIERS as u8).contains(level))
                    .ok_or_else(|| "Choose a level from 1 to 8.".to_owned()),
            ),
        };
        checks.done().map(|()| facts)
    }
}
