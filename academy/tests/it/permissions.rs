//! Every operation × role. The match over [`Operation`] has no default arm: a new operation does not
//! compile before it says which service methods stand for it.

use academy::{
    Actor, Kind, Operation, Problem,
    accounts::{GivenRole, Profile},
    actor::Role,
    catalog::CatalogQuery,
    chain::Event,
    checkout::{PayBy, Ruling},
    evm::Address,
    ids::{EnrollmentId, MediaId, OrderId, PaymentId, TierId, TransferId},
    page::Filter,
};

use crate::support::{
    CHAIN_ID, MARKET, TestCourse, World, course_form, lesson_form, on_both_engines, person, tier_form,
};

/// The smallest PNG's beginning: its type is read from these bytes.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Visitor,
    Learner,
    OtherInstructor,
    Owner,
    Admin,
    System,
}

const EVERYONE: [Who; 6] =
    [Who::Visitor, Who::Learner, Who::OtherInstructor, Who::Owner, Who::Admin, Who::System];

/// What a method asks for beside the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Nothing.
    Role,
    /// To be somebody: the site itself has no profile and buys nothing.
    Somebody,
    /// The course must be the caller's own, or the caller an admin.
    Own,
}

fn expected(operation: Operation, scope: Scope, who: Who) -> bool {
    let role = match operation.least() {
        Role::Visitor => true,
        Role::Learner => !matches!(who, Who::Visitor | Who::System),
        Role::Instructor => !matches!(who, Who::Visitor | Who::Learner),
        Role::Admin => matches!(who, Who::Admin | Who::System),
    };
    role && match scope {
        Scope::Role => true,
        Scope::Somebody => who != Who::System,
        Scope::Own => who != Who::OtherInstructor,
    }
}

/// The people of the test, signed in once.
struct People {
    learner: Actor,
    other: Actor,
    owner: Actor,
    admin: Actor,
    buyer: Actor,
}

impl People {
    async fn new(world: &World) -> Self {
        Self {
            learner: world.learner().await,
            other: world.teacher().await,
            owner: world.teacher().await,
            admin: world.admin().await,
            buyer: world.learner().await,
        }
    }

    fn actor(&self, who: Who) -> Actor {
        match who {
            Who::Visitor => Actor::Visitor,
            Who::Learner => self.learner.clone(),
            Who::OtherInstructor => self.other.clone(),
            Who::Owner => self.owner.clone(),
            Who::Admin => self.admin.clone(),
            Who::System => Actor::System,
        }
    }
}

/// A course with everything that can be asked about it.
struct Ground {
    course: TestCourse,
    free: TierId,
    cover: MediaId,
    enrollment: EnrollmentId,
    strangers_order: OrderId,
}

async fn prepare(world: &World, people: &People) -> Ground {
    let owner = &people.owner;
    let course = world.course(owner).await;
    let catalog = world.academy.catalog();
    let free = catalog.add_tier(owner, course.id, &tier_form("0", 1)).await.unwrap();
    let cover = catalog.upload(owner, course.id, "cover.png", PNG.to_vec()).await.unwrap().id;
    catalog.set_cover(owner, course.id, Some(cover)).await.unwrap();
    let stranger = Address([0x33; 20]);
    world.academy.learning().grant(&Actor::System, stranger, course.id, 1, "test").await.unwrap();
    let enrollment = world.academy.learning().learners(owner, course.id).await.unwrap()[0].id;
    let strangers_order = world.academy.checkout().open(&people.buyer, course.tier).await.unwrap().id;
    Ground { course, free, cover, enrollment, strangers_order }
}

/// A payment that names no order of ours.
async fn stray_payment(world: &World, course: &TestCourse) -> PaymentId {
    let event = Event::CoursePurchased {
        order: [7; 32],
        beneficiary: Address([0x44; 20]),
        number: course.number,
        tier: 0,
        token: Address::ZERO,
        amount: course.price,
    };
    let stray = world.transaction(Address([0x44; 20]), vec![event]);
    let filter = Filter { q: stray.hash.to_string(), ..Filter::default() };
    world.chain.mine(vec![stray]);
    world.academy.follow_once().await.unwrap();
    world.academy.checkout().payments(&Actor::System, &filter).await.unwrap().rows[0].id
}

type Calls = Vec<(&'static str, Scope, Result<(), Problem>)>;

macro_rules! call {
    ($calls:ident, $scope:ident, $service:ident.$method:ident($($argument:expr),* $(,)?)) => {
        $calls.push((
            stringify!($method),
            Scope::$scope,
            $service.$method($($argument),*).await.map(|_| ()),
        ))
    };
}

/// Calls every method that stands for the operation.
async fn call(world: &World, operation: Operation, ground: &Ground, actor: &Actor) -> Calls {
    let Ground { course, free, cover, enrollment, strangers_order } = ground;
    let academy = &world.academy;
    let (accounts, catalog) = (academy.accounts(), academy.catalog());
    let (learning, checkout) = (academy.learning(), academy.checkout());
    let all = Filter::default();
    let mut calls = Calls::new();
    let webhooks = world.academy.webhooks();
    match operation {
        Operation::BrowseCatalog => {
            call!(calls, Role, catalog.search(actor, &CatalogQuery::default()));
            call!(calls, Role, catalog.course(actor, &course.slug));
        }
        Operation::ReadLesson => call!(calls, Role, learning.lesson(actor, &course.slug, "hello")),
        Operation::ReadMedia => call!(calls, Role, learning.media(actor, *cover)),
        Operation::EditProfile => {
            call!(calls, Somebody, accounts.profile(actor));
            call!(calls, Somebody, accounts.set_profile(actor, &Profile::default()));
        }
        Operation::Study => {
            call!(calls, Somebody, learning.mine(actor));
            call!(calls, Somebody, learning.mark_done(actor, course.preview, true));
            call!(calls, Somebody, learning.remember(actor, course.preview, 500));
        }
        Operation::EnrollFree => call!(calls, Somebody, learning.enroll_free(actor, *free)),
        Operation::Buy => {
            let opened = checkout.open(actor, course.tier).await;
            let id = opened.as_ref().map_or(*strangers_order, |order| order.id);
            calls.push(("open", Scope::Somebody, opened.map(|_| ())));
            call!(calls, Somebody, checkout.mine(actor, &all));
            call!(calls, Somebody, checkout.order(actor, id));
            call!(calls, Somebody, checkout.payment(actor, id, Address([3; 20]), &PayBy::Best));
            call!(calls, Somebody, checkout.refund(actor, id));
            call!(calls, Somebody, checkout.receipt(actor, id));
            call!(calls, Somebody, checkout.cancel(actor, id));
            call!(calls, Somebody, checkout.wait_for(actor, id, "safe-tx-17"));
            call!(calls, Somebody, checkout.wait_no_more(actor, id));
            call!(calls, Somebody, checkout.payout(actor));
            call!(calls, Somebody, checkout.payout_call(actor, CHAIN_ID, MARKET, Address::ZERO, ""));
            call!(calls, Somebody, checkout.submit(actor, id, &world.hash().to_string()));
        }
        Operation::Author => {
            let lesson = lesson_form("New", "Text.", 1);
            let edit = academy::catalog::LessonForm { version: 1, ..lesson.clone() };
            let facts = academy::catalog::CourseForm { version: 1, ..course_form("Renamed") };
            let spare = catalog.add_module(&Actor::System, course.id, "Spare").await.unwrap();
            call!(calls, Somebody, catalog.mine(actor));
            call!(calls, Somebody, catalog.create(actor, &course_form("Another")));
            call!(calls, Role, catalog.preview(actor, "# Hello"));
            call!(calls, Own, catalog.studio(actor, course.id));
            call!(calls, Own, catalog.edit(actor, course.id, &facts));
            call!(calls, Own, catalog.files(actor, course.id));
            call!(calls, Own, catalog.upload(actor, course.id, "a.png", PNG.to_vec()));
            call!(calls, Own, catalog.set_cover(actor, course.id, None));
            call!(calls, Own, catalog.add_module(actor, course.id, "Two"));
            call!(calls, Own, catalog.rename_module(actor, spare, "Renamed"));
            call!(calls, Own, catalog.move_module(actor, spare, 0));
            call!(calls, Own, catalog.add_lesson(actor, spare, &lesson));
            call!(calls, Own, catalog.lesson(actor, course.lesson));
            call!(calls, Own, catalog.edit_lesson(actor, course.lesson, &edit));
            call!(calls, Own, catalog.move_lesson(actor, course.lesson, spare, 0));
            call!(calls, Own, catalog.remove_lesson(actor, course.lesson));
            call!(calls, Own, catalog.remove_module(actor, spare));
            call!(calls, Own, catalog.add_tier(actor, course.id, &tier_form("1", 2)));
            call!(calls, Own, catalog.edit_tier(actor, *free, &tier_form("0", 2)));
            call!(calls, Own, catalog.set_refund_days(actor, course.id, "0"));
            call!(calls, Own, catalog.remove_tier(actor, *free));
        }
        Operation::Publish => {
            call!(calls, Own, catalog.publish(actor, course.id));
            call!(calls, Own, catalog.listing_call(actor, course.id, CHAIN_ID));
            call!(calls, Own, catalog.withdraw(actor, course.id));
        }
        Operation::SeeSales => {
            call!(calls, Own, learning.learners(actor, course.id));
            call!(calls, Own, checkout.sales(actor, course.id, &Filter::default()));
        }
        Operation::SeeUsers => call!(calls, Role, accounts.users(actor, &all)),
        Operation::SetRoles => {
            let user = person(&world.learner().await).id;
            let address = Address([0x11; 20]);
            call!(calls, Role, accounts.set_role(actor, user, GivenRole::Instructor, true, "test"));
            call!(calls, Role, accounts.set_role_of_address(actor, address, GivenRole::Admin, true, "test"));
        }
        Operation::SeeAllCourses => call!(calls, Role, catalog.all(actor, &all)),
        Operation::SeeAllOrders => {
            call!(calls, Role, checkout.orders(actor, &all));
            call!(calls, Role, checkout.payments(actor, &all));
            call!(calls, Role, checkout.transfers(actor, &all));
            call!(calls, Role, checkout.health(actor));
            call!(calls, Role, checkout.health_of_providers(actor));
        }
        Operation::GrantAccess => {
            call!(calls, Role, learning.enrollments(actor, &all));
            call!(calls, Role, learning.grant(actor, Address([0x22; 20]), course.id, 1, "test"));
            call!(calls, Role, learning.revoke(actor, *enrollment, "test"));
        }
        Operation::ReviewPayments => {
            let payment = stray_payment(world, course).await;
            call!(calls, Role, checkout.rule(actor, payment, Ruling::Dismiss, "test"));
            let none = TransferId(payment.0);
            call!(calls, Role, checkout.dismiss_transfer(actor, none, "test"));
            call!(calls, Somebody, checkout.transfer_return(actor, none));
        }
        Operation::ReadAudit => call!(calls, Role, accounts.audit(actor, &all)),
        Operation::ReadEvents => {
            call!(calls, Role, webhooks.events(actor, 0, 1));
            call!(calls, Role, webhooks.endpoints(actor));
        }
        Operation::ResendEvents => call!(calls, Role, webhooks.try_again(actor, "nobody")),
    }
    calls
}

async fn check(world: &World, people: &People, operation: Operation) {
    // Only these change what the next one asks about.
    let changes =
        matches!(operation, Operation::Author | Operation::Publish | Operation::GrantAccess | Operation::Buy);
    let mut ground = prepare(world, people).await;
    for who in EVERYONE {
        let calls = call(world, operation, &ground, &people.actor(who)).await;
        if changes && expected(operation, Scope::Own, who) {
            ground = prepare(world, people).await;
        }
        assert!(!calls.is_empty(), "{operation:?} stands for nothing");
        for (method, scope, result) in calls {
            let refused = match &result {
                Err(problem) => matches!(problem.kind, Kind::Forbidden | Kind::SignInFirst),
                Ok(()) => false,
            };
            let may = expected(operation, scope, who);
            assert_eq!(!refused, may, "{operation:?}: {method} by {who:?} answered {result:?}");
            if !may {
                let kind = result.unwrap_err().kind;
                let wanted = if who == Who::Visitor { Kind::SignInFirst } else { Kind::Forbidden };
                assert_eq!(kind, wanted, "{operation:?}: {method} by {who:?}");
            } else if let Err(problem) = result {
                // Whatever else stood in the way, it was no mistake of ours.
                assert_ne!(problem.kind, Kind::Internal, "{operation:?}: {method} by {who:?}");
            }
        }
    }
}

on_both_engines! {
    async fn every_operation_by_every_role(world: &World) {
        let people = People::new(world).await;
        for operation in Operation::ALL {
            check(world, &people, *operation).await;
        }
    }

    async fn another_instructor_changes_nothing(world: &World) {
        let owner = world.teacher().await;
        let course = world.course(&owner).await;
        let before = world.academy.catalog().studio(&owner, course.id).await.unwrap();
        let other = world.teacher().await;
        let ground = Ground {
            free: course.tier,
            cover: MediaId(course.id.0),
            enrollment: EnrollmentId(course.id.0),
            strangers_order: OrderId(course.id.0),
            course,
        };
        for operation in [Operation::Publish, Operation::SeeSales] {
            call(world, operation, &ground, &other).await;
        }
        let catalog = world.academy.catalog();
        let edit = academy::catalog::CourseForm { version: before.course.version, ..course_form("Mine now") };
        assert!(catalog.edit(&other, ground.course.id, &edit).await.is_err());
        assert!(catalog.remove_module(&other, ground.course.module).await.is_err());
        assert!(catalog.remove_lesson(&other, ground.course.lesson).await.is_err());
        assert!(catalog.edit_tier(&other, ground.course.tier, &tier_form("0", 1)).await.is_err());
        let own = catalog.create(&other, &course_form("My own")).await.unwrap();
        let module = catalog.add_module(&other, own.id, "Mine").await.unwrap();
        // Nor by way of one's own course.
        assert!(catalog.move_lesson(&other, ground.course.lesson, module, 0).await.is_err());
        assert!(catalog.move_lesson(&owner, ground.course.lesson, module, 0).await.is_err());
        assert_eq!(catalog.studio(&owner, ground.course.id).await.unwrap(), before);
    }
}
