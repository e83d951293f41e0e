-- What is looked at twice: blocks, and money. Same as ../sqlite/0012_read_again.sql.

-- Blocks below this one were read since they are final. Of what was read before, the newest are read again.
ALTER TABLE chain_cursors ADD COLUMN final_block BIGINT NOT NULL DEFAULT 0;
UPDATE chain_cursors SET final_block = CASE WHEN next_block > 100000 THEN next_block - 100000 ELSE 0 END;

-- The amount of a payment whose surplus a person has decided about.
ALTER TABLE payments ADD COLUMN surplus_ruled TEXT;
