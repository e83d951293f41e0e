//! Courses as the doors see them.

use serde::{Deserialize, Serialize};

use super::sale::Market;
use crate::{
    ids::{CourseId, LessonId, MediaId, ModuleId, TierId, UserId},
    price::Price,
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
    /// Its sale on each chain that this site sells on, in the site's order.
    pub markets: Vec<Market>,
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
