//! What a course's page offers to this visitor: one button, whatever the state.

use academy::{
    Actor,
    catalog::{CoursePage, CourseState, Tier},
    learning::Access,
};

/// What the purchase card shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is the visitor's own course.
    Own,
    /// Enrolled: go on reading.
    Enrolled,
    /// Paid, and the payment is being confirmed again.
    Suspended,
    /// These tiers can be had now, cheapest first.
    Tiers(Vec<Tier>),
    /// Published, but the chain does not sell it yet.
    NotYet,
    /// No longer for sale.
    Withdrawn,
}

impl Offer {
    /// What `actor` is offered.
    pub fn of(page: &CoursePage, access: Access, actor: &Actor) -> Self {
        if access.suspended {
            return Self::Suspended;
        }
        if access.enrolled {
            return Self::Enrolled;
        }
        if actor.user() == Some(page.course.teacher.id) {
            return Self::Own;
        }
        if page.course.state == CourseState::Withdrawn {
            return Self::Withdrawn;
        }
        let tiers: Vec<Tier> = page.tiers.iter().filter(|tier| page.for_sale(tier)).cloned().collect();
        if tiers.is_empty() { Self::NotYet } else { Self::Tiers(tiers) }
    }
}
