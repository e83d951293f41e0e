-- What an order was before its payment went back: by that a payment that comes after, or that a reorg brings back, is
-- judged. Empty: paid. Same as ../postgres/0008_before_refund.sql.

ALTER TABLE orders ADD COLUMN before_refund TEXT;
