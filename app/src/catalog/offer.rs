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
    /// Enrolled: go on reading; these tiers open more.
    Enrolled(Vec<Tier>),
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
        let for_sale = page.course.state == CourseState::Published;
        let tiers = page.tiers.iter().filter(|tier| for_sale && page.for_sale(tier));
        if access.enrolled {
            return Self::Enrolled(tiers.filter(|tier| tier.level > access.level).cloned().collect());
        }
        if access.suspended {
            return Self::Suspended;
        }
        if actor.user() == Some(page.course.teacher.id) {
            return Self::Own;
        }
        if page.course.state == CourseState::Withdrawn {
            return Self::Withdrawn;
        }
        let tiers: Vec<Tier> = tiers.cloned().collect();
        if tiers.is_empty() { Self::NotYet } else { Self::Tiers(tiers) }
    }

    /// What can be bought.
    pub fn tiers(&self) -> &[Tier] {
        match self {
            Self::Tiers(tiers) | Self::Enrolled(tiers) => tiers,
            Self::Own | Self::Suspended | Self::NotYet | Self::Withdrawn => &[],
        }
    }
}
