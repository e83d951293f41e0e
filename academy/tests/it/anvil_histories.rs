//! Random histories on the real contract and a real node: what `tests/sim` does by the thousand on a chain in
//! memory, a few times where blocks, receipts and reorgs are a node's own.

use std::{collections::HashSet, sync::Arc};

use academy::{
    Academy, Actor,
    chain::{Call, Chain, Event, Rpc},
    checkout::OrderState,
    evm::{Address, TxHash},
    fault::NoFaults,
    ids::OrderId,
    money::Wei,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::support::{
    Engine,
    anvil::{Place, call, on_anvil, signer},
    person, policy, reference, turn, wallet_call,
};

/// Histories for each engine, and acts for each history.
const HISTORIES: u64 = 12;
const ACTS: usize = 60;
/// Anvil's accounts from the third on buy.
const BUYERS: std::ops::Range<usize> = 2..5;

struct History<'a> {
    place: &'a Place,
    academy: Academy,
    chance: StdRng,
    buyers: Vec<Actor>,
    /// Every order that was opened, and whose it is.
    orders: Vec<(usize, OrderId)>,
    /// Every transaction that was sent: whose, for which order, and as it went over the wire.
    sent: Vec<(usize, OrderId, TxHash, Value)>,
    /// The orders that their buyers gave up.
    given_up: HashSet<OrderId>,
    /// Payments that had opened the course when their block was replaced.
    undone: i64,
}

impl<'a> History<'a> {
    async fn begin(place: &'a Place, seed: u64) -> Self {
        place.anvil.ask("evm_setAutomine", json!([false])).await;
        // No reorg takes the listing: nothing could be bought from then on.
        place.anvil.ask("anvil_mine", json!(["0x3"])).await;
        turn(&place.academy).await;
        let mut buyers = Vec::new();
        for index in BUYERS {
            buyers.push(place.world.sign_in(&signer(index)).await);
        }
        let chance = StdRng::seed_from_u64(seed);
        Self {
            academy: restarted(place),
            place,
            chance,
            buyers,
            orders: Vec::new(),
            sent: Vec::new(),
            given_up: HashSet::new(),
            undone: 0,
        }
    }

    async fn act(&mut self) {
        let anvil = &self.place.anvil;
        match self.chance.random_range(0..12) {
            0..=2 => self.open().await,
            3..=5 => self.pay().await,
            6 => self.tell().await,
            7 => turn(&self.academy).await,
            8 => {
                let blocks = format!("{:#x}", self.chance.random_range(1..4));
                anvil.ask("anvil_mine", json!([blocks])).await;
            }
            9 => self.reorg().await,
            10 => self.cancel().await,
            // The process ends, and another one goes on.
            _ => self.academy = restarted(self.place),
        }
    }

    async fn open(&mut self) {
        let who = self.chance.random_range(0..self.buyers.len());
        let course = &self.place.course;
        // One who has it, or is buying it, is refused, or gets the order that is open.
        if let Ok(order) = self.academy.checkout().open(&self.buyers[who], course.tier).await
            && !self.orders.contains(&(who, order.id))
        {
            self.orders.push((who, order.id));
        }
    }

    /// Some wallet sends the purchase of one of the newest orders, now and then with another value, and gas enough to fail.
    async fn pay(&mut self) {
        let newest = self.orders.len().saturating_sub(BUYERS.len());
        let Some((who, id)) = self.orders[newest..].choose(&mut self.chance).copied() else { return };
        let checkout = self.academy.checkout();
        let Ok(wallet) = wallet_call(&checkout, &self.buyers[who], id).await else { return };
        let mut call: Call = call(&wallet);
        if self.chance.random_ratio(1, 4) {
            call.value = Wei::from_ether(["0.019", "0.021", "0"].choose(&mut self.chance).unwrap()).unwrap();
        }
        let payer = self.chance.random_range(0..self.buyers.len());
        let payer = person(&self.buyers[payer]).address;
        let anvil = &self.place.anvil;
        let transaction = json!([{
            "from": payer.to_string(), "to": call.to.to_string(), "data": alloy::hex::encode_prefixed(&call.data),
            "value": format!("{:#x}", call.value.get()), "gas": "0x493e0",
        }]);
        let hash = anvil.ask("eth_sendTransaction", transaction).await;
        let raw = anvil.ask("eth_getRawTransactionByHash", json!([hash])).await;
        self.sent.push((who, id, hash.as_str().unwrap().parse().unwrap(), raw));
    }

    async fn tell(&mut self) {
        let Some((who, id, hash, _)) = self.sent.choose(&mut self.chance).cloned() else { return };
        // Refused where the hash paid for another order, say.
        drop(self.academy.checkout().submit(&self.buyers[who], id, &hash.to_string()).await);
    }

    /// Replaces blocks that are not final; some of their transactions do not come back by themselves.
    async fn reorg(&mut self) {
        let anvil = &self.place.anvil;
        let depth = self.chance.random_range(1..3);
        let kept = node(self.place).head().await.unwrap().number.saturating_sub(depth);
        for (who, id) in &self.orders {
            let order = self.academy.checkout().order(&self.buyers[*who], *id).await.unwrap();
            let block = order.transaction.and_then(|transaction| transaction.block);
            self.undone += i64::from(order.state == OrderState::Paid && block > Some(kept));
        }
        anvil.ask("anvil_reorg", json!([depth, []])).await;
        for (.., hash, _) in &self.sent {
            if self.chance.random_ratio(1, 3) {
                anvil.ask("anvil_dropTransaction", json!([hash.to_string()])).await;
            }
        }
        if self.chance.random_bool(0.5) {
            self.send_again().await;
        }
    }

    /// Wallets send again what the network has lost.
    async fn send_again(&self) {
        for (.., raw) in &self.sent {
            // It is there already, or its nonce is used up.
            drop(self.place.anvil.dev.raw("eth_sendRawTransaction", json!([raw])).await);
        }
    }

    async fn cancel(&mut self) {
        let Some((who, id)) = self.orders.choose(&mut self.chance).copied() else { return };
        // Refused once a transaction was named.
        if self.academy.checkout().cancel(&self.buyers[who], id).await.is_ok() {
            self.given_up.insert(id);
        }
    }

    /// Everything settles: then books and chain must say the same. How many orders were paid.
    async fn end(mut self, seed: u64) -> i64 {
        if self.chance.random_bool(0.5) {
            self.send_again().await;
        }
        for _ in 0..3 {
            self.place.anvil.ask("anvil_mine", json!(["0x5"])).await;
            turn(&self.academy).await;
        }
        let (node, market) = (node(self.place), self.place.market.address);
        let head = node.head().await.unwrap();
        let purchases = node.events(&[market], self.place.market.block, &head).await.unwrap();
        let bought: Vec<[u8; 32]> = purchases
            .iter()
            .filter_map(|log| match log.event {
                Event::CoursePurchased { order, .. } => Some(order),
                _ => None,
            })
            .collect();
        let mut paid = 0;
        for (who, id) in &self.orders {
            let on_chain = bought.contains(&reference(id));
            let order = self.academy.checkout().order(&self.buyers[*who], *id).await.unwrap();
            // What was given up before its money came waits for a person.
            let given_up = self.given_up.contains(id);
            assert_eq!(order.state == OrderState::Paid, on_chain && !given_up, "seed {seed}: {order:?}");
            assert_eq!(order.state == OrderState::Cancelled, given_up, "seed {seed}: {order:?}");
            paid += i64::from(order.state == OrderState::Paid);
        }
        for (who, buyer) in self.buyers.iter().enumerate() {
            let mut own = self.orders.iter().filter(|(buyer, _)| *buyer == who);
            let has = own.any(|(_, id)| bought.contains(&reference(id)));
            let can_read = self.place.world.can_read(buyer, &self.place.course).await;
            assert!(has || !can_read, "seed {seed}: a course opened that the chain does not know as bought");
        }
        let world = &self.place.world;
        let open = "SELECT COUNT(*) FROM enrollments WHERE state = 'active'";
        assert_eq!(world.count(open).await, paid, "seed {seed}");
        let accepted = "SELECT COUNT(*) FROM payments WHERE standing = 'accepted'";
        assert_eq!(world.count(accepted).await, paid, "seed {seed}");
        let kept = "SELECT COUNT(*) FROM payments WHERE standing IN ('accepted', 'review')";
        assert_eq!(world.count(kept).await, i64::try_from(bought.len()).unwrap(), "seed {seed}");
        paid
    }
}

fn node(place: &Place) -> Arc<Rpc> {
    Arc::new(Rpc::new(std::slice::from_ref(&place.anvil.url)).unwrap())
}

fn restarted(place: &Place) -> Academy {
    let market: Address = place.market.address;
    let policy = academy::checkout::Policy { market, start_block: place.market.block, ..policy() };
    place.world.academy_over(node(place), policy, Arc::new(NoFaults))
}

async fn whatever_happens_books_and_contract_agree(engine: Engine) {
    let (mut paid, mut undone) = (0, 0);
    for seed in 0..HISTORIES {
        let place = Place::new(engine).await;
        let mut history = History::begin(&place, seed).await;
        for _ in 0..ACTS {
            history.act().await;
        }
        undone += history.undone;
        paid += history.end(seed).await;
        place.close().await;
    }
    // Otherwise there was nothing to agree about.
    assert!(paid > 0 && undone > 0, "{paid} orders were paid, {undone} payments undone");
}

on_anvil!(whatever_happens_books_and_contract_agree);
