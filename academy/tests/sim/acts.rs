//! What the network, the workers and misfortune do; and which act is whose.

use std::{cell::RefCell, future::Future, pin::Pin};

use academy::{
    checkout::{Depth, Ruling},
    evm::{BlockTag, TxHash},
    fault::{OTHER_POINTS, PAYMENT_POINTS},
};
use rand::{
    Rng, SeedableRng,
    rngs::StdRng,
    seq::{IteratorRandom, SliceRandom},
};

use crate::{
    deeds::{Act, Deed},
    history::History,
    net::{Happening, Mood, Net},
    oracle::Place,
    people::{decides, is_of_surplus, some_ruling},
    world::CHAINS,
};

type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Every point at which work can die here: no other program is told of anything.
pub fn points() -> impl Iterator<Item = &'static str> + Clone {
    PAYMENT_POINTS.iter().chain(OTHER_POINTS).copied().filter(|point| *point != "deliver.posted")
}

fn some_point(dice: &mut StdRng) -> &'static str {
    points().choose(dice).unwrap()
}

impl History<'_> {
    pub async fn act(&mut self, act: &Act) {
        let dice = &mut StdRng::seed_from_u64(act.dice);
        match act.kind {
            Deed::Open => self.open(dice).await,
            Deed::Pay => self.pay(dice).await,
            Deed::PayWrongly => self.pay_wrongly(dice),
            Deed::Batch => self.batch(dice),
            Deed::Submit => self.submit(dice).await,
            Deed::SpeedUp => self.speed_up(dice),
            Deed::Cancel => self.cancel(dice).await,
            Deed::Await => self.wait_for_wallet(dice).await,
            Deed::Withdraw => self.withdraw(dice).await,
            Deed::GiveBack => self.give_back(dice).await,
            Deed::Rule => {
                // Few payments can be decided about: hardly anybody would die of it among all else.
                let dies = dice.random_ratio(1, 8);
                if dies {
                    self.crash.arm(if dice.random() { "rule.before_commit" } else { "rule.after_commit" }, 0);
                }
                let before = self.world.audited().await;
                let crash = self.crash.clone();
                let ruling = async {
                    for _ in 0..dice.random_range(1..=2) {
                        self.rule(dice).await;
                    }
                };
                crash.outlives(ruling).await;
                if dies {
                    self.learn_decided(&before).await;
                    self.restart();
                }
            }
            Deed::SendPast => self.send_past(dice),
            Deed::Mine => self.mine_some(dice),
            Deed::Reorg => self.reorg(dice),
            Deed::Follow => {
                let chain = self.some_chain(dice);
                self.follow(chain).await;
            }
            Deed::Work => {
                let worked = self.academy.run_jobs_once().await;
                self.expect_sane("the jobs", worked);
            }
            Deed::AtOnce => self.at_once(dice).await,
            Deed::Crash => {
                self.crash.arm(some_point(dice), dice.random_range(0_u32..5).saturating_sub(2));
                let before = self.world.audited().await;
                let crash = self.crash.clone();
                crash.outlives(self.toil(dice)).await;
                self.learn_decided(&before).await;
                self.restart();
            }
            Deed::Full => {
                let tables = [
                    "payments",
                    "enrollments",
                    "orders",
                    "submissions",
                    "refunds",
                    "jobs",
                    "chain_cursors",
                    "chain_blocks",
                    "audit_log",
                    "webhook_events",
                    "transfers",
                    "transfer_cursors",
                ];
                // No room for anything, or just not for one thing more.
                let table = tables[dice.random_range(0..tables.len())];
                let all = dice.random();
                let (mut fill, mut empty) = (String::new(), String::new());
                for table in tables.into_iter().filter(|one| all || *one == table) {
                    for what in ["INSERT", "UPDATE", "DELETE"] {
                        let name = format!("full_{what}_{table}");
                        fill += &format!(
                            "CREATE TEMP TRIGGER {name} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'disk full'); END;"
                        );
                        empty += &format!("DROP TRIGGER {name};");
                    }
                }
                self.full = true;
                self.world.execute(&fill).await;
                self.toil(dice).await;
                self.world.execute(&empty).await;
                self.full = false;
            }
            Deed::Wait => {
                // Past the price's end, a quote's longest life, and the money-back window's end.
                let minutes = match dice.random_range(0..16) {
                    0..4 => 42,
                    4 => 25 * 60,
                    5 => 16 * 24 * 60,
                    _ => dice.random_range(1..20),
                };
                self.pass(minutes * 60_000);
            }
            Deed::Skew => {
                let jump = dice.random_range(-15..=15) * 60_000;
                self.skew += jump;
                self.clock.advance_millis(jump);
            }
            Deed::Mood => self.mood(dice),
            Deed::Forget => {
                let net = self.some_net(dice);
                if !net.pool.is_empty() {
                    let hash = net.pool[dice.random_range(0..net.pool.len())].hash;
                    net.happens(Happening::Dropped(hash));
                }
            }
            Deed::Prune => self.prune(dice).await,
            Deed::Finalize => {
                let chain = self.some_chain(dice);
                let height = self.nets[chain].truth.height().saturating_sub(dice.random_range(0..8));
                if matches!(self.oracle.opening, Depth::Tag(_)) {
                    self.vouch(chain, BlockTag::Safe, height + dice.random_range(0..4));
                }
                if matches!(self.oracle.finality, Depth::Tag(_)) {
                    self.vouch(chain, BlockTag::Finalized, height);
                }
            }
        }
    }

    /// One of the chains. A history with one draws nothing for it: it is as it was before there were two.
    pub fn some_chain(&self, dice: &mut StdRng) -> usize {
        if self.nets.len() == 1 { 0 } else { dice.random_range(0..self.nets.len()) }
    }

    fn some_net(&mut self, dice: &mut StdRng) -> &mut Net {
        let chain = self.some_chain(dice);
        &mut self.nets[chain]
    }

    async fn follow(&mut self, chain: usize) {
        let followed = self.academy.follow(CHAINS[chain]).await;
        self.expect_sane("the follower", followed);
    }

    /// Nodes, or one of them, throw away the receipts of what nothing can undo any more.
    async fn prune(&mut self, dice: &mut StdRng) {
        let chain = self.some_chain(dice);
        let payments = self.world.books().await.payments;
        let all_final = |hash| payments.iter().filter(|row| row.hash == hash).all(|row| row.is_final);
        let old = payments.iter().filter(|row| row.chain == chain && all_final(row.hash));
        let Some(hash) = old.map(|row| row.hash).choose(dice) else { return };
        if matches!(self.oracle.finality, Depth::Tag(_)) {
            let many = self.nets[chain].providers.len();
            let one = dice.random_range(0..=many);
            let who = (0..many).filter(|place| one == many || one == *place);
            who.for_each(|place| self.nets[chain].forget(place, hash));
        }
    }

    fn mine_some(&mut self, dice: &mut StdRng) {
        let chain = self.some_chain(dice);
        for _ in 0..dice.random_range(1..=3) {
            let mut wanted = self.nets[chain].pool.clone();
            wanted.retain(|_| dice.random_ratio(3, 4));
            wanted.shuffle(dice);
            // In the pool's order a sender's later transactions can follow in the same block.
            if dice.random() {
                wanted.sort_by_key(|tx| tx.nonce);
            }
            self.mine(chain, wanted);
        }
    }

    fn reorg(&mut self, dice: &mut StdRng) {
        let chain = self.some_chain(dice);
        // Neither what the network called final nor the block of the listings is ever replaced.
        let floor = match self.oracle.finality {
            Depth::Tag(_) => self.oracle.finalized[chain].max(1),
            Depth::Confirmations(_) => 1,
        };
        let deepest = self.nets[chain].truth.height() - floor;
        let depth =
            if dice.random_ratio(1, 4) { dice.random_range(1..=64) } else { dice.random_range(1..=6) };
        let depth = depth.min(deepest);
        if depth == 0 {
            return;
        }
        let kept = self.nets[chain].truth.height() - depth;
        self.oracle.replace(&self.nets[chain].truth.purchases(), kept);
        self.nets[chain].reorg(usize::try_from(depth).unwrap());
        // Some come back at once, in another order; the others later, or never. Mostly the new history
        // is the longer one when it is seen.
        let fewest = if dice.random_ratio(2, 3) { depth + 1 } else { 0 };
        for _ in 0..dice.random_range(fewest..=depth + 1) {
            let mut wanted = self.nets[chain].pool.clone();
            wanted.retain(|_| dice.random_ratio(1, 3));
            wanted.shuffle(dice);
            self.mine(chain, wanted);
        }
    }

    fn mood(&mut self, dice: &mut StdRng) {
        let chain = self.some_chain(dice);
        let many = self.nets[chain].providers.len();
        let place = dice.random_range(0..many);
        let moods = [Mood::Fine, Mood::Fine, Mood::Late, Mood::Mute, Mood::Down, Mood::Flaky, Mood::Liar];
        let mood = moods[dice.random_range(0..moods.len() - usize::from(many == 1))];
        self.nets[chain].set_mood(place, mood);
    }

    /// What an admin decided and nobody could say any more, because all was dead: the audit log has it.
    async fn learn_decided(&mut self, before: &[(String, TxHash)]) {
        let mut audited = self.world.audited().await;
        for known in before {
            let place = audited.iter().position(|one| one == known);
            audited.remove(place.expect("the audit log forgets nothing"));
        }
        for (place, accepted) in &self.deeds.decided {
            let is_it =
                |act: &str, hash: &TxHash| (act == "payment.accepted") == *accepted && *hash == place.1;
            let told = audited.iter().position(|(act, hash)| is_it(act, hash));
            audited.remove(told.expect("what was decided is in the audit log"));
        }
        for (act, hash) in audited {
            // Of several payments in that transaction, the last that was decided about: nobody came further.
            let place = self.deeds.ruled.iter().rfind(|place| place.1 == hash);
            let place = *place.expect("someone tried to decide about it");
            self.deeds.decided.push((place, act == "payment.accepted"));
        }
    }

    /// Some work, one thing after the other.
    async fn toil(&mut self, dice: &mut StdRng) {
        if dice.random_ratio(1, 3) {
            self.open(dice).await;
        }
        self.submit(dice).await;
        if dice.random_ratio(1, 6) {
            self.cancel(dice).await;
        }
        if dice.random_ratio(1, 6) {
            self.wait_for_wallet(dice).await;
        }
        if dice.random() {
            self.rule(dice).await;
        }
        self.dismiss_transfer(dice).await;
        for chain in 0..self.nets.len() {
            self.follow(chain).await;
        }
        let worked = self.academy.run_jobs_once().await;
        self.expect_sane("the jobs", worked);
    }

    /// Several tabs and workers at once, while the chain goes on; sometimes all of them die.
    async fn at_once(&mut self, dice: &mut StdRng) {
        let dies = dice.random_ratio(1, 4);
        if dies {
            self.crash.arm(some_point(dice), dice.random_range(0..4));
        }
        let before = self.world.audited().await;
        let hint = self.hint(dice);
        let payment = if dice.random() { self.any_payment(dice).await } else { None };
        let decided: RefCell<Vec<(Place, bool)>> = RefCell::default();
        let surplus: RefCell<Vec<Place>> = RefCell::default();
        let academy = self.academy.clone();
        let mut tasks: Vec<Task<'_>> = Vec::new();
        for _ in 0..dice.random_range(2..=4) {
            let academy = academy.clone();
            let kind = dice.random_range(0..4);
            let chain = CHAINS[self.some_chain(dice)];
            let ruled = payment.filter(|_| dice.random_ratio(1, 3));
            let ruling = some_ruling(dice, payment.is_some_and(|(.., dear)| dear));
            let (admin, decided, surplus) = (self.world.admin.clone(), &decided, &surplus);
            // Now and then somebody else claims the same hash.
            let other = self.any_order(dice).filter(|_| dice.random_ratio(1, 4));
            let hinted = hint.map(|(place, hash)| (other.unwrap_or(place), hash)).map(|(place, hash)| {
                let order = &self.oracle.orders[place];
                (order.id, self.world.buyers[order.buyer].actor.clone(), hash)
            });
            tasks.push(Box::pin(async move {
                if let Some((payment, place, _)) = ruled {
                    let ruled = academy.checkout().rule(&admin, payment, ruling, "so it is").await;
                    if ruled.is_ok() && decides(ruling) {
                        decided.borrow_mut().push((place, ruling == Ruling::Accept));
                    }
                    if ruled.is_ok() && is_of_surplus(ruling) {
                        surplus.borrow_mut().push(place);
                    }
                    return;
                }
                match (kind, hinted) {
                    (0, Some((id, buyer, hash))) => {
                        let _ = academy.checkout().submit(&buyer, id, &hash.to_string()).await;
                    }
                    (1, Some((id, ..))) => drop(academy.checkout().settle(id).await),
                    (2, _) => drop(academy.run_jobs_once().await),
                    _ => drop(academy.follow(chain).await),
                }
            }));
        }
        let gate = self.gate.clone();
        let mut goes_on = true;
        let crash = self.crash.clone();
        gate.run(
            tasks,
            dice,
            || crash.is_dead(),
            |dice| {
                if goes_on && dice.random_ratio(1, 12) {
                    goes_on = false;
                    if dice.random() { self.reorg(dice) } else { self.mine_some(dice) }
                }
            },
        )
        .await;
        self.deeds.decided.extend(decided.into_inner());
        self.deeds.surplus.extend(surplus.into_inner());
        self.learn_decided(&before).await;
        if dies {
            self.restart();
        }
    }
}
