//! Who asks, and what each may do at all. Whose thing it is, the services check beside this.

use serde::{Deserialize, Serialize};

use crate::{evm::Address, ids::UserId, problem::Problem};

/// A signed-in person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their account.
    pub id: UserId,
    /// The wallet they signed in with.
    pub address: Address,
    /// The same address with its EIP-55 checksum, for reading.
    pub address_text: String,
    /// The chain that their wallet was on then (EIP-155), if the site sells there.
    pub chain_id: Option<u64>,
    /// Their wallet is a contract of that chain: on others its address may be somebody else's.
    pub contract_on: Option<u64>,
    /// The name they gave, or empty.
    pub name: String,
    /// May teach.
    pub instructor: bool,
    /// May run the place.
    pub admin: bool,
}

/// The caller of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody in particular.
    Visitor,
    /// A signed-in person.
    Person(Person),
    /// The site itself: workers and the operator's command line.
    System,
}

/// The least that a caller must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Anyone.
    Visitor,
    /// Anyone signed in.
    Learner,
    /// Someone with the instructor's role, or an admin.
    Instructor,
    /// An admin, or the site itself.
    Admin,
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident => $role:ident,)+) => {
        /// Everything that a door can ask for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation { $($(#[$doc])* $name,)+ }

        impl Operation {
            /// All of them, for the permission test.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The least role that may ask.
            pub fn least(self) -> Role {
                match self { $(Self::$name => Role::$role,)+ }
            }
        }
    };
}

operations! {
    /// Search and see published courses.
    BrowseCatalog => Visitor,
    /// Ask to read a lesson; the enrollment decides.
    ReadLesson => Visitor,
    /// Ask for a file; the lesson that shows it decides.
    ReadMedia => Visitor,
    /// Change one's own name and biography.
    EditProfile => Learner,
    /// Mark lessons done, keep the place, list one's courses.
    Study => Learner,
    /// Enrol in a tier that costs nothing.
    EnrollFree => Learner,
    /// Open, pay, follow and cancel one's own orders; take out what a contract owes one.
    Buy => Learner,
    /// Create and change one's own courses.
    Author => Instructor,
    /// Publish and withdraw one's own courses.
    Publish => Instructor,
    /// See the learners and sales of one's own courses.
    SeeSales => Instructor,
    /// List all users.
    SeeUsers => Admin,
    /// Give and take roles.
    SetRoles => Admin,
    /// List all courses, drafts included.
    SeeAllCourses => Admin,
    /// List all orders and payments.
    SeeAllOrders => Admin,
    /// Decide about payments that opened nothing, or were too much.
    ReviewPayments => Admin,
    /// Give and take access by hand.
    GrantAccess => Admin,
    /// Read the audit log.
    ReadAudit => Admin,
    /// Read what other programs are told of, and how that goes.
    ReadEvents => Admin,
    /// Tell them again.
    ResendEvents => Admin,
}

impl Actor {
    /// The person, if there is one.
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::Visitor | Self::System => None,
        }
    }

    /// The account, if there is one.
    pub fn user(&self) -> Option<UserId> {
        self.person().map(|person| person.id)
    }

    /// Whether the caller has an admin's rights.
    pub fn is_admin(&self) -> bool {
        matches!(self, Self::System) || self.person().is_some_and(|person| person.admin)
    }

    fn has(&self, role: Role) -> bool {
        match (role, self) {
            (Role::Visitor, _) => true,
            (Role::Learner, Self::Person(_)) => true,
            (Role::Instructor, Self::Person(person)) => person.instructor || person.admin,
            (Role::Admin, Self::Person(person)) => person.admin,
            // The operator's command line grants the first admin and seeds courses.
            (Role::Instructor | Role::Admin, Self::System) => true,
            _ => false,
        }
    }

    /// Refuses unless the caller's role allows the operation at all.
    ///
    /// # Errors
    /// `sign_in_first` for visitors, `forbidden` for everyone else.
    pub fn may(&self, operation: Operation) -> Result<(), Problem> {
        match (self.has(operation.least()), self) {
            (true, _) => Ok(()),
            (false, Self::Visitor) => Err(Problem::sign_in_first()),
            (false, _) => Err(Problem::forbidden()),
        }
    }

    /// As [`Actor::may`], and answers who it is.
    ///
    /// # Errors
    /// As [`Actor::may`]; `forbidden` too where only a person makes sense.
    pub fn person_who_may(&self, operation: Operation) -> Result<&Person, Problem> {
        self.may(operation)?;
        self.person().ok_or_else(Problem::forbidden)
    }
}
