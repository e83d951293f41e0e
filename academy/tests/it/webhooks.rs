//! Case 30: what other programs are told comes twice, out of order, or never; and nothing is lost by it.

use std::sync::{Arc, Mutex};

use academy::{
    Academy, Actor, Kind,
    chain::{Event, fake::FakeTransaction},
    checkout::{Order, OrderState, Ruling},
    fault::{Faults, NoFaults},
    money::Wei,
    page::Filter,
    webhooks::{Endpoint, EventKind, Sender, SigningSecret},
};
use async_trait::async_trait;
use serde_json::Value;
use standardwebhooks::Webhook;

use crate::support::{Kill, MARKET, TestCourse, USDC, World, on_both_engines, person, refusal, turn};

const SECRET: &str = "whsec_bm9ib2R5IGtub3dzIHRoaXMgc2VjcmV0IG9mIG91cnM=";
/// What Standard Webhooks proposes, in seconds.
const PAUSES: [i64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// A post, as an endpoint saw it.
#[derive(Clone, Debug, PartialEq)]
struct Post {
    url: String,
    id: String,
    seconds: String,
    signature: String,
    body: String,
}

impl Post {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// Programs that answer with what they are told to.
#[derive(Default)]
struct Programs {
    posts: Mutex<Vec<Post>>,
    /// The address of one that takes a post and never answers.
    silent: Mutex<String>,
    /// What is answered next; 204 when there is nothing more.
    answers: Mutex<Vec<Result<u16, String>>>,
}

impl Programs {
    fn answer(&self, answers: &[Result<u16, &str>]) {
        *self.answers.lock().unwrap() =
            answers.iter().rev().map(|answer| answer.map_err(str::to_owned)).collect();
    }

    fn taken(&self) -> Vec<Post> {
        std::mem::take(&mut self.posts.lock().unwrap())
    }
}

#[async_trait]
impl Sender for Programs {
    async fn post(&self, url: &str, headers: &[(&'static str, String)], body: String) -> Result<u16, String> {
        let header = |name: &str| headers.iter().find(|(other, _)| *other == name).unwrap().1.clone();
        self.posts.lock().unwrap().push(Post {
            url: url.to_owned(),
            id: header("webhook-id"),
            seconds: header("webhook-timestamp"),
            signature: header("webhook-signature"),
            body,
        });
        if *self.silent.lock().unwrap() == url {
            std::future::pending::<()>().await;
        }
        self.answers.lock().unwrap().pop().unwrap_or(Ok(204))
    }
}

/// The same place, which tells these of what happens.
fn telling(world: &World, names: &[&str], programs: &Arc<Programs>, faults: Arc<dyn Faults>) -> Academy {
    let endpoints = names.iter().map(|name| Endpoint {
        name: (*name).to_owned(),
        url: format!("https://{name}.example/hook"),
        secret: SigningSecret::parse(SECRET).unwrap(),
    });
    world.academy_telling(endpoints.collect(), programs.clone(), faults)
}

async fn paid(world: &World, academy: &Academy) -> (TestCourse, Actor, Order) {
    let (course, buyer) = world.sale().await;
    let order = academy.checkout().open(&buyer, course.tier).await.unwrap();
    world.chain.mine(vec![world.payment(&course, &order)]);
    turn(academy).await;
    (course, buyer, order)
}

/// What was told of so far, by anyone who asks.
async fn kinds(academy: &Academy) -> Vec<String> {
    let events = academy.webhooks().events(&Actor::System, 0, 200).await.unwrap();
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

on_both_engines! {
    async fn case_30_an_event_tells_what_was_paid_and_is_signed(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["shop", "books"], &programs, Arc::new(NoFaults));
        let (course, buyer, order) = paid(world, &academy).await;
        assert_eq!(academy.webhooks().deliver().await.unwrap(), 2);
        let mut posts = programs.taken();
        posts.sort_by(|one, other| one.url.cmp(&other.url));
        let urls: Vec<_> = posts.iter().map(|post| post.url.as_str()).collect();
        assert_eq!(urls, ["https://books.example/hook", "https://shop.example/hook"]);
        assert_eq!((&posts[0].id, &posts[0].body), (&posts[1].id, &posts[1].body));
        let post = &posts[0];
        assert_eq!(post.seconds, (world.academy.now().0 / 1000).to_string());
        let signed = Webhook::new(SECRET).unwrap();
        let seconds = post.seconds.parse().unwrap();
        assert_eq!(post.signature, signed.sign(&post.id, seconds, post.body.as_bytes()).unwrap());
        let event = post.json();
        assert_eq!(event["id"], post.id);
        assert_eq!((&event["type"], &event["sequence"]), (&"order.paid".into(), &1.into()));
        assert_eq!(event["timestamp"], world.academy.now().rfc3339());
        let data = &event["data"];
        assert_eq!(data["order"], order.id.to_string());
        assert_eq!((&data["state"], &data["is_final"]), (&"paid".into(), &false.into()));
        assert_eq!(data["course"]["slug"], course.slug);
        assert_eq!(data["buyer"], person(&buyer).address.checksummed());
        assert_eq!(data["payment"]["amount"]["base_units"], course.price.to_string());
        assert_eq!(data["price"]["symbol"], "ETH");
        assert_eq!(academy.webhooks().deliver().await.unwrap(), 0);
    }

    async fn case_30_one_that_comes_twice_has_the_same_id_and_body(world: &World) {
        let programs = Arc::new(Programs::default());
        let faults = Arc::new(Kill::default());
        let academy = telling(world, &["shop"], &programs, faults.clone());
        let (.., order) = paid(world, &academy).await;
        // The order is settled again and again, and told of once.
        for _ in 0..3 {
            academy.checkout().settle(order.id).await.unwrap();
        }
        assert_eq!(kinds(&academy).await, ["order.paid"]);
        // The worker dies after the program has taken it.
        faults.arm("deliver.posted");
        assert!(faults.outlives(academy.webhooks().deliver()).await.is_none());
        let again = telling(world, &["shop"], &programs, Arc::new(NoFaults));
        assert_eq!(again.webhooks().deliver().await.unwrap(), 0, "as long as it may still be at work");
        world.advance_minutes(1);
        again.webhooks().deliver().await.unwrap();
        let posts = programs.taken();
        assert_eq!(posts.len(), 2);
        assert_eq!((&posts[0].id, &posts[0].body), (&posts[1].id, &posts[1].body));
        assert_ne!(posts[0].signature, posts[1].signature, "signed with the time of each post");
        let state = &again.webhooks().endpoints(&Actor::System).await.unwrap()[0];
        assert_eq!((state.delivered, state.waiting, state.given_up), (1, 0, 0));
    }

    async fn case_30_two_workers_do_not_both_post(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["shop"], &programs, Arc::new(NoFaults));
        paid(world, &academy).await;
        let (one, two) = (academy.webhooks(), academy.webhooks());
        let (one, two) = futures::join!(one.deliver(), two.deliver());
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        assert_eq!(programs.taken().len(), 1);
    }

    async fn case_30_one_that_is_not_taken_comes_again_with_longer_and_longer_pauses(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["shop"], &programs, Arc::new(NoFaults));
        let webhooks = academy.webhooks();
        paid(world, &academy).await;
        programs.answer(&[Ok(500), Err("it does not answer"), Ok(302), Ok(404), Ok(429), Ok(503), Ok(500), Ok(500), Ok(500)]);
        for (pause, why) in PAUSES.into_iter().zip(["it answered 500", "it does not answer", "it answered 302"].iter().chain(&["it answered"; 6])) {
            assert_eq!(webhooks.deliver().await.unwrap(), 1);
            let state = &webhooks.endpoints(&Actor::System).await.unwrap()[0];
            assert!(state.last_error.as_deref().unwrap().starts_with(why), "{state:?}");
            assert_eq!((state.waiting, state.given_up), (1, 0));
            world.clock.advance_millis(pause * 1000 - 1);
            assert_eq!(webhooks.deliver().await.unwrap(), 0, "{pause}");
            world.clock.advance_millis(1);
        }
        assert_eq!(webhooks.deliver().await.unwrap(), 1);
        let posts = programs.taken();
        assert_eq!(posts.len(), 10);
        assert!(posts.iter().all(|post| (&post.id, &post.body) == (&posts[0].id, &posts[0].body)));
        let state = &webhooks.endpoints(&Actor::System).await.unwrap()[0];
        assert_eq!((state.delivered, state.last_error.as_deref()), (1, None));
    }

    async fn case_30_one_that_is_never_taken_is_given_up_and_can_be_had_all_the_same(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["shop"], &programs, Arc::new(NoFaults));
        let webhooks = academy.webhooks();
        paid(world, &academy).await;
        programs.answer(&[Ok(500); 10]);
        for pause in PAUSES.into_iter().chain([86_400]) {
            assert_eq!(webhooks.deliver().await.unwrap(), 1);
            world.clock.advance_millis(pause * 1000);
        }
        assert_eq!(webhooks.deliver().await.unwrap(), 0);
        let lost = programs.taken();
        let state = &webhooks.endpoints(&Actor::System).await.unwrap()[0];
        assert_eq!((state.waiting, state.given_up), (0, 1));
        // It asks for what it missed.
        let events = webhooks.events(&Actor::System, 0, 10).await.unwrap();
        assert_eq!(events, [lost[0].json()]);
        // Or it is told again, by an admin's wish.
        let admin = world.admin().await;
        assert_eq!(refusal(webhooks.try_again(&admin, "nobody").await), (Kind::NotFound, "no_such_endpoint".to_owned()));
        webhooks.try_again(&admin, "shop").await.unwrap();
        assert_eq!(webhooks.deliver().await.unwrap(), 1);
        assert_eq!(programs.taken()[0].id, lost[0].id);
        assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE act = 'webhooks.resent'").await, 1);
    }

    async fn case_30_one_that_is_gone_is_told_no_more(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["shop"], &programs, Arc::new(NoFaults));
        paid(world, &academy).await;
        programs.answer(&[Ok(410)]);
        academy.webhooks().deliver().await.unwrap();
        let state = &academy.webhooks().endpoints(&Actor::System).await.unwrap()[0];
        assert_eq!((state.waiting, state.given_up), (0, 1));
    }

    async fn case_30_one_that_fails_holds_up_no_other(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["shop", "books"], &programs, Arc::new(NoFaults));
        paid(world, &academy).await;
        programs.answer(&[Ok(500)]);
        academy.webhooks().deliver().await.unwrap();
        let states = academy.webhooks().endpoints(&Actor::System).await.unwrap();
        let delivered: u32 = states.iter().map(|state| state.delivered).sum();
        assert_eq!(delivered, 1);
        assert_eq!(states.iter().map(|state| state.waiting).sum::<u32>(), 1);
    }

    async fn case_30_what_comes_out_of_order_is_known_by_its_number(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["shop"], &programs, Arc::new(NoFaults));
        let (course, _, order) = paid(world, &academy).await;
        // The first one is not taken; meanwhile a reorg takes the payment's block, and gives it another.
        programs.answer(&[Ok(503)]);
        academy.webhooks().deliver().await.unwrap();
        world.chain.reorg(1);
        world.chain.mine_empty(2);
        turn(&academy).await;
        academy.webhooks().deliver().await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        turn(&academy).await;
        academy.webhooks().deliver().await.unwrap();
        world.clock.advance_millis(PAUSES[0] * 1000);
        academy.webhooks().deliver().await.unwrap();
        let came: Vec<_> = programs.taken().iter().map(|post| (post.json()["sequence"].clone(), post.kind())).collect();
        let came: Vec<_> = came.iter().map(|(sequence, kind)| (sequence.as_u64().unwrap(), kind.as_str())).collect();
        assert_eq!(came, [(1, "order.paid"), (2, "order.suspended"), (3, "order.paid"), (1, "order.paid")]);
        world.chain.mine_empty(3);
        turn(&academy).await;
        assert_eq!(kinds(&academy).await, ["order.paid", "order.suspended", "order.paid", "order.final"]);
    }

    async fn case_30_there_is_no_event_without_its_change(world: &World) {
        let programs = Arc::new(Programs::default());
        let faults = Arc::new(Kill::default());
        let academy = telling(world, &["shop"], &programs, faults.clone());
        faults.arm("settle.order_written");
        let (course, buyer) = world.sale().await;
        let order = academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        assert!(faults.outlives(turn(&academy)).await.is_none());
        assert!(kinds(&academy).await.is_empty());
        let again = telling(world, &["shop"], &programs, Arc::new(NoFaults));
        world.advance_minutes(1);
        turn(&again).await;
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(again.checkout().order(&buyer, order.id).await.unwrap().state, OrderState::Paid);
        assert_eq!(kinds(&again).await, ["order.paid"]);
    }

    async fn case_29_a_refund_is_told(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["shop"], &programs, Arc::new(NoFaults));
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = academy.checkout().open(&buyer, course.tier).await.unwrap();
        let until = u64::try_from(academy.now().0 / 1000).unwrap() + 14 * 86_400;
        world.chain.mine(vec![world.held_payment(&course, &order, until)]);
        turn(&academy).await;
        let back = world.transaction(person(&buyer).address, vec![world.refunded(&course, &order)]);
        world.chain.mine(vec![back]);
        turn(&academy).await;
        assert_eq!(kinds(&academy).await, ["order.paid", "order.refunded"]);
    }

    async fn money_that_needs_a_person_is_told_once_for_each_reason(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["shop"], &programs, Arc::new(NoFaults));
        let (course, buyer) = world.sale().await;
        let order = academy.checkout().open(&buyer, course.tier).await.unwrap();
        academy.checkout().cancel(&buyer, order.id).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        for _ in 0..3 {
            turn(&academy).await;
        }
        academy.webhooks().deliver().await.unwrap();
        let posts = programs.taken();
        assert_eq!(posts.iter().map(Post::kind).collect::<Vec<_>>(), ["payment.review"]);
        let data = &posts[0].json()["data"];
        assert_eq!((&data["reason"], &data["order"]), (&"closed".into(), &order.id.to_string().into()));
        // It is accepted: the order says the rest.
        let admin = world.admin().await;
        let review = Filter { state: "review".to_owned(), ..Filter::default() };
        let payment = academy.checkout().payments(&admin, &review).await.unwrap().rows[0].id;
        academy.checkout().rule(&admin, payment, Ruling::Accept, "all right").await.unwrap();
        turn(&academy).await;
        assert_eq!(kinds(&academy).await, ["payment.review", "order.paid"]);
    }

    async fn case_13_tokens_that_came_without_a_purchase_are_told_once(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["shop"], &programs, Arc::new(NoFaults));
        let sender = person(&world.learner().await).address;
        let moved = Event::Transferred { from: sender, to: MARKET, amount: Wei::parse_figure("15", 6).unwrap() };
        world.chain.mine(vec![FakeTransaction { events: vec![(USDC, moved)], ..world.transaction(sender, Vec::new()) }]);
        world.chain.mine_empty(2);
        for _ in 0..3 {
            world.advance_minutes(1);
            turn(&academy).await;
        }
        academy.webhooks().deliver().await.unwrap();
        let posts = programs.taken();
        assert_eq!(posts.iter().map(Post::kind).collect::<Vec<_>>(), ["transfer.review"]);
        let data = &posts[0].json()["data"];
        assert_eq!((&data["sender"], &data["order"]), (&sender.checksummed().into(), &Value::Null));
        assert_eq!((&data["amount"]["base_units"], &data["amount"]["symbol"]), (&"15000000".into(), &"USDC".into()));
    }

    async fn the_worker_tells_of_what_happened(world: &World) {
        let programs = Arc::new(Programs::default());
        let academy = telling(world, &["silent", "shop"], &programs, Arc::new(NoFaults));
        *programs.silent.lock().unwrap() = "https://silent.example/hook".to_owned();
        let worker = academy.worker(Vec::new(), std::future::pending());
        let told = async {
            for _ in 0..2 {
                paid(world, &academy).await;
                let to_shop = || programs.taken().iter().any(|post| post.url.contains("shop"));
                while !to_shop() {
                    tokio::task::yield_now().await;
                }
            }
        };
        tokio::select! {
            () = worker => unreachable!("it never stops"),
            () = told => {}
        }
    }

    async fn events_are_read_in_pages_and_by_admins_only(world: &World) {
        let academy = telling(world, &[], &Arc::default(), Arc::new(NoFaults));
        for _ in 0..3 {
            paid(world, &academy).await;
        }
        // Each earlier one became final or not; the page is cut by number alone.
        let all = academy.webhooks().events(&Actor::System, 0, 200).await.unwrap();
        let mut after = 0;
        for event in &all {
            let page = academy.webhooks().events(&Actor::System, after, 1).await.unwrap();
            assert_eq!(page, std::slice::from_ref(event));
            after = event["sequence"].as_u64().unwrap();
        }
        assert!(academy.webhooks().events(&Actor::System, after, 1).await.unwrap().is_empty());
        assert!(academy.webhooks().events(&Actor::System, u64::MAX, 0).await.unwrap().is_empty());
        let teacher = world.teacher().await;
        assert_eq!(refusal(academy.webhooks().events(&teacher, 0, 1).await).0, Kind::Forbidden);
    }
}

#[test]
fn a_secret_is_24_to_64_bytes() {
    assert!(SigningSecret::parse(SECRET).is_ok());
    for bad in
        ["", "whsec_", "whsec_c2hvcnQ=", &SECRET[6..], "whsec_not base 64, and long enough for a secret"]
    {
        assert!(SigningSecret::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(format!("{:?}", SigningSecret::parse(SECRET).unwrap()), "SigningSecret(…)");
    assert!(EventKind::ALL.iter().all(|kind| kind.word().contains('.')));
}
