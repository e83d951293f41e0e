-- Money-back windows and refunds. Same as ../postgres/0002_refunds.sql but for the types of ids.

-- In days; 0: no window. What the instructor wants, and what the chain has.
ALTER TABLE courses ADD COLUMN refund_days BIGINT NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN refund_days BIGINT NOT NULL DEFAULT 0;

-- How the contract holds the payment's money, all or none of them: a refund needs every fact.
-- The end is in milliseconds.
ALTER TABLE payments ADD COLUMN payer TEXT;
ALTER TABLE payments ADD COLUMN payee TEXT;
ALTER TABLE payments ADD COLUMN fee TEXT;
ALTER TABLE payments ADD COLUMN refundable_until BIGINT;

-- Refunds that a provider told of. One counts once its receipt said the same, from a canonical block.
CREATE TABLE refunds (
    chain_id BIGINT NOT NULL,
    tx_hash TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    order_id BLOB NOT NULL REFERENCES orders (id),
    block_number BIGINT NOT NULL,
    block_hash TEXT NOT NULL,
    confirmed BOOLEAN NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (chain_id, tx_hash, log_index)
);
CREATE INDEX refunds_order ON refunds (order_id);
