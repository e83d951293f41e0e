-- What is looked at twice: blocks, and money. Same as ../sqlite/0012_read_again.sql.

-- Final blocks below this one were read once more since they are final, or when they were.
ALTER TABLE chain_cursors ADD COLUMN final_block BIGINT NOT NULL DEFAULT 0;
UPDATE chain_cursors SET final_block = next_block;

-- The amount of a payment whose surplus a person has decided about.
ALTER TABLE payments ADD COLUMN surplus_ruled TEXT;
