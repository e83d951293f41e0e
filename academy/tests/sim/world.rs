//! The place: one database for many histories, with its people and courses, and what is in it.

use std::{
    collections::BTreeSet,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
};

use academy::{
    Academy, Actor,
    accounts::{GivenRole, Site},
    catalog::{CourseForm, LessonForm, TierForm},
    chain::{
        Chain, Event, QuoteKey, Round,
        fake::{FakeChain, FakeTransaction},
    },
    checkout::{ChainInfo, Depth, Feed, Network, Policy, Quotes, Token},
    entropy::CountingEntropy,
    evm::{Address, TxHash},
    fault::{Faults, NoFaults},
    ids::{CourseId, TierId},
    money::{Currency, Wei},
    price::Fiat,
    store::Db,
    time::{FixedClock, Time},
};
use alloy::signers::{SignerSync, local::PrivateKeySigner};
use ruint::aliases::U256;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

/// The chains that the site sells on. A history has the first only, or both.
pub const CHAINS: [u64; 2] = [31337, 31338];
pub const MARKET: Address = Address([0xAA; 20]);
pub const START: Time = Time(1_800_000_000_000);
/// Empty blocks between the listings and the first act: no reorg reaches the listings.
pub const FOUNDATION: usize = 66;
pub const TTL_MINUTES: i64 = 30;
pub const TOLERANCE_MINUTES: i64 = 10;
/// A token that the site sells for; and the feeds that say what it and the coin are worth.
pub const TOKEN: Address = Address([0xD1; 20]);
const FEEDS: [Address; 2] = [Address([0xFE; 20]), Address([0xFD; 20])];
/// The money-back window of the one course that has any, in days.
pub const WINDOW_DAYS: u8 = 14;
/// The courses' listings, tier prices, and what those are in: two for the coin, one with a window that
/// sells one tier for a token, one priced in dollars.
const COURSES: [[(&str, &str); 2]; 4] = [
    [("0.02", ""), ("0.05", "")],
    [("0.02", ""), ("0.05", "")],
    [("0.02", ""), ("49.5", "token")],
    [("40", "USD"), ("100", "USD")],
];
/// The place of the course with a window.
pub const RETURNABLE: usize = 2;

/// A tier of a course.
#[derive(Clone, Copy)]
pub struct Tier {
    pub id: TierId,
    pub number: u8,
    pub level: u8,
    /// What the market lists it at; nothing where it is sold by quote.
    pub price: Wei,
}

/// A course: a preview, a lesson for each level, a tier for each level.
pub struct Course {
    pub id: CourseId,
    pub slug: String,
    pub listing: u64,
    pub tiers: [Tier; 2],
}

/// A buyer.
pub struct Buyer {
    pub actor: Actor,
    pub address: Address,
}

/// Kills the work at a point, the so-manieth time that it gets there; from then on all is dead.
#[derive(Default)]
pub struct Crash(Mutex<(Option<(&'static str, u32)>, bool)>);

/// All points at which work died so far.
pub static DIED_AT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

impl Crash {
    pub fn arm(&self, point: &'static str, pass: u32) {
        self.0.lock().unwrap().0 = Some((point, pass));
    }

    /// The work died: nothing of it goes on.
    pub fn is_dead(&self) -> bool {
        self.0.lock().unwrap().1
    }

    /// Works until it is done, or dies.
    pub async fn outlives(&self, work: impl Future<Output = ()>) {
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Pending if !self.is_dead() => Poll::Pending,
            _ => Poll::Ready(()),
        })
        .await;
    }
}

impl Faults for Crash {
    fn dies_at(&self, point: &'static str) -> bool {
        let (armed, dead) = &mut *self.0.lock().unwrap();
        if let Some((at, passes)) = armed
            && *at == point
        {
            if *passes == 0 {
                *dead = true;
                DIED_AT.lock().unwrap().insert(point);
            }
            *passes = passes.saturating_sub(1);
        }
        *dead
    }
}

/// Our id as the contract keeps it.
pub fn reference(id: &[u8; 16]) -> [u8; 32] {
    let mut reference = [0; 32];
    reference[..16].copy_from_slice(id);
    reference
}

pub struct World {
    pub db: Db,
    folder: std::path::PathBuf,
    pub reader: SqliteConnection,
    pub teacher: Actor,
    /// The teacher's account on the chain.
    pub lister: Address,
    pub admin: Actor,
    pub buyers: Vec<Buyer>,
    pub courses: Vec<Course>,
    pub listing: Vec<FakeTransaction>,
}

impl World {
    pub fn academy(
        db: &Db,
        chains: Vec<Arc<dyn Chain>>,
        policy: &Policy,
        clock: Arc<FixedClock>,
        entropy: Arc<CountingEntropy>,
        faults: Arc<dyn Faults>,
    ) -> Academy {
        let site = Site {
            domain: "learn.example".to_owned(),
            uri: "https://learn.example".to_owned(),
            name: "Lectern".to_owned(),
        };
        let info = |id: u64| ChainInfo {
            id,
            hex_id: format!("{id:#x}"),
            name: format!("Chain {id}"),
            currency: "ETH".to_owned(),
            rpc_url: None,
            explorer: None,
            tokens: vec![token()],
        };
        let mut chains = CHAINS.into_iter().zip(chains);
        let (first, chain) = chains.next().unwrap();
        let mut builder = Academy::builder(db.clone(), chain, policy.clone(), site, info(first))
            .quotes(quotes())
            .clock(clock)
            .entropy(entropy)
            .faults(faults);
        for (id, chain) in chains {
            let policy = Policy { chain_id: id, ..policy.clone() };
            builder = builder.also(Network::new(chain, policy, info(id)).quotes(Some(quotes())));
        }
        builder.build()
    }

    pub async fn new() -> Self {
        // In memory where the machine has a place for that: durability is not what is tried here.
        let shared = std::path::PathBuf::from("/dev/shm");
        let parent = if shared.is_dir() { shared } else { std::env::temp_dir() };
        let name = academy::entropy::token(&academy::entropy::SystemEntropy);
        let folder = parent.join(format!("lectern-sim-{}", &name[..16]));
        std::fs::create_dir(&folder).unwrap();
        let url = format!("sqlite://{}", folder.join("sim.db").display());
        let db = Db::connect(&url).await.unwrap();
        db.migrate().await.unwrap();
        let mut reader = SqliteConnection::connect(&url).await.unwrap();
        let chains = CHAINS.map(|id| Arc::new(FakeChain::new(id)));
        let academy = Self::academy(
            &db,
            chains.iter().map(|chain| chain.clone() as Arc<dyn Chain>).collect(),
            &policy(Depth::Confirmations(1), Depth::Confirmations(3), Vec::new()),
            Arc::new(FixedClock::new(START)),
            Arc::default(),
            Arc::new(NoFaults),
        );
        let signers: Vec<_> =
            (1..=5).map(|key: u8| PrivateKeySigner::from_slice(&[key; 32]).unwrap()).collect();
        let address = |signer: &PrivateKeySigner| Address(signer.address().0.0);
        let accounts = academy.accounts();
        let role = GivenRole::Instructor;
        accounts.set_role_of_address(&Actor::System, address(&signers[0]), role, true, "sim").await.unwrap();
        let (last, role) = (address(&signers[4]), GivenRole::Admin);
        accounts.set_role_of_address(&Actor::System, last, role, true, "sim").await.unwrap();
        let mut actors = Vec::new();
        for signer in &signers {
            let session = accounts.start_session().await.unwrap().session.id;
            let challenge = accounts.challenge(session, address(signer), None).await.unwrap();
            let signature = signer.sign_message_sync(challenge.message.as_bytes()).unwrap().to_string();
            actors.push(accounts.sign_in(session, &challenge.nonce, &signature).await.unwrap().session.actor);
        }
        let teacher = actors.remove(0);
        let admin = actors.pop().unwrap();
        let lister = address(&signers[0]);
        let mut courses = Vec::new();
        let mut listing = Vec::new();
        for number in 1..=COURSES.len() as u64 {
            let course = draft(&academy, &teacher, number).await;
            let mut events = vec![Event::CourseListed {
                number,
                reference: reference(course.id.0.as_bytes()),
                lister,
                payee: lister,
            }];
            events.extend(course.tiers.iter().map(|tier| Event::TierPriced {
                number,
                tier: tier.number,
                price: tier.price,
                active: true,
            }));
            if courses.len() == RETURNABLE {
                events.push(Event::WindowChanged { number, days: WINDOW_DAYS });
            }
            listing.push(FakeTransaction {
                hash: TxHash([number as u8; 32]),
                sender: lister,
                nonce: number - 1,
                success: true,
                events: events.into_iter().map(|event| (MARKET, event)).collect(),
            });
            courses.push(course);
        }
        for (id, chain) in CHAINS.into_iter().zip(chains) {
            chain.set_time(START.0.cast_unsigned() / 1000);
            chain.mine(listing.clone());
            // What a deep reorg leaves is known to be there.
            academy.follow(id).await.unwrap();
            chain.mine_empty(FOUNDATION);
            academy.follow(id).await.unwrap();
        }
        let keep = "CREATE TABLE first_cursors AS SELECT * FROM chain_cursors;
                    CREATE TABLE first_blocks AS SELECT * FROM chain_blocks;";
        sqlx::raw_sql(keep).execute(&mut reader).await.unwrap();
        let buyers = actors
            .into_iter()
            .map(|actor| {
                let person = actor.person().unwrap().clone();
                Buyer { actor, address: person.address }
            })
            .collect();
        Self { db, folder, reader, teacher, lister, admin, buyers, courses, listing }
    }

    pub async fn execute(&self, sql: &str) {
        let Db::Sqlite { write, .. } = &self.db else { unreachable!("the simulator made it so") };
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(write).await.unwrap();
    }

    /// As if nobody had ever bought anything: what is read is the foundation.
    pub async fn clear(&self) {
        self.execute(
            "BEGIN; DELETE FROM webhook_events; DELETE FROM submissions; DELETE FROM payments; DELETE FROM refunds; DELETE FROM transfers; DELETE FROM transfer_cursors; DELETE FROM enrollments; DELETE FROM orders;
             DELETE FROM jobs; DELETE FROM chain_cursors; DELETE FROM chain_blocks; DELETE FROM audit_log;
             INSERT INTO chain_cursors SELECT * FROM first_cursors; INSERT INTO chain_blocks SELECT * FROM first_blocks;
             UPDATE courses SET state = 'published'; COMMIT;",
        )
        .await;
    }

    pub async fn close(self) {
        self.reader.close().await.unwrap();
        self.db.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

/// A course that waits for its listing.
async fn draft(academy: &Academy, teacher: &Actor, listing: u64) -> Course {
    let catalog = academy.catalog();
    let form = CourseForm {
        title: format!("Course {listing}"),
        promise: "You will.".to_owned(),
        ..CourseForm::default()
    };
    let course = catalog.create(teacher, &form).await.unwrap();
    let module = catalog.add_module(teacher, course.id, "One").await.unwrap();
    for level in 0..=2 {
        let form = LessonForm {
            title: format!("Level {level}"),
            body: "Text.".to_owned(),
            access: level.to_string(),
            ..LessonForm::default()
        };
        catalog.add_lesson(teacher, module, &form).await.unwrap();
    }
    let mut tiers = Vec::new();
    for (number, (price, unit)) in (0_u8..).zip(COURSES[listing as usize - 1]) {
        let level = number + 1;
        let form = TierForm {
            name: format!("Level {level}"),
            description: String::new(),
            price: price.to_owned(),
            currency: if unit == "token" { format!("{TOKEN}/{}", token().decimals) } else { unit.to_owned() },
            level: level.to_string(),
        };
        let id = catalog.add_tier(teacher, course.id, &form).await.unwrap();
        let listed = if unit.is_empty() { Wei::from_ether(price).unwrap() } else { Wei::ZERO };
        tiers.push(Tier { id, number, level, price: listed });
    }
    if is_returnable(listing) {
        catalog.set_refund_days(teacher, course.id, &WINDOW_DAYS.to_string()).await.unwrap();
    }
    catalog.publish(teacher, course.id).await.unwrap();
    Course { id: course.id, slug: course.slug, listing, tiers: tiers.try_into().ok().unwrap() }
}

fn token() -> Currency {
    Currency { token: TOKEN, symbol: "USDC".to_owned(), decimals: 6 }
}

/// The site sells for the token, and in dollars for both.
fn quotes() -> Quotes {
    let feed = |of: Currency, address| Feed {
        currency: Fiat::Usd,
        of,
        address,
        max_age_seconds: u64::MAX,
        min_cents: 1,
        max_cents: u64::MAX,
    };
    Quotes {
        key: Arc::new(QuoteKey::from_hex(&"51".repeat(32)).unwrap()),
        tokens: vec![Token { currency: token(), domain: None }],
        feeds: vec![feed(Currency::coin("ETH"), FEEDS[0]), feed(token(), FEEDS[1])],
        crosses: Vec::new(),
        sequencer: None,
        ttl_minutes: TTL_MINUTES,
    }
}

/// Two thousand dollars to the coin, and one to the token, since long ago.
pub fn set_rates(chain: &FakeChain) {
    for (feed, dollars) in FEEDS.into_iter().zip([2000, 1]) {
        let answer = Some(U256::from(dollars));
        chain.set_round(feed, Round { answer, decimals: 0, started_at: 1, updated_at: 1 });
    }
}

/// A chain's place among [`CHAINS`].
pub fn place_of(chain_id: u64) -> usize {
    CHAINS.iter().position(|id| *id == chain_id).unwrap()
}

/// Whether the market holds a listing's money for a while.
pub fn is_returnable(listing: u64) -> bool {
    listing == RETURNABLE as u64 + 1
}

pub fn policy(opening: Depth, finality: Depth, provisional_limits: Vec<(Address, Wei)>) -> Policy {
    Policy {
        chain_id: CHAINS[0],
        market: MARKET,
        start_block: 0,
        former_markets: Vec::new(),
        opening,
        provisional_limits,
        finality,
        order_ttl_minutes: TTL_MINUTES,
        late_tolerance_minutes: TOLERANCE_MINUTES,
        max_log_range: 1000,
        reorg_depth: 512,
        stuck_after_minutes: 10,
        stale_after_millis: 60_000,
    }
}
