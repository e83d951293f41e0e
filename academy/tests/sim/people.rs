//! What people do: order, pay rightly and wrongly, give back, decide.

use academy::{
    chain::{Event, fake::FakeTransaction},
    checkout::{PaidIn, Ruling, Standing},
    evm::{Address, TxHash},
    ids::PaymentId,
    money::Wei,
};
use rand::{
    Rng,
    rngs::StdRng,
    seq::{IteratorRandom, SliceRandom},
};
use ruint::aliases::U256;

use crate::{
    events::{purchase, refund, sale},
    history::{History, RELAY},
    net::Happening,
    oracle::{Order, Place},
    world::{CHAINS, MARKET, TOKEN, is_returnable, place_of, reference},
};

/// Mostly that it counts; or, where it was paid too dearly, what became of the rest.
pub fn some_ruling(dice: &mut StdRng, dear: bool) -> Ruling {
    if dear && dice.random_ratio(3, 4) {
        return if dice.random() { Ruling::SurplusBack } else { Ruling::SurplusKept };
    }
    let others = Ruling::ALL.iter().copied().filter(|ruling| *ruling != Ruling::Accept);
    if dice.random_ratio(3, 5) { Ruling::Accept } else { others.choose(dice).unwrap() }
}

/// Whether it decides if a payment counts; that money went back, or stays, was decided before.
pub fn decides(ruling: Ruling) -> bool {
    matches!(ruling, Ruling::Accept | Ruling::Refund | Ruling::Dismiss)
}

/// Whether it says what became of what was paid too much.
pub fn is_of_surplus(ruling: Ruling) -> bool {
    matches!(ruling, Ruling::SurplusBack | Ruling::SurplusKept)
}

impl History<'_> {
    /// One of the orders; the newest more often.
    pub fn any_order(&self, dice: &mut StdRng) -> Option<usize> {
        let many = self.oracle.orders.len();
        (many > 0).then(|| if dice.random() { many - 1 } else { dice.random_range(0..many) })
    }

    pub async fn open(&mut self, dice: &mut StdRng) {
        let who = dice.random_range(0..self.world.buyers.len());
        let which = self.shelf[usize::from(dice.random_ratio(1, 3))];
        let buyer = &self.world.buyers[who];
        let course = &self.world.courses[which];
        let tier = course.tiers[usize::from(dice.random_ratio(1, 3))];
        let listing = course.listing;
        let (user, beneficiary) = (buyer.actor.clone(), buyer.address);
        let same = |order: &&Order| (order.buyer, order.course) == (who, which);
        self.deeds.given_up.extend(self.oracle.orders.iter().filter(same).map(|order| order.id));
        let usual = !tier.price.is_zero() || dice.random_ratio(1, 3);
        let token = (!usual).then(|| if dice.random_ratio(3, 4) { TOKEN } else { Address::ZERO });
        let chain = self.some_chain(dice);
        let paid_in = PaidIn { chain_id: Some(CHAINS[chain]), token };
        let opened = self.academy.checkout().open_in(&user, tier.id, paid_in).await;
        let Some(opened) = self.expect_sane("opening an order", opened) else { return };
        if self.oracle.order(opened.id).is_some() {
            return;
        }
        let order = Order {
            id: opened.id,
            reference: reference(opened.id.0.as_bytes()),
            buyer: who,
            course: which,
            tier,
            chain: place_of(opened.chain_id),
            listing,
            beneficiary,
            token: opened.currency.token,
            price: opened.price,
            expires: opened.expires_at,
            given_up: false,
            forgiven: false,
        };
        for net in &self.nets {
            net.wish(&purchase(&order));
            if is_returnable(listing) {
                net.wish(&refund(&purchase(&order)));
            }
        }
        self.oracle.orders.push(order);
    }

    fn hash(&mut self) -> TxHash {
        self.minted += 1;
        let mut bytes = [0xC0; 32];
        bytes[..8].copy_from_slice(&self.minted.to_be_bytes());
        TxHash(bytes)
    }

    /// A transaction goes out on a chain.
    fn send(
        &mut self,
        chain: usize,
        sender: Address,
        order: usize,
        success: bool,
        events: Vec<(Address, Event)>,
    ) -> TxHash {
        let hash = self.hash();
        self.send_as(hash, chain, sender, success, events);
        self.hashes.push((order, hash));
        hash
    }

    fn send_as(
        &mut self,
        hash: TxHash,
        chain: usize,
        sender: Address,
        success: bool,
        events: Vec<(Address, Event)>,
    ) {
        let net = &mut self.nets[chain];
        let nonce = net.next_nonce(sender);
        net.happens(Happening::Broadcast(FakeTransaction { hash, sender, nonce, success, events }));
    }

    pub async fn pay(&mut self, dice: &mut StdRng) {
        let Some(place) = self.any_order(dice) else { return };
        let order = &self.oracle.orders[place];
        let sender = if dice.random_ratio(1, 4) { RELAY } else { order.beneficiary };
        let mut bought = purchase(order);
        if let Event::CoursePurchased { amount, .. } = &mut bought
            && dice.random_ratio(1, 16)
        {
            *amount = Wei::new(amount.get() + U256::from(1));
        }
        let events = sale(bought, sender);
        let (id, chain) = (order.id, order.chain);
        let actor = self.world.buyers[order.buyer].actor.clone();
        let hash = self.send(chain, sender, place, true, events);
        if dice.random() {
            let submitted = self.academy.checkout().submit(&actor, id, &hash.to_string()).await;
            self.expect_sane("submitting", submitted);
        }
    }

    pub fn pay_wrongly(&mut self, dice: &mut StdRng) {
        let Some(place) = self.any_order(dice) else { return };
        let order = &self.oracle.orders[place];
        let (chain, sender) = (order.chain, order.beneficiary);
        if self.nets.len() > 1 && dice.random_ratio(1, 3) {
            self.pay_elsewhere(place, dice);
            return;
        }
        let (success, events) = self.wrong(place, dice);
        self.send(chain, sender, place, success, events);
    }

    /// All is right but the chain; now and then the transaction that pays rightly has the same hash.
    fn pay_elsewhere(&mut self, place: usize, dice: &mut StdRng) {
        let order = &self.oracle.orders[place];
        let (elsewhere, sender) = (1 - order.chain, order.beneficiary);
        let events = sale(purchase(order), sender);
        let own = self.hashes.iter().rfind(|(order, _)| *order == place).map(|(_, hash)| *hash);
        match own.filter(|hash| dice.random() && !self.nets[elsewhere].knows(*hash)) {
            Some(twin) => self.send_as(twin, elsewhere, sender, true, events),
            None => drop(self.send(elsewhere, sender, place, true, events)),
        }
    }

    /// A purchase that differs from what its order asked for: nearly all must not count for it.
    fn wrong(&self, place: usize, dice: &mut StdRng) -> (bool, Vec<(Address, Event)>) {
        let order = &self.oracle.orders[place];
        let mut event = purchase(order);
        let Event::CoursePurchased { order: id, beneficiary, number, tier, token, amount } = &mut event
        else {
            unreachable!("a purchase is one")
        };
        let others = &self.world.buyers;
        let shelf = self.shelf.map(|course| self.world.courses[course].listing);
        match dice.random_range(0..8) {
            0 => *tier = 1 - *tier,
            1 => *number = if *number == shelf[0] { shelf[1] } else { shelf[0] },
            2 if dice.random_ratio(1, 3) => *amount = Wei::new(amount.get() - U256::from(1)),
            // More than what was asked for counts all the same.
            2 => *amount = Wei::new(amount.get() + U256::from(1)),
            3 => *beneficiary = others[(order.buyer + 1) % others.len()].address,
            4 if dice.random() => *token = Address([9; 20]),
            4 => *token = if *token == TOKEN { Address::ZERO } else { TOKEN },
            5 => *id = if dice.random() { [9; 32] } else { reference(&[9; 16]) },
            6 => return (true, vec![(Address([0xEE; 20]), event)]),
            _ => return (false, sale(event, order.beneficiary)),
        }
        (true, sale(event, order.beneficiary))
    }

    /// Tokens go to the market without a purchase, or beside one that explains as many.
    pub fn send_past(&mut self, dice: &mut StdRng) {
        let chain = self.some_chain(dice);
        let from = self.world.buyers[dice.random_range(0..self.world.buyers.len())].address;
        let amount = Wei::new(U256::from(dice.random_range(1..=50_000_000)));
        let mut events = vec![(TOKEN, Event::Transferred { from, to: MARKET, amount })];
        if let Some(place) = self.any_order(dice).filter(|_| dice.random_ratio(1, 3)) {
            let order = &self.oracle.orders[place];
            let amount = order.price;
            if dice.random() {
                events = vec![(TOKEN, Event::Transferred { from, to: MARKET, amount })];
            }
            events.extend(sale(purchase(order), from));
        }
        let hash = self.hash();
        self.send_as(hash, chain, from, true, events);
    }

    /// One transaction buys several times, rightly or wrongly.
    pub fn batch(&mut self, dice: &mut StdRng) {
        let mut events = Vec::new();
        let mut first = None;
        for _ in 0..dice.random_range(2..=3) {
            let Some(place) = self.any_order(dice) else { return };
            first = first.or(Some(place));
            if dice.random_ratio(1, 4) {
                events.extend(self.wrong(place, dice).1);
            } else {
                let order = &self.oracle.orders[place];
                events.extend(sale(purchase(order), RELAY));
                if is_returnable(order.listing) && dice.random_ratio(1, 6) {
                    events.push((MARKET, refund(&purchase(order))));
                }
            }
        }
        let first = first.unwrap_or(0);
        self.send(self.oracle.orders[first].chain, RELAY, first, true, events);
    }

    /// Whose order, and which hash: mostly the one that belongs to it.
    pub fn hint(&mut self, dice: &mut StdRng) -> Option<(usize, TxHash)> {
        let place = self.any_order(dice)?;
        let own = self.hashes.iter().rev().find(|(order, _)| *order == place).map(|(_, hash)| *hash);
        let any = match self.hashes.len() {
            0 => None,
            many => Some(self.hashes[dice.random_range(0..many)].1),
        };
        let unknown = TxHash(dice.random());
        let hash = match dice.random_range(0..6) {
            0 => unknown,
            1 => any.unwrap_or(unknown),
            _ => own.unwrap_or(unknown),
        };
        Some((place, hash))
    }

    pub async fn submit(&mut self, dice: &mut StdRng) {
        let Some((place, hash)) = self.hint(dice) else { return };
        let order = &self.oracle.orders[place];
        let actor = self.world.buyers[order.buyer].actor.clone();
        let submitted = self.academy.checkout().submit(&actor, order.id, &hash.to_string()).await;
        self.expect_sane("submitting", submitted);
    }

    /// The same nonce goes elsewhere: to the same call, or to none.
    pub fn speed_up(&mut self, dice: &mut StdRng) {
        let chain = self.some_chain(dice);
        let pool = &self.nets[chain].pool;
        if pool.is_empty() {
            return;
        }
        let slow = pool[dice.random_range(0..pool.len())].clone();
        let hash = self.hash();
        let events = if dice.random() { slow.events } else { Vec::new() };
        let net = &mut self.nets[chain];
        net.happens(Happening::Dropped(slow.hash));
        net.happens(Happening::Broadcast(FakeTransaction { hash, events, ..slow }));
    }

    pub async fn cancel(&mut self, dice: &mut StdRng) {
        let Some(place) = self.any_order(dice) else { return };
        let order = &self.oracle.orders[place];
        self.deeds.given_up.push(order.id);
        let actor = self.world.buyers[order.buyer].actor.clone();
        let cancelled = self.academy.checkout().cancel(&actor, order.id).await;
        self.expect_sane("cancelling", cancelled);
    }

    /// A wallet took the request to pay and names no transaction yet; or it turned out to send none.
    pub async fn wait_for_wallet(&mut self, dice: &mut StdRng) {
        let Some(place) = self.any_order(dice) else { return };
        let order = &self.oracle.orders[place];
        let (id, actor) = (order.id, self.world.buyers[order.buyer].actor.clone());
        let checkout = self.academy.checkout();
        let told = match dice.random_ratio(2, 3) {
            true => checkout.wait_for(&actor, id, "eip5792:0x51").await,
            false => checkout.wait_no_more(&actor, id).await,
        };
        self.expect_sane("waiting for a wallet", told);
    }

    pub async fn withdraw(&mut self, dice: &mut StdRng) {
        let place = self.shelf[dice.random_range(0..2)];
        let course = self.world.courses[place].id;
        let withdrawn = self.academy.catalog().withdraw(&self.world.teacher, course).await;
        if self.expect_sane("withdrawing", withdrawn).is_some() {
            self.oracle.withdrawn[place] = true;
        }
    }

    /// A buyer or the teacher gives back what the market would still take; now and then two at once, in the
    /// same breath as it is bought again, or what nobody bought.
    pub async fn give_back(&mut self, dice: &mut StdRng) {
        let chain = self.some_chain(dice);
        let mut bought = self.nets[chain].truth.purchases();
        bought.retain(|purchase| is_returnable(purchase.listing) && purchase.returned.is_none());
        bought.shuffle(dice);
        let Some(first) = bought.first().cloned() else { return };
        let place = self.oracle.orders.iter().position(|order| order.reference == first.order);
        let place = place.unwrap_or(0);
        let own = dice.random_ratio(2, 3);
        let sender = if own { first.beneficiary } else { self.world.lister };
        let mut events = vec![(MARKET, refund(&first.event()))];
        match dice.random_range(0..8) {
            0 => events[0].0 = Address([0xEE; 20]),
            1 => {
                if let Event::PurchaseRefunded { order, .. } = &mut events[0].1 {
                    *order = [9; 32];
                }
            }
            2 => events.extend(sale(first.event(), sender)),
            3 => events.extend(bought.get(1).map(|second| (MARKET, refund(&second.event())))),
            _ => {}
        }
        if let Some(order) = self.oracle.orders.get(place).filter(|order| order.reference == first.order) {
            let actor = if own { &self.world.buyers[order.buyer].actor } else { &self.world.teacher };
            let told = self.academy.checkout().refund(actor, order.id).await;
            self.expect_sane("telling of a refund", told);
        }
        self.send(chain, sender, place, true, events);
    }

    /// An admin says that there is nothing to do about tokens that came without a purchase.
    pub async fn dismiss_transfer(&mut self, dice: &mut StdRng) {
        let chain = self.some_chain(dice);
        let transfers = self.world.transfers(chain).await;
        let Some((id, ..)) = transfers.into_iter().choose(dice) else { return };
        let admin = self.world.admin.clone();
        let dismissed = self.academy.checkout().dismiss_transfer(&admin, id, "so it is").await;
        if self.expect_sane("dismissing tokens", dismissed).is_some() && !self.dismissed.insert(id) {
            self.broken = Some("tokens that came without a purchase were dismissed twice".to_owned());
        }
    }

    /// One of the payments, for an admin to decide about, mostly one that waits for a person; and whether it counts
    /// and was more than its order's price.
    pub async fn any_payment(&mut self, dice: &mut StdRng) -> Option<(PaymentId, Place, bool)> {
        let books = self.world.books().await;
        let mut payments = books.payments;
        if dice.random_ratio(7, 8) {
            payments.retain(|row| {
                matches!(row.standing, Standing::Review | Standing::Orphaned) || self.oracle.is_dear(row)
            });
        }
        let row = payments.get(dice.random_range(0..payments.len().max(1)))?;
        self.deeds.ruled.push(row.place());
        // Without what a reorg took, the order is over.
        self.deeds.given_up.extend(row.order);
        Some((row.id, row.place(), self.oracle.is_dear(row)))
    }

    /// An admin decides about a payment; someone else tries to.
    pub async fn rule(&mut self, dice: &mut StdRng) {
        let Some((payment, place, dear)) = self.any_payment(dice).await else { return };
        let ruling = some_ruling(dice, dear);
        let admin = dice.random_ratio(7, 8);
        let actor = if admin { self.world.admin.clone() } else { self.world.teacher.clone() };
        let ruled = self.academy.checkout().rule(&actor, payment, ruling, "so it is").await;
        match ruled {
            Ok(()) if !admin => self.broken = Some("a teacher decided about a payment".to_owned()),
            Ok(()) if is_of_surplus(ruling) => self.deeds.surplus.push(place),
            Ok(()) if !decides(ruling) => {}
            Ok(()) => self.deeds.decided.push((place, ruling == Ruling::Accept)),
            Err(_) => drop(self.expect_sane("deciding", ruled)),
        }
    }
}
