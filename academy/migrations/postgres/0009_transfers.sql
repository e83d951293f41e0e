-- Tokens that came to a market without a purchase. Same as ../sqlite/0009_transfers.sql but for the types of ids.

CREATE TABLE transfers (
    id UUID NOT NULL PRIMARY KEY,
    chain_id BIGINT NOT NULL,
    market TEXT NOT NULL,
    token TEXT NOT NULL,
    tx_hash TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    block_number BIGINT NOT NULL,
    block_hash TEXT NOT NULL,
    sender TEXT NOT NULL,
    amount TEXT NOT NULL,
    -- What the sender had ordered there in that token, and not paid: a guess, for people.
    order_id UUID REFERENCES orders (id),
    state TEXT NOT NULL,
    mined_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    -- Where the market sent it back.
    returned_hash TEXT,
    returned_index BIGINT,
    UNIQUE (chain_id, tx_hash, log_index),
    UNIQUE (chain_id, returned_hash, returned_index)
);
CREATE INDEX transfers_by_state ON transfers (state, mined_at);
CREATE INDEX transfers_by_order ON transfers (order_id);

-- Up to which block a market was asked for a token's transfers, and when last.
CREATE TABLE transfer_cursors (
    chain_id BIGINT NOT NULL,
    market TEXT NOT NULL,
    token TEXT NOT NULL,
    next_block BIGINT NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (chain_id, market, token)
);
