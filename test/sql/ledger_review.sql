-- Ways around the laws of a ledger, each of them closed: who tries them gets an error or the right figure.
\set SHOW_CONTEXT never
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar CASCADE;
DROP ROLE IF EXISTS review_poster;
SELECT credit.create_ledger('ar', 'USD', time_zone => 'UTC');
CREATE ROLE review_poster;
SELECT ar.grant_access('review_poster', 'poster');
RESET client_min_messages;

CREATE FUNCTION pg_temp.item(text) RETURNS bigint LANGUAGE sql AS
	'SELECT min(item_id) FROM ar.item JOIN ar.document USING (customer_id, document_id) WHERE number = $1';
CREATE FUNCTION pg_temp.doc(text) RETURNS bigint LANGUAGE sql AS 'SELECT document_id FROM ar.document WHERE number = $1';
-- Where a message has today's date in it.
CREATE FUNCTION pg_temp.state_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
DO $$ BEGIN
	PERFORM ar.add_customer('Customer ' || n, n) FROM generate_series(1, 9) n;
	PERFORM ar.set_terms(1, '2/10 net 30');
	PERFORM ar.set_fx_rate('EUR', 1.10, '2025-01-01');
	PERFORM ar.set_fx_rate('JPY', 0.0067, '2025-01-01');
END $$;

-- Posting does not include writing off, refunding and voiding.
SET ROLE review_poster;
SELECT ar.post_document('write_off', 1, 'W', '2025-01-20', 1000);
RESET ROLE;

-- A discount is earned once, by money.
DO $$ BEGIN
	PERFORM ar.post_invoice(1, 'I-1', '2025-02-01', 1000), ar.post_payment(1, 'P-1', '2025-02-05', 2000);
	PERFORM ar.post_invoice(1, 'I-2', '2025-02-01', 1000), ar.post_credit_note(1, 'K-2', '2025-02-05', 1000);
	PERFORM ar.post_invoice(1, 'I-3', '2025-02-01', 1000.25), ar.post_payment(1, 'P-3', '2025-02-05', 980.24);
END $$;
SELECT ar.allocate_with_discount(1, pg_temp.item('P-1'), pg_temp.item('I-1'), 490, p_applied_on => '2025-02-05') AS half,
	ar.allocate_with_discount(1, pg_temp.item('P-1'), pg_temp.item('I-1'), p_applied_on => '2025-02-05') AS other_half;
SELECT count(ar.reverse_allocation(1, a.allocation_id, '2025-02-06')) FROM ar.allocation a
WHERE credit_item_id = pg_temp.item('P-1') AND debit_item_id = pg_temp.item('I-1');
SELECT ar.allocate_with_discount(1, pg_temp.item('P-1'), pg_temp.item('I-1'), p_applied_on => '2025-02-06') AS again;
SELECT ar.allocate_with_discount(1, pg_temp.item('K-2'), pg_temp.item('I-2'), p_applied_on => '2025-02-05') AS by_credit_note;
-- To the cent: 2% of 1000.25 are 20.01, though 980.24 alone would earn 20.00.
SELECT ar.allocate_with_discount(1, pg_temp.item('P-3'), pg_temp.item('I-3'), p_applied_on => '2025-02-05') AS to_the_cent;
SELECT d.number, i.open_amount FROM ar.item i JOIN ar.document d USING (customer_id, document_id) WHERE d.kind IN ('invoice', 'credit_note') ORDER BY 1;
SELECT ar.earned_discount(1, pg_temp.item('I-1'), '2025-02-05', -1);

-- A payment that came back before its discount was entered.
DO $$ BEGIN
	PERFORM ar.post_invoice(1, 'I-4', '2025-02-01', 1000), ar.post_payment(1, 'P-4', '2025-02-05', 980);
	PERFORM ar.allocate_with_discount(1, pg_temp.item('P-4'), pg_temp.item('I-4'), p_applied_on => '2025-02-20');
	PERFORM ar.return_payment(1, pg_temp.doc('P-4'), '2025-02-10');
END $$;
SELECT status, open_amount FROM ar.document_status WHERE number IN ('I-4', 'P-4', 'discount of I-4') ORDER BY document_id;

-- What was voided or returned stays closed.
SELECT ar.reverse_allocation(1, allocation_id) FROM ar.allocation WHERE debit_item_id = pg_temp.item('return of P-4');
DO $$ BEGIN
	PERFORM ar.post_invoice(1, 'I-5', '2025-02-01', 10), ar.void_document(1, pg_temp.doc('I-5'), 'wrong', '2025-02-02');
END $$;
INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses)
SELECT customer_id, credit_item_id, debit_item_id, -amount, '2025-02-02', allocation_id FROM ar.allocation WHERE debit_item_id = pg_temp.item('I-5');

-- A claim that was recovered in cash is not opened again.
DO $$ BEGIN
	PERFORM ar.post_invoice(2, 'I-6', '2025-01-10', 100, '2025-02-10'), ar.post_payment(2, 'P-6', '2025-03-01', 60);
	PERFORM ar.write_off(2, pg_temp.item('I-6'), 'bad debt', p_number => 'W-6'), ar.recover(2, pg_temp.doc('W-6'), pg_temp.doc('P-6'), p_number => 'R-6');
END $$;
SELECT ar.void_document(2, pg_temp.doc('W-6'), 'paid after all');
SELECT ar.void_document(2, pg_temp.doc('R-6'), 'wrong') IS NOT NULL AS recovery, ar.void_document(2, pg_temp.doc('W-6'), 'paid after all') IS NOT NULL AS write_off;
SELECT number, open_amount FROM ar.document_status WHERE number IN ('I-6', 'P-6') ORDER BY 1;

-- Money that has not cleared stays in the exposure of whoever sent it.
DO $$ BEGIN
	PERFORM ar.post_payment(3, 'P-7', '2025-03-01', 100, p_clears_on => '5000-01-01'), ar.set_credit_limit(3, 1000);
	PERFORM ar.post_payment(3, 'P-8', '2025-03-01', 100, 'EUR', p_clears_on => '5000-01-01', p_fx_rate => 0.01);
END $$;
SELECT exposure FROM ar.check_credit(3, 1);
SELECT exposure FROM ar.exposure_in('USD', p_customer_id => 3);
SELECT pg_temp.state_of($$SELECT ar.confirm_clearing(3, pg_temp.doc('P-7'), 'infinity')$$), pg_temp.state_of($$SELECT ar.confirm_clearing(3, pg_temp.doc('P-7'), '2025-02-28')$$);
SELECT ar.transfer_credit(3, pg_temp.doc('P-7'), 4, 'wrong account');
SELECT ar.refund(3, pg_temp.doc('P-7'));
SELECT ar.merge_customers(3, 4, 'the same');
SELECT ar.confirm_clearing(3, pg_temp.doc('P-7'), '2025-03-02'), ar.confirm_clearing(3, pg_temp.doc('P-8'), '2025-03-02');
SELECT ar.refund(3, pg_temp.doc('P-7'), p_amount => 40) IS NOT NULL AS refunded, ar.merge_customers(3, 4, 'the same') AS moved;
SELECT customer_id, currency, unapplied, uncleared FROM ar.exposure WHERE customer_id IN (3, 4) ORDER BY 1, 2;
-- Without a rate nothing is approved.
DO $$ BEGIN
	PERFORM ar.post_payment(9, 'P-9', '2025-03-01', 100, 'KWD', p_clears_on => '5000-01-01', p_fx_rate => 3.25);
	PERFORM ar.post_invoice(9, 'I-9', '2025-03-01', 100, '2025-03-31', 'KWD', p_fx_rate => 3.25), ar.apply_payment(9, pg_temp.doc('P-9'));
END $$;
SELECT pg_temp.state_of('SELECT * FROM ar.check_credit(9, 1)');

-- Merging: once, into one customer, whatever the numbers and dates.
DO $$ BEGIN
	PERFORM ar.post_invoice(5, 'I-10', '5000-03-10', 10, '5000-04-10'), ar.post_invoice(5, 'I-11', '2025-01-10', 20, '2025-02-10');
	PERFORM ar.post_invoice(5, repeat('9', 210), '2025-01-10', 20, p_terms => '1/2 30, 1/2 60');
END $$;
SELECT ar.merge_customers(5, 6, 'the same', '-infinity');
SELECT ar.merge_customers(5, 6, 'the same', '2025-03-01');
SELECT d.posting_date, count(*), sum(d.amount) FROM ar.document d WHERE customer_id = 6 GROUP BY 1 ORDER BY 1;
-- A hold is not lost on the way.
SELECT ar.add_customer('Held', 11), ar.place_hold(11, 'bad cheques'), ar.merge_customers(11, 6, 'the same') AS moved;
SELECT customer_id, open_holds FROM ar.exposure WHERE customer_id IN (6, 11) ORDER BY 1;
SELECT ar.merge_customers(5, 7, 'another');
SELECT ar.merge_customers(5, 6, 'the same') AS nothing_new;
SELECT ar.transfer_credit(1, pg_temp.doc('P-1'), 5, 'wrong account');

-- A deposit is for its order, in any currency and with any customer.
DO $$ BEGIN
	PERFORM ar.post_deposit(7, 'D-1', '2025-01-10', 100, 'O-1'), ar.post_payment(7, 'P-12', '2025-01-10', 100);
	PERFORM ar.post_invoice(7, 'I-12', '2025-01-10', 50, '2025-02-10', 'EUR'), ar.post_invoice(7, 'I-13', '2025-01-10', 500, '2025-02-10', 'JPY');
	PERFORM ar.post_invoice(7, 'I-14', '2025-01-10', 50, '2025-02-10', 'EUR', p_order_id => 'O-1');
END $$;
SELECT ar.allocate_across(7, pg_temp.item('D-1'), pg_temp.item('I-12'), 55, p_applied_on => '2025-01-20');
SELECT ar.allocate_across(7, pg_temp.item('D-1'), pg_temp.item('I-14'), 55, p_applied_on => '2025-01-20');
SELECT ar.transfer_credit(7, pg_temp.doc('D-1'), 8, 'wrong account');
-- What comes to nothing in the other currency.
SELECT ar.allocate_across(7, pg_temp.item('P-12'), pg_temp.item('I-13'), 0.01, 0.1, '2025-01-20');
SELECT ar.allocate_across(7, pg_temp.item('P-12'), pg_temp.item('I-13'), NULL, NULL, '2025-01-20');

-- A currency in itself needs no rate.
DO $$ BEGIN
	PERFORM ar.add_customer('Kuwaiti', 10, p_currency => 'KWD'), ar.post_invoice(10, 'I-15', '2025-01-10', 5, '2025-02-10', 'KWD', p_fx_rate => 3.25);
END $$;
SELECT ar.merge_customers(9, 10, 'the same');
SELECT ar.confirm_clearing(9, pg_temp.doc('P-9'), '2025-03-02');
CREATE TEMP TABLE kuwaiti AS SELECT ar.merge_customers(9, 10, 'the same');
SELECT currency, receivable, exposure FROM ar.exposure_in(NULL, p_customer_id => 10);

SELECT * FROM ar.verify_ledger();
SELECT * FROM ar.verify_chain();
SELECT * FROM ar.verify_chain(NULL, 99);

-- A link that lost its list of entries, and they with it, is found out.
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM ar.exchange_difference WHERE allocation_id = (SELECT max(allocation_id) FROM ar.allocation);
DELETE FROM ar.allocation WHERE allocation_id = (SELECT max(allocation_id) FROM ar.allocation);
UPDATE ar.chain_link l SET entry_ids = '{}' WHERE source = 'allocation'
	AND NOT EXISTS (SELECT FROM ar.allocation a WHERE a.customer_id = l.customer_id AND a.allocation_id = ANY (l.entry_ids));
SET LOCAL session_replication_role = origin;
SELECT ar.rebuild_ledger() > 0 AS figures_mended;
SELECT problem FROM ar.verify_ledger();
SELECT problem, detail FROM ar.verify_chain();
ROLLBACK;

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
DROP ROLE review_poster;
