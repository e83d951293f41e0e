//! Courses and purchases, made as people make them.

use academy::{
    Actor,
    catalog::{CourseForm, LessonForm, Published, TierForm},
    chain::{Event, Hold, Round, fake::FakeTransaction},
    checkout::Order,
    evm::Address,
    ids::{CourseId, LessonId, ModuleId, TierId},
    learning::LessonAnswer,
    money::Wei,
};

use ruint::aliases::U256;

use super::{FEED, MARKET, USDC_FEED, World, person};

/// A published course with a preview (`hello`), a paid lesson (`secret`) and a paid tier.
#[derive(Clone, Debug)]
pub struct TestCourse {
    pub id: CourseId,
    pub slug: String,
    pub module: ModuleId,
    pub preview: LessonId,
    pub lesson: LessonId,
    pub tier: TierId,
    /// Its number on the chain.
    pub number: u64,
    pub price: Wei,
}

pub fn course_form(title: &str) -> CourseForm {
    CourseForm { title: title.to_owned(), promise: "You will.".to_owned(), ..CourseForm::default() }
}

pub fn lesson_form(title: &str, body: &str, access: u8) -> LessonForm {
    LessonForm {
        title: title.to_owned(),
        body: body.to_owned(),
        access: access.to_string(),
        ..LessonForm::default()
    }
}

pub fn tier_form(price: &str, level: u8) -> TierForm {
    TierForm {
        name: format!("Level {level}"),
        description: String::new(),
        price: price.to_owned(),
        currency: String::new(),
        level: level.to_string(),
    }
}

/// Our id as the contract keeps it.
pub fn reference(id: &impl ToString) -> [u8; 32] {
    let mut reference = [0; 32];
    for (place, digits) in reference.iter_mut().zip(id.to_string().replace('-', "").as_bytes().chunks(2)) {
        *place = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    }
    reference
}

impl World {
    /// A draft with two lessons and no tier.
    pub async fn draft(&self, teacher: &Actor) -> TestCourse {
        let catalog = self.academy.catalog();
        let title = format!("Course {}", self.fresh());
        let course = catalog.create(teacher, &course_form(&title)).await.unwrap();
        let module = catalog.add_module(teacher, course.id, "One").await.unwrap();
        let preview =
            catalog.add_lesson(teacher, module, &lesson_form("Hello", "Welcome.", 0)).await.unwrap();
        let lesson =
            catalog.add_lesson(teacher, module, &lesson_form("Secret", "The secret.", 1)).await.unwrap();
        TestCourse {
            id: course.id,
            slug: course.slug,
            module,
            preview,
            lesson,
            tier: TierId(course.id.0),
            number: self.fresh(),
            price: Wei::from_ether("0.02").unwrap(),
        }
    }

    /// A course for sale, listed by its teacher's wallet.
    pub async fn course(&self, teacher: &Actor) -> TestCourse {
        let mut course = self.draft(teacher).await;
        let catalog = self.academy.catalog();
        course.tier = catalog.add_tier(teacher, course.id, &tier_form("0.02", 1)).await.unwrap();
        let published = catalog.publish(teacher, course.id).await.unwrap();
        assert!(matches!(published, Published::NeedsListing(_)));
        self.chain.mine(vec![self.listing(&course, person(teacher).address)]);
        self.academy.follow_once().await.unwrap();
        course
    }

    /// A course for sale and someone who wants it.
    pub async fn sale(&self) -> (TestCourse, Actor) {
        let teacher = self.teacher().await;
        (self.course(&teacher).await, self.learner().await)
    }

    /// A course for sale with a money-back window, and someone who wants it.
    pub async fn sale_with_window(&self, days: u8) -> (TestCourse, Actor, Actor) {
        let teacher = self.teacher().await;
        let mut course = self.draft(&teacher).await;
        let catalog = self.academy.catalog();
        course.tier = catalog.add_tier(&teacher, course.id, &tier_form("0.02", 1)).await.unwrap();
        catalog.set_refund_days(&teacher, course.id, &days.to_string()).await.unwrap();
        catalog.publish(&teacher, course.id).await.unwrap();
        let mut listing = self.listing(&course, person(&teacher).address);
        listing.events.push((MARKET, Event::WindowChanged { number: course.number, days }));
        self.chain.mine(vec![listing]);
        self.academy.follow_once().await.unwrap();
        (course, teacher, self.learner().await)
    }

    /// A course for sale in dollars, and someone who wants it.
    pub async fn sale_by_quote(&self, dollars: &str) -> (TestCourse, Actor, Actor) {
        self.sale_in("USD", dollars).await
    }

    /// A course for sale in a unit that is quoted, its teacher, and someone who wants it.
    pub async fn sale_in(&self, unit: &str, figure: &str) -> (TestCourse, Actor, Actor) {
        let teacher = self.teacher().await;
        let mut course = self.draft(&teacher).await;
        let catalog = self.academy.catalog();
        let tier = TierForm { currency: unit.to_owned(), ..tier_form(figure, 1) };
        course.tier = catalog.add_tier(&teacher, course.id, &tier).await.unwrap();
        catalog.publish(&teacher, course.id).await.unwrap();
        course.price = Wei::ZERO;
        let mut listing = self.listing(&course, person(&teacher).address);
        listing.events[1].1 = self.by_quote(&course);
        self.chain.mine(vec![listing]);
        self.academy.follow_once().await.unwrap();
        (course, teacher, self.learner().await)
    }

    pub fn by_quote(&self, course: &TestCourse) -> Event {
        Event::TierPriced { number: course.number, tier: 0, price: Wei::ZERO, active: true }
    }

    /// What the dollar's feed answers from now on: so many dollars to the coin.
    pub fn set_rate(&self, dollars: u64) {
        let now = u64::try_from(self.academy.now().0 / 1000).unwrap();
        let answer = Some(U256::from(dollars) * U256::from(100_000_000));
        let round = Round { answer, decimals: 8, started_at: now, updated_at: now };
        self.chain.set_round(FEED, round);
        // USDC is a dollar.
        self.chain.set_round(USDC_FEED, Round { answer: Some(U256::from(100_000_000)), ..round });
    }

    /// As [`World::payment`], and the market holds the money until then (in seconds).
    pub fn held_payment(&self, course: &TestCourse, order: &Order, until: u64) -> FakeTransaction {
        let payer: Address = order.beneficiary.parse().unwrap();
        let hold = Hold { payee: MARKET, payer, fee: Wei::ZERO, until };
        let held = Event::PurchaseHeld { order: reference(&order.id), hold };
        self.transaction(payer, vec![self.purchased(course, order), held])
    }

    /// What the market says when the order's purchase is given back.
    pub fn refunded(&self, course: &TestCourse, order: &Order) -> Event {
        Event::PurchaseRefunded {
            order: reference(&order.id),
            beneficiary: order.beneficiary.parse().unwrap(),
            number: course.number,
            tier: 0,
            token: order.currency.token,
            amount: order.price,
        }
    }

    /// A transaction of anyone, with these events of our market.
    pub fn transaction(&self, sender: Address, events: Vec<Event>) -> FakeTransaction {
        FakeTransaction {
            hash: self.hash(),
            sender,
            nonce: self.fresh(),
            success: true,
            events: events.into_iter().map(|event| (MARKET, event)).collect(),
        }
    }

    /// Lists the course at its price as tier 0.
    pub fn listing(&self, course: &TestCourse, lister: Address) -> FakeTransaction {
        let listed = Event::CourseListed {
            number: course.number,
            reference: reference(&course.id),
            lister,
            payee: lister,
        };
        self.transaction(lister, vec![listed, self.priced(course, 0, course.price)])
    }

    pub fn priced(&self, course: &TestCourse, tier: u8, price: Wei) -> Event {
        Event::TierPriced { number: course.number, tier, price, active: !price.is_zero() }
    }

    /// What the market says when the order is paid for.
    pub fn purchased(&self, course: &TestCourse, order: &Order) -> Event {
        Event::CoursePurchased {
            order: reference(&order.id),
            beneficiary: order.beneficiary.parse().unwrap(),
            number: course.number,
            tier: 0,
            token: order.currency.token,
            amount: order.price,
        }
    }

    /// The transaction that pays for the order, not mined yet.
    pub fn payment(&self, course: &TestCourse, order: &Order) -> FakeTransaction {
        self.transaction(order.beneficiary.parse().unwrap(), vec![self.purchased(course, order)])
    }

    /// Whether the paid lesson opens for them, as a reader would find out.
    pub async fn can_read(&self, actor: &Actor, course: &TestCourse) -> bool {
        let answer = self.academy.learning().lesson(actor, &course.slug, "secret").await.unwrap();
        matches!(answer, LessonAnswer::Open(_))
    }

    /// So many orders are paid in the whole place, each by one payment and with one enrollment.
    pub async fn assert_paid(&self, sales: i64) {
        for (what, sql) in [
            ("payments", "SELECT COUNT(*) FROM payments"),
            ("accepted", "SELECT COUNT(*) FROM payments WHERE standing = 'accepted'"),
            ("enrollments", "SELECT COUNT(*) FROM enrollments"),
            ("open", "SELECT COUNT(*) FROM enrollments WHERE state = 'active'"),
            ("paid", "SELECT COUNT(*) FROM orders WHERE state = 'paid'"),
        ] {
            assert_eq!(self.count(sql).await, sales, "{what}");
        }
    }

    /// Nobody may read, and no payment counts.
    pub async fn assert_nothing_opened(&self) {
        assert_eq!(self.count("SELECT COUNT(*) FROM enrollments").await, 0, "enrollments");
        assert_eq!(
            self.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await,
            0,
            "accepted"
        );
    }
}
