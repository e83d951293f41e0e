use crate::problem::{Kind, Problem};

/// What can go wrong in learning.
#[derive(Debug, thiserror::Error)]
pub enum LearningError {
    /// There is no such thing for this caller.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The lesson is not open to the caller.
    #[error("the lesson is locked")]
    Locked,
    /// The tier costs something.
    #[error("the tier is not free")]
    NotFree,
    /// The course is not in the catalogue.
    #[error("the course is not for enrolment")]
    NotOpen,
    /// No reason was given where one is kept.
    #[error("a reason is needed")]
    NoReason,
    /// No level from 1 to 8.
    #[error("no such level")]
    NoSuchLevel,
    /// It was taken back before.
    #[error("already revoked")]
    AlreadyRevoked,
}

impl From<LearningError> for Problem {
    fn from(error: LearningError) -> Self {
        match error {
            LearningError::NotFound(what) => Self::not_found(what),
            LearningError::Locked => {
                Self::new(Kind::Forbidden, "locked", "This lesson is part of the paid course.")
            }
            LearningError::NotFree => {
                Self::new(Kind::Conflict, "not_free", "This tier is not free; buy it instead.")
            }
            LearningError::NotOpen => {
                Self::new(Kind::Conflict, "not_open", "This course is not open for new learners.")
            }
            LearningError::NoReason => {
                Self::field("reason", "Say why, in a few words; it is kept in the audit log.")
            }
            LearningError::NoSuchLevel => Self::field("level", "Choose a level from 1 to 8."),
            LearningError::AlreadyRevoked => {
                Self::new(Kind::Conflict, "already_revoked", "This access was taken back already.")
            }
        }
    }
}
