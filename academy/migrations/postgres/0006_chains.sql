-- Listings on several chains. Same as ../sqlite/0006_chains.sql but for the types of ids.

CREATE TABLE listings_by_chain (
    course_id UUID NOT NULL REFERENCES courses (id),
    chain_id BIGINT NOT NULL,
    market TEXT NOT NULL,
    number BIGINT NOT NULL,
    lister TEXT NOT NULL,
    payee TEXT NOT NULL,
    refund_days BIGINT NOT NULL DEFAULT 0,
    listed_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (course_id, chain_id),
    UNIQUE (chain_id, market, number)
);
INSERT INTO listings_by_chain (course_id, chain_id, market, number, lister, payee, refund_days, listed_at, changed_at)
    SELECT course_id, chain_id, market, number, lister, payee, refund_days, listed_at, changed_at FROM listings;

CREATE TABLE listed_tiers_by_chain (
    course_id UUID NOT NULL REFERENCES courses (id),
    chain_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    price TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    PRIMARY KEY (course_id, chain_id, number)
);
INSERT INTO listed_tiers_by_chain (course_id, chain_id, number, price, active)
    SELECT t.course_id, l.chain_id, t.number, t.price, t.active
    FROM listed_tiers t JOIN listings l ON l.course_id = t.course_id;

DROP TABLE listed_tiers;
DROP TABLE listings;
ALTER TABLE listings_by_chain RENAME TO listings;
ALTER TABLE listed_tiers_by_chain RENAME TO listed_tiers;

-- The chain that a session was signed in on, and, for a wallet that is a contract, the one whose word made
-- its account. Empty: the site's first chain.
ALTER TABLE sessions ADD COLUMN chain_id BIGINT;
ALTER TABLE challenges ADD COLUMN chain_id BIGINT;
ALTER TABLE wallets ADD COLUMN contract_chain_id BIGINT;
