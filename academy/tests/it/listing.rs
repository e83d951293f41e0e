//! A course and its listing on the chain.

use academy::{
    Actor,
    accounts::GivenRole,
    catalog::{CourseState, Offered, Published},
    chain::Event,
    evm::Address,
    money::Wei,
    price::Price,
};

use crate::support::{CHAIN_ID, TestCourse, World, on_both_engines, person, refusal, tier_form};

fn ether(text: &str) -> Wei {
    Wei::from_ether(text).unwrap()
}

/// A draft with a paid tier whose publishing waits for the chain.
async fn waiting(world: &World, teacher: &Actor) -> TestCourse {
    let mut course = world.draft(teacher).await;
    let catalog = world.academy.catalog();
    course.tier = catalog.add_tier(teacher, course.id, &tier_form("0.02", 1)).await.unwrap();
    let published = catalog.publish(teacher, course.id).await.unwrap();
    let Published::NeedsListing(call) = published else { panic!("the chain has nothing yet") };
    assert_eq!((call.value.as_str(), &call.from), ("0x0", &person(teacher).address_text));
    course
}

async fn state(world: &World, course: &TestCourse) -> CourseState {
    world.academy.catalog().studio(&Actor::System, course.id).await.unwrap().course.state
}

on_both_engines! {
    async fn a_paid_course_publishes_itself_when_the_chain_has_it(world: &World) {
        let teacher = world.teacher().await;
        let course = waiting(world, &teacher).await;
        assert_eq!(state(world, &course).await, CourseState::Draft);
        world.chain.mine(vec![world.listing(&course, person(&teacher).address)]);
        world.academy.follow_once().await.unwrap();
        assert_eq!(state(world, &course).await, CourseState::Published);
        assert!(world.academy.catalog().listing_call(&teacher, course.id, CHAIN_ID).await.unwrap().is_none());
        let page = world.academy.catalog().course(&Actor::Visitor, &course.slug).await.unwrap();
        let listing = page.markets[0].listing.as_ref().unwrap();
        assert_eq!((listing.number, &listing.payee), (course.number, &person(&teacher).address_text));
    }

    async fn a_listing_alone_publishes_nothing_that_was_not_asked_for(world: &World) {
        let teacher = world.teacher().await;
        let mut course = world.draft(&teacher).await;
        course.tier = world.academy.catalog().add_tier(&teacher, course.id, &tier_form("0.02", 1)).await.unwrap();
        world.chain.mine(vec![world.listing(&course, person(&teacher).address)]);
        world.academy.follow_once().await.unwrap();
        assert_eq!(state(world, &course).await, CourseState::Draft);
        assert!(matches!(world.academy.catalog().publish(&teacher, course.id).await.unwrap(), Published::Done));
    }

    async fn a_strangers_listing_is_ignored(world: &World) {
        let teacher = world.teacher().await;
        let course = waiting(world, &teacher).await;
        let stranger = world.teacher().await;
        world.chain.mine(vec![world.listing(&course, person(&stranger).address)]);
        world.academy.follow_once().await.unwrap();
        assert_eq!(state(world, &course).await, CourseState::Draft);
        let page = world.academy.catalog().studio(&teacher, course.id).await.unwrap();
        assert!(page.markets[0].listing.is_none());
        // The instructor's own is taken afterwards, and a stranger's does not replace it.
        let own = TestCourse { number: course.number + 100, ..course.clone() };
        world.chain.mine(vec![world.listing(&own, person(&teacher).address)]);
        let cheap = TestCourse { number: own.number + 1, price: ether("0.000001"), ..course.clone() };
        world.chain.mine(vec![world.listing(&cheap, person(&stranger).address)]);
        world.academy.follow_once().await.unwrap();
        let page = world.academy.catalog().course(&Actor::Visitor, &course.slug).await.unwrap();
        assert_eq!(page.markets[0].listing.as_ref().unwrap().number, own.number);
        assert!(page.for_sale(&page.tiers[0]));
    }

    async fn a_purchase_through_a_strangers_listing_never_opens(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let theirs = TestCourse { number: course.number + 100, ..course.clone() };
        world.chain.mine(vec![world.listing(&theirs, person(&buyer).address)]);
        world.chain.mine(vec![world.payment(&theirs, &order)]);
        world.turn().await;
        world.assert_nothing_opened().await;
    }

    async fn what_page_and_chain_disagree_about_is_not_for_sale(world: &World) {
        let (teacher, buyer) = (world.teacher().await, world.learner().await);
        let (catalog, checkout) = (world.academy.catalog(), world.academy.checkout());
        let course = world.course(&teacher).await;
        catalog.edit_tier(&teacher, course.tier, &tier_form("0.05", 1)).await.unwrap();
        assert_eq!(refusal(checkout.open(&buyer, course.tier).await).1, "not_for_sale");
        let page = catalog.studio(&teacher, course.id).await.unwrap();
        assert_eq!(page.differences(&page.markets[0]), [("Level 1".to_owned(), Some(Price::Coin(ether("0.05"))), Some(Offered::At(ether("0.02"))))]);
        assert!(catalog.listing_call(&teacher, course.id, CHAIN_ID).await.unwrap().is_some());
        let me = person(&teacher).address;
        world.chain.mine(vec![world.transaction(me, vec![world.priced(&course, 0, ether("0.05"))])]);
        world.academy.follow_once().await.unwrap();
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap().price, ether("0.05"));
        // A tier that was removed here, and is still sold there, is a disagreement too.
        catalog.remove_tier(&teacher, course.tier).await.unwrap();
        let page = catalog.studio(&teacher, course.id).await.unwrap();
        assert_eq!(page.differences(&page.markets[0]).len(), 1);
        assert!(catalog.listing_call(&teacher, course.id, CHAIN_ID).await.unwrap().is_some());
        world.chain.mine(vec![world.transaction(me, vec![world.priced(&course, 0, Wei::ZERO)])]);
        world.academy.follow_once().await.unwrap();
        assert!(catalog.listing_call(&teacher, course.id, CHAIN_ID).await.unwrap().is_none());
    }

    async fn only_the_listings_wallet_is_asked_to_change_it(world: &World) {
        let catalog = world.academy.catalog();
        let (teacher, admin) = (world.teacher().await, world.admin().await);
        let unlisted = waiting(world, &teacher).await;
        assert_eq!(refusal(catalog.listing_call(&admin, unlisted.id, CHAIN_ID).await).1, "other_lister");
        let course = world.course(&teacher).await;
        catalog.edit_tier(&teacher, course.tier, &tier_form("0.05", 1)).await.unwrap();
        assert_eq!(refusal(catalog.listing_call(&admin, course.id, CHAIN_ID).await).1, "other_lister");
        assert_eq!(refusal(catalog.publish(&admin, course.id).await).1, "other_lister");
        let me = person(&teacher).address;
        let given = Event::ListerChanged { number: course.number, lister: Address([7; 20]) };
        let paid_to = Event::PayeeChanged { number: course.number, payee: Address([8; 20]) };
        world.chain.mine(vec![world.transaction(me, vec![given, paid_to])]);
        world.academy.follow_once().await.unwrap();
        assert_eq!(refusal(catalog.listing_call(&teacher, course.id, CHAIN_ID).await).1, "other_lister");
        let listing = catalog.studio(&teacher, course.id).await.unwrap().markets[0].listing.clone().unwrap();
        assert_eq!(listing.payee, Address([8; 20]).checksummed());
    }

    async fn an_admin_who_teaches_lists_their_own(world: &World) {
        let teacher = world.person(&[GivenRole::Admin]).await;
        let course = world.course(&teacher).await;
        assert_eq!(state(world, &course).await, CourseState::Published);
    }

    async fn listing_again_takes_the_newer_one_with_its_prices_alone(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let me = person(&teacher).address;
        world.chain.mine(vec![world.transaction(me, vec![world.priced(&course, 5, ether("9"))])]);
        let again = TestCourse { number: course.number + 100, ..course.clone() };
        world.chain.mine(vec![world.listing(&again, me)]);
        for _ in 0..2 {
            world.academy.follow_once().await.unwrap();
            let listing = world.academy.catalog().studio(&teacher, course.id).await.unwrap().markets[0].listing.clone().unwrap();
            assert_eq!((listing.number, listing.tiers.len()), (again.number, 1));
        }
    }
}
