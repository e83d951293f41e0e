-- Payouts in tokens. Same in ../sqlite and ../postgres.

-- The token's contract; zero: the chain's coin.
ALTER TABLE payouts ADD COLUMN token TEXT NOT NULL DEFAULT '0x0000000000000000000000000000000000000000';
