//! What people may read, and how far they have come.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::{CourseCard, LessonHead, words},
    ids::{CourseId, EnrollmentId, UserId},
    time::Time,
};

words! {
    /// Whence an enrollment comes.
    Source {
        /// A payment on a chain.
        Payment = "payment",
        /// A tier that costs nothing.
        Free = "free",
        /// An admin's word.
        Grant = "grant",
    }
}

words! {
    /// Whether an enrollment opens lessons now.
    EnrollmentState {
        /// It does.
        Active = "active",
        /// Its payment fell out of the chain and is being confirmed again.
        Suspended = "suspended",
        /// An admin took it back.
        Revoked = "revoked",
        /// Its payment went back to whoever paid it.
        Refunded = "refunded",
    }
}

/// What a caller may read of a course.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Lessons up to this access level are open; 0: previews only.
    pub level: u8,
    /// Enrolled: their progress counts. (Instructors and admins read without being enrolled.)
    pub enrolled: bool,
    /// A payment of theirs is being confirmed again after a reorg.
    pub suspended: bool,
}

/// A lesson, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonView {
    /// The lesson.
    pub head: LessonHead,
    /// Its module's title.
    pub module: String,
    /// Its text as sanitised HTML.
    pub html: String,
    /// Done already.
    pub done: bool,
    /// How far down the reader was, 0 to 1000.
    pub position: u16,
}

/// One course of mine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// The course.
    pub card: CourseCard,
    /// Whence the access comes.
    pub source: Source,
    /// Whether it is open now.
    pub state: EnrollmentState,
    /// Lessons done, of those that are open to me.
    pub done: u32,
    /// Lessons open to me.
    pub open: u32,
    /// Where to go on: a lesson's slug.
    pub continue_at: Option<String>,
    /// Last visit, or the enrollment's time.
    pub last_at: Time,
}

/// Someone enrolled in a course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learner {
    /// The enrollment.
    pub id: EnrollmentId,
    /// The account.
    pub user: UserId,
    /// The course.
    pub course: CourseId,
    /// The course's title.
    pub course_title: String,
    /// Their name, or a shortened address.
    pub name: String,
    /// Their wallet, checksummed.
    pub wallet: String,
    /// Access level.
    pub level: u8,
    /// Whence.
    pub source: Source,
    /// Whether it opens lessons now.
    pub state: EnrollmentState,
    /// Lessons done.
    pub done: u32,
    /// Since when.
    pub created_at: Time,
}
