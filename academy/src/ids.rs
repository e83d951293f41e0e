//! Identifiers: a UUID per kind of thing, so that a lesson's id is never taken for a course's.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(sqlx::Type), sqlx(transparent))]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id! {
    /// A person, whatever their wallets.
    UserId,
    /// A browser's session, signed in or not.
    SessionId,
    /// A course.
    CourseId,
    /// A module of a course.
    ModuleId,
    /// A lesson of a module.
    LessonId,
    /// A price and the access it buys.
    TierId,
    /// An uploaded file.
    MediaId,
    /// What someone set out to buy.
    OrderId,
    /// A fact on a chain.
    PaymentId,
    /// Tokens that came to a market without a purchase.
    TransferId,
    /// The right to read.
    EnrollmentId,
    /// A line of the audit log.
    AuditId,
    /// A piece of queued work.
    JobId,
}
