-- What happened to orders and payments, for other programs. Same as ../postgres/0007_webhooks.sql but for the types of
-- ids.

CREATE TABLE webhook_events (
    sequence BIGINT NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    body TEXT NOT NULL,
    happened_at BIGINT NOT NULL
);

-- One row: the last event's number. Whoever counts on holds it until the end of the transaction, so that
-- events are seen in their order, and none is added below one that was seen.
CREATE TABLE webhook_sequence (
    last BIGINT NOT NULL
);
INSERT INTO webhook_sequence (last) VALUES (0);

-- An event and an endpoint that is to be told of it. Times are when it is due, and until when a worker has it.
CREATE TABLE webhook_deliveries (
    sequence BIGINT NOT NULL REFERENCES webhook_events (sequence),
    endpoint TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    last_error TEXT,
    PRIMARY KEY (sequence, endpoint)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint, state, due_at);

-- For what reason a payment was last told to need a person.
ALTER TABLE payments ADD COLUMN told TEXT;
CREATE INDEX payments_in_review ON payments (chain_id) WHERE standing = 'review';
