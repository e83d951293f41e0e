//! What people write of courses, lessons and tiers, checked.

use serde::{Deserialize, Serialize};

use super::model::{Level, MAX_LESSON, MAX_TIERS};
use crate::{
    price::{Price, UnknownUnit},
    text::{Checks, line, prose},
};

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
