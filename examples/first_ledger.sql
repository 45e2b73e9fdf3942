-- first_ledger.sql: a ledger from the first invoice to the reversal of a payment's allocation.
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD');

-- Customers get a number of their own, or yours.
SELECT ar.add_customer('Blue Harbor Foods') AS blue_harbor;
SELECT ar.add_customer('Kestrel Tooling', p_customer_id => 7001) AS kestrel;

-- What customers owe.  Each function returns the document's id.
SELECT ar.post_invoice(1, 'INV-1001', current_date - 70, 4200.00, p_due_date => current_date - 40);
SELECT ar.post_invoice(1, 'INV-1002', current_date - 45, 1100.00, p_due_date => current_date - 15);
SELECT ar.post_invoice(1, 'INV-1003', current_date - 20, 2600.00, p_due_date => current_date + 10);
SELECT ar.post_debit_note(7001, 'DN-1', current_date - 9, 85.00, p_due_date => current_date - 9);

-- What is in their favour waits unapplied until it is allocated.
SELECT ar.post_payment(1, 'PAY-1', current_date - 5, 5000.00, p_reference => 'inv 1001 and part of 1002') AS payment \gset
SELECT ar.post_credit_note(1, 'CN-1', current_date - 3, 250.00) AS credit_note \gset

SELECT customer_name, total, past_due, unapplied, not_due, days_1_30, days_31_60 FROM ar.aging_summary ORDER BY customer_id;

-- Apply the payment to the oldest items, and the credit note to the one it is for.
SELECT ar.apply_payment(1, :payment, p_method => 'oldest_first', p_applied_on => current_date - 5) AS applied;
SELECT item_id AS credit_item FROM ar.open_items WHERE document_id = :credit_note \gset
SELECT item_id AS debit_item FROM ar.open_items WHERE customer_id = 1 AND number = 'INV-1003' \gset
SELECT ar.allocate(1, :credit_item, :debit_item, 250.00, current_date - 3) AS allocation \gset

SELECT kind, number, amount, open_amount, days_past_due, bucket FROM ar.open_items ORDER BY customer_id, item_id;

-- No more than is open can be allocated.
SELECT ar.post_payment(1, 'PAY-2', current_date, 9999.00) AS payment \gset
SELECT item_id AS credit_item FROM ar.open_items WHERE document_id = :payment \gset
SELECT ar.allocate(1, :credit_item, :debit_item, 9999.00);

-- The credit note was for another invoice: undo it from today on.  Reports for earlier days stay as they were.
SELECT ar.reverse_allocation(1, :allocation, current_date) IS NOT NULL AS reversed;
SELECT a.as_of - current_date AS day, b.unapplied, b.past_due, b.total
FROM (VALUES (current_date - 1), (current_date)) AS a (as_of), ar.aging_at(a.as_of) AS b
WHERE b.customer_id = 1 ORDER BY day;

-- What was posted is never changed.
UPDATE ar.document SET amount = 1 WHERE number = 'INV-1001';

-- Every figure the ledger keeps, recomputed from what was posted: nothing differs.
SELECT * FROM ar.verify_ledger();
