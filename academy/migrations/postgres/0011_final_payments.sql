-- What is known of payments for good. Same as ../sqlite/0011_final_payments.sql.

-- It was accepted in a block that can no longer be replaced.
ALTER TABLE payments ADD COLUMN is_final BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE payments SET is_final = TRUE WHERE standing = 'accepted'
    AND EXISTS (SELECT 1 FROM orders o WHERE o.id = payments.order_id AND o.state = 'paid' AND o.is_final);

-- Who sent its transaction, where a node told: whoever paid may have had another send it.
ALTER TABLE payments ADD COLUMN sender TEXT;
