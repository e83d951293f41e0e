-- What a receipt shows of a payment. Same in ../sqlite and ../postgres.

-- When its block was made, and what it was worth then, in cents, where a feed told.
ALTER TABLE payments ADD COLUMN mined_at BIGINT;
ALTER TABLE payments ADD COLUMN fiat_currency TEXT;
ALTER TABLE payments ADD COLUMN fiat_amount BIGINT;
