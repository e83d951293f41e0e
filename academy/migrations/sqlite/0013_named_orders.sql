-- What payments on another chain than their order's are about. Same as ../postgres/0013_named_orders.sql, but for the id's type.

-- The order of another chain whose id the payment carries: its buyer looks there for what became of it.
ALTER TABLE payments ADD COLUMN named_order BLOB REFERENCES orders (id);
CREATE INDEX payments_named_order ON payments (named_order) WHERE named_order IS NOT NULL;
