-- What a wallet answered in place of a transaction's hash: a reference of its own (Safe), or its id for calls that it
-- sends together (EIP-5792). A hint for the order's page alone. Same as ../postgres/0010_references.sql.

ALTER TABLE orders ADD COLUMN wallet_reference TEXT;
