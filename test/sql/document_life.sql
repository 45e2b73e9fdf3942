-- The life of a document after it was posted: voided, returned, cleared, reserved, refunded, written off, recovered, transferred.
\set SHOW_CONTEXT never
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar, life_shop CASCADE;
SELECT credit.create_ledger('ar', 'USD');
\pset format unaligned
\pset tuples_only on

-- A document's id and its item's by its number, which in this test is unique; what a statement is answered.
CREATE FUNCTION pg_temp.doc(num text) RETURNS bigint LANGUAGE sql AS $$SELECT document_id FROM ar.document WHERE number = num$$;
CREATE FUNCTION pg_temp.item(num text, inst integer DEFAULT 1) RETURNS bigint LANGUAGE sql AS $$
	SELECT item_id FROM ar.item WHERE document_id = pg_temp.doc(num) AND instalment_no = inst$$;
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RAISE 'NOT REFUSED' USING ERRCODE = 'P9999';
EXCEPTION WHEN SQLSTATE 'P9999' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || SQLERRM, 'detail: ' || NULLIF(detail, ''), 'hint: ' || NULLIF(hint, ''));
END $$;
-- What is open of a customer, and what that makes of the exposure.
CREATE FUNCTION pg_temp.account(customer bigint) RETURNS TABLE (kind text, number text, amount numeric, open_amount numeric, due_date date)
LANGUAGE sql STABLE AS $$
	SELECT d.kind, d.number, i.amount, i.open_amount, i.due_date FROM ar.item i JOIN ar.document d USING (customer_id, document_id)
	WHERE customer_id = customer ORDER BY i.item_id$$;
CREATE FUNCTION pg_temp.exposed(customer bigint) RETURNS TABLE (receivable numeric, unapplied numeric, reserved numeric, uncleared numeric)
LANGUAGE sql STABLE AS $$SELECT receivable, unapplied, reserved, uncleared FROM ar.exposure WHERE customer_id = customer AND currency = 'USD'$$;
CREATE FUNCTION pg_temp.aged(customer bigint, days date[]) RETURNS TABLE (as_of date, total numeric, amounts numeric[], unapplied numeric)
LANGUAGE sql STABLE AS $$
	SELECT d, a.total, a.amounts, a.unapplied FROM unnest(days) d LEFT JOIN LATERAL ar.aging_at(d, p_customer_id => customer) a ON true ORDER BY d$$;
SELECT count(ar.add_customer('Customer ' || c, c)) FROM generate_series(1, 19) c;

-- ---- Void ----

-- An invoice of 100 with 60 paid: the allocation is undone first, so the payment is unapplied again, and then both
-- documents close each other.  Nothing changes before the day of the void.
DO $$ BEGIN
	PERFORM ar.post_invoice(1, 'I-1', '2025-01-10', 100, '2025-02-09');
	PERFORM ar.post_payment(1, 'P-1', '2025-01-20', 60);
	PERFORM ar.apply_payment(1, pg_temp.doc('P-1'), p_applied_on => '2025-01-20');
	PERFORM ar.void_document(1, pg_temp.doc('I-1'), 'posted to the wrong customer', '2025-02-01');
END $$;
SELECT * FROM pg_temp.account(1);
SELECT * FROM pg_temp.exposed(1);
-- 31 January: 100 - 60; from 1 February on only the payment is left.
SELECT * FROM pg_temp.aged(1, '{2025-01-15,2025-01-31,2025-02-01,2025-06-01}');
SELECT kind, side, number, doc_date, posting_date, due_date, amount, reverses = pg_temp.doc('I-1') AS reverses_it, reason
FROM ar.document WHERE reverses IS NOT NULL AND customer_id = 1;
SELECT amount, applied_on, reverses IS NOT NULL AS reversal FROM ar.allocation WHERE customer_id = 1 ORDER BY allocation_id;
-- Once; not a void itself; not an invoice of somebody else, nor one that is not there; with a reason.
SELECT pg_temp.try($$SELECT ar.void_document(1, pg_temp.doc('I-1'), 'again')$$);
SELECT pg_temp.try($$SELECT ar.void_document(1, pg_temp.doc('void of I-1'), 'changed our mind')$$);
SELECT pg_temp.try($$SELECT ar.void_document(2, pg_temp.doc('I-1'), 'x')$$);
SELECT pg_temp.try($$SELECT ar.void_document(1, pg_temp.doc('P-1'), ' ')$$);
SELECT pg_temp.try($$SELECT ar.void_document(1, pg_temp.doc('P-1'), 'x', '2025-01-19')$$);
-- The number of a voided document stays taken.
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'I-1', '2025-02-02', 100, '2025-03-04')$$);
-- The payment can be voided as well: from the other side.
SELECT ar.void_document(1, pg_temp.doc('P-1'), 'entered twice', '2025-02-03', 'V-1') = pg_temp.doc('V-1');
SELECT kind, side, number FROM ar.document WHERE number = 'V-1';
SELECT * FROM pg_temp.exposed(1);

-- What was granted on an invoice goes with it: 100 at 2 percent discount, paid with 97, 1 written off.
DO $$ BEGIN
	PERFORM ar.post_invoice(2, 'I-2', '2025-01-10', 100, p_terms => '2/10 net 30');
	PERFORM ar.post_payment(2, 'P-2', '2025-01-15', 97);
	PERFORM ar.allocate_with_discount(2, pg_temp.item('P-2'), pg_temp.item('I-2'), 97, 2, '2025-01-15');
	PERFORM ar.write_off(2, pg_temp.item('I-2'), 'small difference', p_written_off_on => '2025-01-15', p_source_document_id => pg_temp.doc('P-2'));
END $$;
SELECT * FROM pg_temp.account(2);
-- The payment is voided: the discount it earned and the difference forgiven for it are too, and the invoice is open in full.
BEGIN;
SELECT ar.void_document(2, pg_temp.doc('P-2'), 'other bank account', '2025-01-20') IS NOT NULL;
SELECT kind, number, open_amount FROM pg_temp.account(2);
ROLLBACK;
-- The invoice is voided: only the payment stays, unapplied.
SELECT ar.void_document(2, pg_temp.doc('I-2'), 'never delivered', '2025-01-20') IS NOT NULL;
SELECT kind, number, open_amount FROM pg_temp.account(2);
SELECT * FROM pg_temp.exposed(2);

-- An allocation dated after the void is undone on its own day; the documents then close on that day.
DO $$ BEGIN
	PERFORM ar.post_invoice(3, 'I-3', '2025-01-10', 100, '2025-02-09');
	PERFORM ar.post_payment(3, 'P-3', '2025-01-20', 100);
	PERFORM ar.allocate(3, pg_temp.item('P-3'), pg_temp.item('I-3'), 100, '2025-03-01');
	PERFORM ar.void_document(3, pg_temp.doc('I-3'), 'duplicate', '2025-02-01');
END $$;
SELECT amount, applied_on FROM ar.allocation WHERE customer_id = 3 ORDER BY allocation_id;
SELECT * FROM pg_temp.aged(3, '{2025-01-31,2025-02-01,2025-02-28,2025-03-01}');

-- ---- Returned payments (NSF) ----

-- Invoice 1000 at 2/10 net 30, paid with 980 in time.  The cheque bounces on 2 February with a fee of 25: 1000 are open
-- again with the old due date, the discount is void, and the fee is due at once.
DO $$ BEGIN
	PERFORM ar.post_invoice(4, 'I-4', '2025-01-10', 1000, p_terms => '2/10 net 30');
	PERFORM ar.post_payment(4, 'P-4', '2025-01-15', 980);
	PERFORM ar.allocate_with_discount(4, pg_temp.item('P-4'), pg_temp.item('I-4'), p_applied_on => '2025-01-15');
END $$;
SELECT * FROM pg_temp.account(4);
SELECT ar.return_payment(4, pg_temp.doc('P-4'), '2025-02-02', 'not sufficient funds', 25) = pg_temp.doc('return of P-4');
SELECT * FROM pg_temp.account(4);
SELECT * FROM pg_temp.exposed(4);
-- Closed in January, as reported then; in March 1000 are 20 days, the fee 27 days past due.
SELECT * FROM pg_temp.aged(4, '{2025-01-14,2025-01-31,2025-02-02,2025-03-01}');
SELECT kind, number, reason, source_document_id = pg_temp.doc('return of P-4') AS of_the_return FROM ar.document WHERE customer_id = 4 AND kind = 'fee';
-- Twice is once too often; nor can what came back be voided, nor the return be.
SELECT pg_temp.try($$SELECT ar.return_payment(4, pg_temp.doc('P-4'), '2025-02-03')$$);
SELECT pg_temp.try($$SELECT ar.void_document(4, pg_temp.doc('P-4'), 'x')$$);
SELECT pg_temp.try($$SELECT ar.return_payment(4, pg_temp.doc('return of P-4'), '2025-02-03')$$);
SELECT pg_temp.try($$SELECT ar.void_document(4, pg_temp.doc('return of P-4'), 'x')$$);
SELECT pg_temp.try($$SELECT ar.return_payment(4, pg_temp.doc('I-4'), '2025-02-03')$$);
-- Written by hand it must fit as well.
SELECT pg_temp.try($$INSERT INTO ar.document (customer_id, kind, number, doc_date, amount) VALUES (4, 'returned_payment', 'X', '2025-03-01', 980)$$);
SELECT pg_temp.try($$INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, reverses) VALUES (4, 'returned_payment', 'X', '2025-03-01', 1000, pg_temp.doc('I-4'))$$);
SELECT pg_temp.try($$INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, reverses) VALUES (2, 'returned_payment', 'X', '2025-03-01', 96, pg_temp.doc('P-2'))$$);
SELECT pg_temp.try($$INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, reverses) VALUES (2, 'returned_payment', 'X', '2025-01-14', 97, pg_temp.doc('P-2'))$$);
SELECT pg_temp.try($$INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, reverses) VALUES (2, 'payment', 'X', '2025-03-01', 97, pg_temp.doc('P-4'))$$);

-- NSF of a payment that was never applied: it is closed, and nothing else happens.
SELECT ar.post_payment(5, 'P-5', '2025-01-15', 50) IS NOT NULL;
SELECT ar.return_payment(5, pg_temp.doc('P-5'), '2025-01-20', p_number => 'NSF-5') = pg_temp.doc('NSF-5');
SELECT * FROM pg_temp.account(5);
SELECT * FROM pg_temp.aged(5, '{2025-01-19,2025-01-20}');

-- A payment on two invoices in instalments: each item gets its own amount and due date back.
DO $$ BEGIN
	PERFORM ar.post_invoice(6, 'I-6', '2025-01-01', 200, p_terms => '30% 30, 50% 60, 20% 90');
	PERFORM ar.post_invoice(6, 'I-6b', '2025-01-01', 50, '2025-01-31');
	PERFORM ar.post_payment(6, 'P-6', '2025-01-10', 150);
	PERFORM ar.apply_payment(6, pg_temp.doc('P-6'), p_applied_on => '2025-01-10');
END $$;
SELECT * FROM pg_temp.account(6);
SELECT ar.return_payment(6, pg_temp.doc('P-6'), '2025-02-10') IS NOT NULL;
SELECT * FROM pg_temp.account(6);

-- ---- Money that is not good yet ----

-- A cheque of 400 that clears in ten days closes the invoice of 400 but frees no credit till then.
SELECT ar.set_credit_limit(7, 1000) IS NOT NULL;
SELECT ar.post_invoice(7, 'I-7', current_date - 10, 400, current_date) IS NOT NULL, ar.post_payment(7, 'P-7', current_date, 400, p_clears_on => current_date + 10) IS NOT NULL;
SELECT exposure, available FROM ar.check_credit(7, 600);
SELECT ar.apply_payment(7, pg_temp.doc('P-7'));
SELECT open_amount FROM pg_temp.account(7);
SELECT * FROM pg_temp.exposed(7);
SELECT outcome, exposure, available, shortfall FROM ar.check_credit(7, 600.01);
SELECT ar.confirm_clearing(7, pg_temp.doc('P-7'));
SELECT exposure, available FROM ar.check_credit(7, 600);
-- Said twice it counts once.
SELECT ar.confirm_clearing(7, pg_temp.doc('P-7'));
SELECT * FROM pg_temp.exposed(7);
-- One whose day has come is good by itself; one that comes back was never good.
SELECT ar.post_payment(7, 'P-7b', current_date - 9, 30, p_clears_on => current_date) IS NOT NULL, ar.post_payment(7, 'P-7c', current_date, 70, p_clears_on => current_date + 1) IS NOT NULL;
SELECT uncleared FROM pg_temp.exposed(7);
SELECT exposure FROM ar.check_credit(7, 0);
SELECT ar.return_payment(7, pg_temp.doc('P-7c')) IS NOT NULL;
SELECT * FROM pg_temp.exposed(7);
SELECT exposure FROM ar.check_credit(7, 0);
SELECT pg_temp.try($$SELECT ar.confirm_clearing(7, pg_temp.doc('P-7c'))$$);
SELECT pg_temp.try($$SELECT ar.confirm_clearing(7, pg_temp.doc('I-7'))$$);
SELECT pg_temp.try($$SELECT ar.post_document('invoice', 7, 'X', '2025-01-01', 5, '2025-01-01', p_clears_on => '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.post_payment(7, 'X', '2025-01-01', 5, p_clears_on => 'infinity')$$);

-- ---- Deposits ----

-- 100 down for order SO-8.  It is no credit for anything else, and pays nothing else.
DO $$ BEGIN
	PERFORM ar.post_deposit(8, 'D-8', '2025-03-01', 100, 'SO-8');
	PERFORM ar.post_invoice(8, 'I-8', '2025-03-05', 70, '2025-04-04', p_order_id => 'SO-8');
	PERFORM ar.post_invoice(8, 'I-8b', '2025-03-05', 40, '2025-04-04', p_order_id => 'SO-9');
	PERFORM ar.post_invoice(8, 'I-8c', '2025-03-05', 10, '2025-04-04');
END $$;
SELECT * FROM pg_temp.exposed(8);
SELECT number, reserved_for, bucket FROM ar.open_items WHERE customer_id = 8 ORDER BY item_id;
SELECT pg_temp.try($$SELECT ar.allocate(8, pg_temp.item('D-8'), pg_temp.item('I-8b'), 10)$$);
SELECT pg_temp.try($$SELECT ar.allocate(8, pg_temp.item('D-8'), pg_temp.item('I-8c'), 10)$$);
SELECT ar.apply_deposit(8, pg_temp.doc('D-8'), '2025-03-05');
SELECT * FROM pg_temp.account(8);
SELECT * FROM pg_temp.exposed(8);
SELECT pg_temp.try($$SELECT ar.apply_deposit(8, pg_temp.doc('I-8'))$$);
-- A deposit is for an order, and only money can be one.
SELECT pg_temp.try($$SELECT ar.post_deposit(8, 'X', '2025-03-01', 100, NULL)$$);
-- Released, what is left is plain credit, and pays the others.
SELECT ar.release_deposit(8, pg_temp.doc('D-8'), 'order closed');
SELECT * FROM pg_temp.exposed(8);
SELECT ar.apply_payment(8, pg_temp.doc('D-8'), p_applied_on => current_date);
SELECT * FROM pg_temp.account(8);
SELECT pg_temp.try($$SELECT ar.release_deposit(8, pg_temp.doc('D-8'), 'again')$$);
SELECT pg_temp.try($$SELECT ar.release_deposit(8, pg_temp.doc('I-8'), 'x')$$);
SELECT pg_temp.try($$SELECT ar.apply_deposit(8, pg_temp.doc('D-8'))$$);
-- A deposit goes back whole, part by part, or bounces.
SELECT ar.post_deposit(8, 'D-8b', '2025-03-01', 50, 'SO-10') IS NOT NULL, ar.post_deposit(8, 'D-8c', '2025-03-01', 60, 'SO-10') IS NOT NULL;
SELECT ar.refund(8, pg_temp.doc('D-8b'), p_amount => 20) IS NOT NULL, ar.return_payment(8, pg_temp.doc('D-8c')) IS NOT NULL;
SELECT * FROM pg_temp.exposed(8);
SELECT ar.void_document(8, pg_temp.doc('D-8b'), 'for another customer') IS NOT NULL;
SELECT number, open_amount FROM pg_temp.account(8) WHERE open_amount <> 0 OR number ~ 'D-8b';
SELECT * FROM pg_temp.exposed(8);

-- It covers its own order, up to what that is for, and no other: with a limit of 50 and 100 down, 150 of it.
CREATE SCHEMA life_shop;
CREATE TABLE life_shop.orders (id text, customer_id bigint, total numeric);
SELECT ar.watch_orders('life_shop.orders', 'customer_id', 'total', 'id'), ar.set_credit_limit(16, 50) IS NOT NULL, ar.post_deposit(16, 'D-16', '2025-03-01', 100, 'SO-16') IS NOT NULL;
SELECT outcome, exposure, available FROM ar.check_credit(16, 50.01);
SELECT left(pg_temp.try($$INSERT INTO life_shop.orders VALUES ('SO-17', 16, 50.01)$$), 5), left(pg_temp.try($$INSERT INTO life_shop.orders VALUES ('SO-16', 16, 150.01)$$), 5);
INSERT INTO life_shop.orders VALUES ('SO-16', 16, 150) RETURNING total;
SELECT left(pg_temp.try($$INSERT INTO life_shop.orders VALUES ('SO-17', 16, 0.01)$$), 5);

-- ---- Refunds ----

-- Paid 120 on an invoice of 100: 20 are too much.
DO $$ BEGIN
	PERFORM ar.post_invoice(9, 'I-9', '2025-01-01', 100, '2025-01-31');
	PERFORM ar.post_payment(9, 'P-9', '2025-01-15', 120);
	PERFORM ar.apply_payment(9, pg_temp.doc('P-9'), p_applied_on => '2025-01-15');
END $$;
SELECT pg_temp.try($$SELECT ar.refund(9, pg_temp.doc('P-9'), p_amount => 20.01)$$);
SELECT pg_temp.try($$SELECT ar.refund(9, pg_temp.doc('P-9'), p_amount => 0)$$);
SELECT pg_temp.try($$SELECT ar.refund(9, pg_temp.doc('P-9'), p_amount => -5)$$);
SELECT pg_temp.try($$SELECT ar.refund(9, pg_temp.doc('I-9'))$$);
SELECT pg_temp.try($$SELECT ar.refund(9, pg_temp.doc('P-9'), p_refunded_on => '2025-01-14')$$);
SELECT pg_temp.try($$SELECT ar.refund(9, 0)$$);
SELECT ar.refund(9, pg_temp.doc('P-9'), p_amount => 5, p_refunded_on => '2025-02-01') = pg_temp.doc('refund of P-9');
SELECT ar.refund(9, pg_temp.doc('P-9'), 'R-9', p_refunded_on => '2025-02-02') = pg_temp.doc('R-9');
SELECT * FROM pg_temp.account(9);
SELECT pg_temp.try($$SELECT ar.refund(9, pg_temp.doc('P-9'))$$);
SELECT * FROM pg_temp.aged(9, '{2025-01-31,2025-02-01,2025-02-02}');
-- A refund that was not paid out is voided: the credit is open again.
SELECT ar.void_document(9, pg_temp.doc('R-9'), 'bank account closed', '2025-02-05') IS NOT NULL;
SELECT * FROM pg_temp.exposed(9);

-- ---- Write-offs and recoveries ----

-- 1000 owed, 300 paid, 700 written off as a bad debt; later 250 come in on the claim.
DO $$ BEGIN
	PERFORM ar.post_invoice(10, 'I-10', '2025-01-01', 1000, '2025-01-31');
	PERFORM ar.post_payment(10, 'P-10', '2025-01-15', 300);
	PERFORM ar.apply_payment(10, pg_temp.doc('P-10'), p_applied_on => '2025-01-15');
END $$;
SELECT pg_temp.try($$SELECT ar.write_off(10, pg_temp.item('I-10'), 'bad debt', 700.01)$$);
SELECT pg_temp.try($$SELECT ar.write_off(10, pg_temp.item('I-10'), '')$$);
SELECT pg_temp.try($$SELECT ar.write_off(10, pg_temp.item('I-10'), 'bad debt', 0)$$);
SELECT pg_temp.try($$SELECT ar.write_off(10, pg_temp.item('P-10'), 'bad debt')$$);
SELECT pg_temp.try($$SELECT ar.write_off(10, 0, 'bad debt')$$);
SELECT ar.write_off(10, pg_temp.item('I-10'), 'bad debt', p_written_off_on => '2025-06-30', p_number => 'W-10') = pg_temp.doc('W-10');
SELECT pg_temp.try($$SELECT ar.write_off(10, pg_temp.item('I-10'), 'bad debt')$$);
SELECT * FROM pg_temp.aged(10, '{2025-06-29,2025-06-30}');
DO $$ BEGIN PERFORM ar.post_payment(10, 'P-10b', '2025-09-01', 250), ar.post_payment(10, 'P-10c', '2025-10-01', 500); END $$;
SELECT ar.recover(10, pg_temp.doc('W-10'), pg_temp.doc('P-10b'), p_recovered_on => '2025-09-01') = pg_temp.doc('recovery of W-10');
-- 700 - 250 = 450 are still to be had; of the 500 that come 50 are left.
SELECT pg_temp.try($$SELECT ar.recover(10, pg_temp.doc('W-10'), pg_temp.doc('P-10c'), 450.01)$$);
SELECT pg_temp.try($$SELECT ar.recover(10, pg_temp.doc('W-10'), pg_temp.doc('P-10b'), 1)$$);
SELECT pg_temp.try($$SELECT ar.recover(10, pg_temp.doc('I-10'), pg_temp.doc('P-10c'))$$);
SELECT ar.recover(10, pg_temp.doc('W-10'), pg_temp.doc('P-10c'), p_recovered_on => '2025-10-01') IS NOT NULL;
SELECT pg_temp.try($$SELECT ar.recover(10, pg_temp.doc('W-10'), pg_temp.doc('P-10c'))$$);
SELECT * FROM pg_temp.account(10);
-- A recovery that is voided may be had again; a write-off that is voided has none to be had.
SELECT ar.void_document(10, pg_temp.doc('recovery of W-10'), 'was for another claim', '2025-10-02') IS NOT NULL;
SELECT pg_temp.try($$SELECT ar.recover(10, pg_temp.doc('W-10'), pg_temp.doc('P-10b'), 250.01)$$);
SELECT pg_temp.try($$SELECT ar.void_document(10, pg_temp.doc('W-10'), 'debtor is solvent again', '2025-10-03')$$);
SELECT ar.void_document(10, pg_temp.doc('recovery of W-10 #2'), 'debtor is solvent again', '2025-10-03') IS NOT NULL;
SELECT ar.void_document(10, pg_temp.doc('W-10'), 'debtor is solvent again', '2025-10-03') IS NOT NULL;
SELECT number, open_amount FROM pg_temp.account(10) WHERE open_amount <> 0;
SELECT pg_temp.try($$SELECT ar.recover(10, pg_temp.doc('W-10'), pg_temp.doc('P-10b'))$$);

-- ---- Transfers ----

-- A head office pays 500 for two branches: 300 and 150 move, 50 stay.
SELECT ar.post_payment(11, 'P-11', '2025-01-10', 500, p_reference => 'for 12 and 13') IS NOT NULL;
SELECT pg_temp.try($$SELECT ar.transfer_credit(11, pg_temp.doc('P-11'), 12, 'branch', 500.01)$$);
SELECT pg_temp.try($$SELECT ar.transfer_credit(11, pg_temp.doc('P-11'), 11, 'branch')$$);
SELECT pg_temp.try($$SELECT ar.transfer_credit(11, pg_temp.doc('P-11'), 99, 'branch')$$);
SELECT pg_temp.try($$SELECT ar.transfer_credit(11, pg_temp.doc('P-11'), 12, NULL)$$);
SELECT ar.transfer_credit(11, pg_temp.doc('P-11'), 12, 'branch', 300, '2025-01-11') IS NOT NULL, ar.transfer_credit(11, pg_temp.doc('P-11'), 13, 'branch', 150, '2025-01-11') IS NOT NULL;
SELECT c, a.* FROM generate_series(11, 13) c, pg_temp.account(c) a;
SELECT customer_id, side, reference, reason FROM ar.document WHERE kind = 'transfer' ORDER BY document_id;
-- In sum nothing came or went.
SELECT d, sum(a.total) FROM unnest('{2025-01-10,2025-01-11}'::date[]) d, generate_series(11, 13) c, ar.aging_at(d, p_customer_id => c) a GROUP BY d ORDER BY d;
-- Half of it cannot be voided; it is transferred back.
SELECT pg_temp.try(format('SELECT ar.void_document(12, %s, %L)', document_id, 'x')) FROM ar.document WHERE customer_id = 12;
SELECT ar.transfer_credit(12, document_id, 11, 'not theirs', p_transferred_on => '2025-01-12') IS NOT NULL FROM ar.document WHERE customer_id = 12;
SELECT c, a.* FROM generate_series(11, 12) c, pg_temp.account(c) a WHERE a.open_amount <> 0;

-- ---- All kinds, and what they are ----

DO $$
DECLARE
	k text;
	s text;
BEGIN
	FOR k, s IN VALUES ('invoice', NULL), ('credit_note', NULL), ('debit_note', NULL), ('payment', NULL), ('finance_charge', NULL), ('fee', NULL), ('core_charge', NULL),
			('discount', NULL), ('write_off', NULL), ('set_off', NULL), ('refund', NULL), ('recovery', NULL), ('adjustment', 'debit'), ('adjustment', 'credit'),
			('transfer', 'debit'), ('transfer', 'credit'), ('fx_difference', 'debit'), ('fx_difference', 'credit') LOOP
		PERFORM ar.post_document(k, 14, k || COALESCE(' ' || s, ''), '2025-01-01', 5, CASE WHEN k IN ('invoice', 'debit_note', 'finance_charge', 'fee', 'core_charge') THEN date '2025-01-31' END, p_side => s);
	END LOOP;
END $$;
SELECT kind, side, i.amount, i.due_date FROM ar.document d JOIN ar.item i USING (customer_id, document_id) WHERE customer_id = 14 ORDER BY side DESC, kind;
-- 5 each on the debit side and on the credit side.
SELECT * FROM pg_temp.exposed(14);
SELECT pg_temp.try($$SELECT ar.post_document('adjustment', 14, 'X', '2025-01-01', 5)$$);
SELECT pg_temp.try($$SELECT ar.post_document('adjustment', 14, 'X', '2025-01-01', 5, p_side => 'left')$$);
SELECT pg_temp.try($$SELECT ar.post_document('payment', 14, 'X', '2025-01-01', 5, p_side => 'debit')$$);
SELECT pg_temp.try($$SELECT ar.post_document('invoice', 14, 'X', '2025-01-01', 5, '2025-01-31', p_side => 'credit')$$);
SELECT pg_temp.try($$SELECT ar.post_document('invoice', 14, 'X', '2025-01-01', 5, '2025-01-31', p_sold_to_id => 99)$$);
SELECT ar.post_invoice(14, 'I-14', '2025-01-01', 5, '2025-01-31', p_sold_to_id => 15) IS NOT NULL;
SELECT customer_id, sold_to_id FROM ar.open_items WHERE number = 'I-14';

-- Whatever was done, every kept figure is what recomputing gives, and every history is whole.
SELECT * FROM ar.verify_ledger();
SELECT * FROM ar.verify_chain();
SET client_min_messages = warning;
DROP SCHEMA ar, life_shop CASCADE;
