//! One history: acts drawn from a seed, carried out one after the other, each checked.

use std::{collections::HashSet, sync::Arc};

use academy::{
    Academy, Kind, Problem,
    chain::{Chain, Event, Rpc},
    checkout::{Depth, OrderState, Ruling, Setback, Standing},
    entropy::CountingEntropy,
    evm::{Address, BlockTag},
    ids::TransferId,
    learning::LessonAnswer,
    money::Wei,
    time::FixedClock,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    book::Book,
    deeds::Act,
    net::{Happening, Net},
    oracle::{Deeds, Oracle},
    rows::{Books, PaymentRow},
    schedule::Gate,
    world::{CHAINS, Crash, FOUNDATION, RETURNABLE, START, TOKEN, World, policy, reference},
};

/// The most turns that a quiet place may need to come to rest.
const TURNS: usize = 12;

/// Which two courses a history's people buy, the first of them more often: mostly those for the coin, so
/// that what is special about the others does not thin out what is not.
const SHELVES: [[usize; 2]; 6] = [[0, 1], [0, 1], [0, 1], [RETURNABLE, 0], [RETURNABLE, 3], [3, RETURNABLE]];

/// A history under way.
pub struct History<'a> {
    pub world: &'a mut World,
    pub academy: Academy,
    pub nets: Vec<Net>,
    pub gate: Arc<Gate>,
    pub crash: Arc<Crash>,
    pub clock: Arc<FixedClock>,
    entropy: Arc<CountingEntropy>,
    policy: academy::checkout::Policy,
    pub oracle: Oracle,
    pub shelf: [usize; 2],
    pub hashes: Vec<(usize, academy::evm::TxHash)>,
    /// The true time, in milliseconds; the site's clock may be wrong.
    pub time: i64,
    pub skew: i64,
    pub minted: u64,
    /// The tokens without a purchase that an admin dismissed.
    pub dismissed: HashSet<TransferId>,
    /// The greatest height that each chain ever had.
    highest: [u64; 2],
    /// What people did in this step.
    pub deeds: Deeds,
    /// The database refuses to write.
    pub full: bool,
    pub broken: Option<String>,
}

/// What went wrong, at which act.
#[derive(Debug)]
pub struct Failure {
    pub acts: usize,
    pub property: String,
}

/// The acts that a seed stands for.
pub fn acts(seed: u64) -> Vec<Act> {
    let mut dice = StdRng::seed_from_u64(seed);
    let count = dice.random_range(8..=24);
    (0..count).map(|_| Act::draw(&mut dice)).collect()
}

/// Lives through a history.
pub async fn live(world: &mut World, seed: u64, acts: &[Act]) -> Result<(), Failure> {
    world.clear().await;
    let mut history = History::new(world, seed);
    let mut books = Books::default();
    for (place, act) in acts.iter().enumerate() {
        let fail = |property| Failure { acts: place + 1, property };
        let mut views = history.views();
        history.deeds = Deeds::default();
        history.act(act).await;
        if act.leaves_the_site_alone() {
            continue;
        }
        views.extend(history.views());
        if let Some(property) = history.broken.take() {
            return Err(fail(property));
        }
        let after = history.world.books().await;
        history.oracle.check_step(&books, &after, &views, &history.deeds).map_err(fail)?;
        books = after;
    }
    history.end(books).await.map_err(|property| Failure { acts: acts.len(), property })
}

/// Above what sums a payment opens nothing before it is final.
fn some_limits(dice: &mut StdRng) -> Vec<(Address, Wei)> {
    let coins = if dice.random() { Wei::ZERO } else { Wei::from_ether("0.02").unwrap() };
    let limits = [(Address::ZERO, coins), (TOKEN, Wei::ZERO)];
    limits.into_iter().filter(|_| dice.random_ratio(1, 4)).collect()
}

impl<'a> History<'a> {
    fn new(world: &'a mut World, seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed.rotate_left(32));
        let gate = Arc::new(Gate::new(&world.db));
        let providers = dice.random_range(1..=3);
        let open_at = dice.random_range(1..=3);
        let finality = match dice.random_range(0..5) {
            0 => Depth::Tag(BlockTag::Finalized),
            kind => Depth::Confirmations([3, 6, 12, 70][kind - 1]),
        };
        let by_tag = matches!(finality, Depth::Tag(_)) && dice.random();
        let opening = if by_tag { Depth::Tag(BlockTag::Safe) } else { Depth::Confirmations(open_at) };
        let seconds = START.0.cast_unsigned() / 1000;
        let shelf = SHELVES[dice.random_range(0..SHELVES.len())];
        let chains = if dice.random_ratio(1, 4) { CHAINS.len() } else { 1 };
        let nets: Vec<Net> = (0..chains)
            .map(|place| {
                let mut net = Net::new(place, providers, seed, &gate);
                net.happens(Happening::Mined(world.listing.clone(), seconds));
                for _ in 0..FOUNDATION {
                    net.happens(Happening::Mined(Vec::new(), seconds));
                }
                for course in &world.courses {
                    net.wish(&Event::CourseListed {
                        number: course.listing + 90,
                        reference: reference(course.id.0.as_bytes()),
                        lister: world.lister,
                        payee: RELAY,
                    });
                }
                net
            })
            .collect();
        let limits = some_limits(&mut dice);
        let policy = policy(opening, finality, limits.clone());
        let clock = Arc::new(FixedClock::new(START));
        let entropy = Arc::new(CountingEntropy::default());
        let crash = Arc::new(Crash::default());
        let academy = build(world, &nets, &policy, &clock, &entropy, &crash);
        Self {
            world,
            academy,
            nets,
            gate,
            crash,
            clock,
            entropy,
            policy,
            oracle: Oracle {
                orders: Vec::new(),
                withdrawn: [false; 4],
                opening,
                limits,
                finality,
                safe: [0; 2],
                finalized: [0; 2],
                replaced: HashSet::new(),
                dismissed: Vec::new(),
                too_much: HashSet::new(),
            },
            shelf,
            hashes: Vec::new(),
            time: START.0,
            skew: 0,
            minted: 0,
            dismissed: HashSet::new(),
            highest: [FOUNDATION as u64 + 1; 2],
            deeds: Deeds::default(),
            full: false,
            broken: None,
        }
    }

    /// The process starts again.
    pub fn restart(&mut self) {
        self.crash = Arc::new(Crash::default());
        self.academy = build(self.world, &self.nets, &self.policy, &self.clock, &self.entropy, &self.crash);
    }

    pub fn pass(&mut self, millis: i64) {
        self.time += millis;
        self.clock.advance_millis(millis);
    }

    pub fn mine(&mut self, chain: usize, transactions: Vec<academy::chain::fake::FakeTransaction>) {
        self.pass(12_000);
        let net = &mut self.nets[chain];
        net.mine(transactions, self.time.cast_unsigned() / 1000);
        self.highest[chain] = self.highest[chain].max(net.truth.height());
    }

    /// A chain's network vouches for more.
    pub fn vouch(&mut self, chain: usize, tag: BlockTag, height: u64) {
        let tagged = self.oracle.tagged(tag);
        if height > tagged[chain] {
            tagged[chain] = height;
            self.nets[chain].happens(Happening::Tagged(tag, height));
        }
    }

    /// The histories that honest providers may tell now.
    fn views(&self) -> Vec<Book> {
        self.nets.iter().flat_map(Net::views).collect()
    }

    /// An answer that nobody should ever see.
    pub fn expect_sane<T>(&mut self, what: &str, result: Result<T, Problem>) -> Option<T> {
        match result {
            Ok(answer) => Some(answer),
            Err(problem) => {
                if problem.kind == Kind::Internal && !self.full {
                    self.broken = Some(format!("{what} answered {}: {}", problem.code, problem.message));
                }
                None
            }
        }
    }

    /// All is well again, and time goes by until nothing changes any more.
    async fn end(&mut self, mut books: Books) -> Result<(), String> {
        let mut views = self.views();
        self.nets.iter().for_each(Net::heal);
        self.clock.advance_millis(-self.skew);
        self.skew = 0;
        // A new history is the longer one in the end; and what opens nothing before it is final becomes so.
        let (limited, finality) = (!self.oracle.limits.is_empty(), self.oracle.finality);
        let deep = match finality {
            Depth::Confirmations(depth) if limited => depth.max(3),
            _ => 3,
        };
        for chain in 0..self.nets.len() {
            let enough = self.highest[chain] + u64::from(deep);
            while self.nets[chain].truth.height() < enough {
                self.mine(chain, Vec::new());
            }
            self.vouch(chain, BlockTag::Safe, enough);
            if limited && matches!(finality, Depth::Tag(_)) {
                self.vouch(chain, BlockTag::Finalized, enough);
            }
        }
        self.pass(6 * 3_600_000);
        views.extend(self.views());
        self.deeds = Deeds::default();
        self.come_to_rest(&mut books, &views).await?;
        let truths: Vec<&Book> = self.nets.iter().map(|net| &net.truth).collect();
        if self.oracle.check_written(&books, &truths).is_err() {
            // What nodes could not vouch for when it was read is read once more when it is final.
            self.make_final();
            views.extend(self.views());
            self.come_to_rest(&mut books, &views).await?;
        }
        let truths: Vec<&Book> = self.nets.iter().map(|net| &net.truth).collect();
        self.oracle.check_written(&books, &truths)?;
        self.oracle.check_end(&books, &truths)?;
        self.oracle.check_surplus(&books, &self.world.told_as_overpaid().await)?;
        let told = self.world.told().await;
        check_told(&books, &told)?;
        self.check_transfers(&told).await?;
        self.read_all(&books).await?;
        self.decide_surpluses(&books).await
    }

    /// All that was mined becomes final, and more: final blocks are read again many at a time.
    fn make_final(&mut self) {
        let depth = match self.oracle.finality {
            Depth::Confirmations(depth) => u64::from(depth),
            Depth::Tag(_) => 0,
        };
        for chain in 0..self.nets.len() {
            let enough = self.nets[chain].truth.height() + depth + 40;
            while self.nets[chain].truth.height() < enough {
                self.mine(chain, Vec::new());
            }
            for tag in [BlockTag::Safe, BlockTag::Finalized] {
                self.vouch(chain, tag, enough);
            }
        }
    }

    /// Time goes by until nothing changes any more.
    async fn come_to_rest(&mut self, books: &mut Books, views: &[Book]) -> Result<(), String> {
        let mut quiet = 0;
        for _ in 0..TURNS {
            let mut behind = false;
            for chain in &CHAINS[..self.nets.len()] {
                let followed = self.academy.follow(*chain).await.map_err(|p| format!("the follower: {p}"))?;
                behind |= followed.more || followed.next <= followed.head;
            }
            self.academy.run_jobs_once().await.map_err(|p| format!("the jobs: {p}"))?;
            let after = self.world.books().await;
            self.oracle.check_step(books, &after, views, &self.deeds)?;
            quiet = if same(books, &after) && !behind { quiet + 1 } else { 0 };
            *books = after;
            if quiet == 1 {
                return Ok(());
            }
            self.pass(120_000);
        }
        Err("it never comes to rest".to_owned())
    }

    /// An admin decides about every payment's surplus: once where there is one for good, and never elsewhere.
    async fn decide_surpluses(&self, books: &Books) -> Result<(), String> {
        for row in &books.payments {
            let dear = self.oracle.is_dear(row);
            let mut due = dear && row.is_final && row.surplus_ruled != Some(row.amount);
            for _ in 0..if dear { 2 } else { 1 } {
                let kept = Ruling::SurplusKept;
                let ruled = self.academy.checkout().rule(&self.world.admin, row.id, kept, "so it is").await;
                if ruled.is_ok() != due {
                    return Err(format!(
                        "the surplus of {} is decided about: {ruled:?}, not {due}",
                        row.hash
                    ));
                }
                due = false;
            }
        }
        Ok(())
    }

    /// Tokens that came without a purchase are written down, each once and no others, and told.
    async fn check_transfers(&mut self, told: &[(String, String)]) -> Result<(), String> {
        for (chain, net) in self.nets.iter().enumerate() {
            let height = net.truth.height();
            let is_final = match self.oracle.finality {
                Depth::Confirmations(depth) => (height + 1).saturating_sub(depth.into()),
                Depth::Tag(_) => self.oracle.finalized[chain],
            };
            let rows = self.world.transfers(chain).await;
            let there: HashSet<_> = net.truth.strays(is_final).into_iter().collect();
            // What a person said stays, even where a reorg of what was final puts the tokens elsewhere.
            let stands = |(id, hash, index): &(_, _, _)| {
                there.contains(&(*hash, *index)) || !self.dismissed.contains(id)
            };
            let written: HashSet<_> =
                rows.iter().filter(|row| stands(row)).map(|(_, hash, index)| (*hash, *index)).collect();
            if written != there {
                return Err(format!(
                    "chain {chain}: {written:?} came without a purchase, and it is {there:?}"
                ));
            }
            let was_told = |id: String| told.iter().any(|(is, kind)| *is == id && kind == "transfer.review");
            if let Some((_, hash, _)) = rows.iter().find(|(id, ..)| !was_told(id.to_string())) {
                return Err(format!("nobody was told of the tokens of {hash}"));
            }
        }
        Ok(())
    }

    /// Everyone opens every lesson, as a reader would.
    async fn read_all(&self, books: &Books) -> Result<(), String> {
        for (who, buyer) in self.world.buyers.iter().enumerate() {
            for place in self.shelf {
                let course = &self.world.courses[place];
                let deserved = self.oracle.level(who, place, books);
                // The highest that opens, and the lowest that does not.
                for level in deserved.max(1)..=(deserved + 1).min(2) {
                    let slug = format!("level-{level}");
                    let answer = self.academy.learning().lesson(&buyer.actor, &course.slug, &slug).await;
                    let open = matches!(answer, Ok(LessonAnswer::Open(_)));
                    if open != (level <= deserved) {
                        return Err(format!("buyer {who} reads level {level} of course {place}: {open}"));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whoever goes by what they were told believes what the books say.
fn check_told(books: &Books, told: &[(String, String)]) -> Result<(), String> {
    for order in &books.orders {
        let id = order.id.to_string();
        let of_it = || told.iter().filter(|(subject, _)| *subject == id).map(|(_, kind)| kind.as_str());
        let last = of_it().rfind(|kind| *kind != "order.final");
        let right = match order.state {
            OrderState::Paid => last == Some("order.paid"),
            OrderState::Refunded => last == Some("order.refunded"),
            _ => last != Some("order.paid"),
        };
        let ended =
            order.state != OrderState::Paid || !order.is_final || of_it().any(|kind| kind == "order.final");
        if !right || !ended {
            return Err(format!("{id} is {:?}, and was told as {last:?}", order.state));
        }
    }
    let waits = |payment: &&PaymentRow| {
        payment.standing == Standing::Review && payment.setback.is_some_and(Setback::needs_review)
    };
    for payment in books.payments.iter().filter(waits) {
        let id = payment.id.to_string();
        if !told.iter().any(|(subject, kind)| *subject == id && kind == "payment.review") {
            return Err(format!("{} waits for a person, and nobody was told", payment.hash));
        }
    }
    Ok(())
}

fn same(one: &Books, other: &Books) -> bool {
    let orders = |books: &Books| -> Vec<_> {
        books.orders.iter().map(|row| (row.id, row.state, row.setback, row.is_final)).collect()
    };
    let payments = |books: &Books| -> Vec<_> {
        books.payments.iter().map(|row| (row.place(), row.standing, row.setback)).collect()
    };
    orders(one) == orders(other) && payments(one) == payments(other)
}

fn build(
    world: &World,
    nets: &[Net],
    policy: &academy::checkout::Policy,
    clock: &Arc<FixedClock>,
    entropy: &Arc<CountingEntropy>,
    crash: &Arc<Crash>,
) -> Academy {
    let chains = nets.iter().map(|net| {
        let nodes = net.providers.iter().map(|node| node.clone() as Arc<dyn Chain>).collect();
        Arc::new(Rpc::over(nodes).unwrap().machine(clock.clone(), entropy.clone())) as Arc<dyn Chain>
    });
    World::academy(&world.db, chains.collect(), policy, clock.clone(), entropy.clone(), crash.clone())
}

/// The account of a service that sends for others.
pub const RELAY: Address = Address([0x5E; 20]);
