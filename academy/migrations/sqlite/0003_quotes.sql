-- Prices in a state's currency. Same in ../sqlite and ../postgres.

-- The word of the currency (ISO 4217) whose cents the price counts; empty: the chain's coin, in wei.
ALTER TABLE tiers ADD COLUMN currency TEXT NOT NULL DEFAULT '';

-- What a quoted price was before it was quoted; the order's price is in wei.
ALTER TABLE orders ADD COLUMN fiat_currency TEXT;
ALTER TABLE orders ADD COLUMN fiat_amount BIGINT;
