-- Two customers that are one.
\set SHOW_CONTEXT never
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar, merge_shop CASCADE;
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
CREATE FUNCTION pg_temp.account(customer bigint) RETURNS TABLE (kind text, number text, amount numeric, open_amount numeric, doc_date date, posting_date date, due_date date)
LANGUAGE sql AS $$
	SELECT d.kind, d.number, i.amount, i.open_amount, i.doc_date, i.posting_date, i.due_date FROM ar.item i JOIN ar.document d USING (customer_id, document_id)
	WHERE customer_id = customer ORDER BY i.item_id$$;
SELECT count(ar.add_customer('Customer ' || c, c)) FROM generate_series(1, 6) c;

-- Customer 1 turns out to be customer 2: an invoice part paid, one in two instalments, one that waits, a credit note left over, euros.
DO $$ BEGIN
	PERFORM ar.post_invoice(1, 'I-1', '2025-01-10', 100, '2025-02-09'), ar.post_invoice(1, 'I-2', '2025-01-10', 50, p_terms => '50% 30, 50% 60'),
		ar.post_invoice(1, 'I-3', '2025-01-10', 20, p_terms => 'net 30 ROG'), ar.post_invoice(1, 'I-4', '2025-01-10', 10, '2025-02-09', 'EUR', p_fx_rate => 1.10);
	PERFORM ar.apply_payment(1, ar.post_payment(1, 'P-1', '2025-01-20', 60), p_applied_on => '2025-01-20');
	PERFORM ar.post_credit_note(1, 'K-1', '2025-02-01', 5), ar.post_deposit(1, 'D-1', '2025-02-01', 30, 'SO-1');
	PERFORM ar.post_invoice(2, 'I-1', '2025-01-15', 7, '2025-02-14');
END $$;
SELECT d, c, a.currency, a.total, a.amounts, a.unapplied FROM unnest('{2025-02-28,2025-03-01}'::date[]) d, generate_series(1, 2) c, ar.aging_at(d, p_customer_id => c) a ORDER BY d, c, a.currency;
SELECT ar.merge_customers(1, 2, 'one firm', '2025-03-01');
SELECT * FROM pg_temp.account(1);
SELECT * FROM pg_temp.account(2);
-- Before the day nothing has changed; from then on it is all with the other, with the same due dates and in the same buckets.
SELECT d, c, a.currency, a.total, a.amounts, a.unapplied FROM unnest('{2025-02-28,2025-03-01}'::date[]) d, generate_series(1, 2) c, ar.aging_at(d, p_customer_id => c) a ORDER BY d, c, a.currency;
SELECT customer_id, currency, receivable, unapplied, reserved, merged_into FROM ar.exposure WHERE customer_id IN (1, 2) ORDER BY 1, 2;
-- At the value in base currency at which they were: no exchange difference arose.
SELECT customer_id, debit_base, credit_base, difference FROM ar.exchange_difference;
SELECT i.amount, i.base_amount FROM ar.item i WHERE currency = 'EUR' ORDER BY i.item_id;
SELECT customer_id, into_customer_id, merged_on, reason FROM ar.customer_merge;
-- The id is an alias.
SELECT ar.customer_of(1), ar.customer_of(2), ar.customer_of(NULL);
-- No new business, by document or order; the deposit still pays its order.
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-03-02', 1, '2025-03-02')$$);
SELECT left(pg_temp.try(format('SELECT ar.post_document(%L, 1, %L, %L, 1, %s, p_order_id => %L)', k, 'X', date '2025-03-02', CASE WHEN k IN ('invoice', 'debit_note') THEN '''2025-03-02''' ELSE 'NULL' END, 'S')), 11), k
FROM unnest('{invoice,debit_note,credit_note,payment,deposit}'::text[]) k;
SELECT ar.add_customer('Other', 7) IS NOT NULL, ar.set_credit_limit(1, 1000) IS NOT NULL, ar.set_credit_limit(2, 1000) IS NOT NULL, ar.set_credit_limit(7, 1000) IS NOT NULL;
CREATE SCHEMA merge_shop;
CREATE TABLE merge_shop.orders (id text, customer_id bigint, total numeric);
SELECT ar.watch_orders('merge_shop.orders', 'customer_id', 'total', 'id');
SELECT pg_temp.try($$INSERT INTO merge_shop.orders VALUES ('SO-9', 1, 1)$$);
INSERT INTO merge_shop.orders VALUES ('SO-8', 7, 1);
SELECT pg_temp.try($$SELECT ar.merge_customers(7, 2, 'has orders')$$);
SELECT ar.apply_deposit(2, pg_temp.doc('D-1 of customer 1'), '2025-03-05');
DO $$ BEGIN PERFORM ar.post_invoice(2, 'I-9', '2025-03-03', 40, '2025-04-02', p_order_id => 'SO-1'); END $$;
SELECT ar.apply_deposit(2, pg_temp.doc('D-1 of customer 1'), '2025-03-05');
-- A cheque of customer 1 bounces later: what opens there moves on another call, and only that.
SELECT ar.return_payment(1, pg_temp.doc('P-1'), '2025-03-10') IS NOT NULL;
SELECT * FROM pg_temp.account(1) WHERE open_amount <> 0;
SELECT ar.merge_customers(1, 2, 'one firm', '2025-03-11');
SELECT * FROM pg_temp.account(1) WHERE open_amount <> 0;
SELECT number, open_amount, due_date FROM pg_temp.account(2) WHERE posting_date = '2025-03-11';
SELECT ar.merge_customers(1, 2, 'one firm');
-- A merged customer is merged no further but through the other, which makes a chain.
SELECT pg_temp.try($$SELECT ar.merge_customers(2, 1, 'back')$$);
SELECT pg_temp.try($$SELECT ar.merge_customers(3, 1, 'into an alias')$$);
SELECT pg_temp.try($$SELECT ar.merge_customers(2, 2, 'itself')$$);
SELECT pg_temp.try($$SELECT ar.merge_customers(2, 99, 'nobody')$$);
SELECT pg_temp.try($$SELECT ar.merge_customers(99, 2, 'nobody')$$);
SELECT pg_temp.try($$SELECT ar.merge_customers(2, 3, '')$$);
SELECT ar.merge_customers(2, 3, 'group') > 0;
SELECT ar.customer_of(1), ar.customer_of(2), ar.customer_of(3);
SELECT count(*) FROM pg_temp.account(2) WHERE open_amount <> 0;
-- A customer without open items merges too.
SELECT ar.merge_customers(4, 5, 'empty');
SELECT ar.customer_of(4);

-- Holds go along as they are, and so does a bad status.
SELECT count(ar.add_customer('Customer ' || c, c)) FROM generate_series(10, 39) c;
DO $$ BEGIN
	PERFORM ar.place_hold(10, 'lawyers', 'legal'), ar.place_hold(10, 'over', 'credit_limit', 'shipments', p_automatic => true),
		ar.place_hold(10, 'for a while', p_expires_on => current_date + 9), ar.place_hold(10, 'fraud', p_forced => true), ar.set_customer_status(10, 'bankrupt');
	PERFORM ar.set_approval_policy('hold_release', true), ar.merge_customers(10, 11, 'one firm'), ar.set_approval_policy('hold_release', false);
END $$;
SELECT h.customer_id, h.reason, h.reason_code, h.scope, h.forced, h.automatic, h.expires_on - current_date, r.reason FROM ar.hold h
	LEFT JOIN ar.hold_release r USING (customer_id, hold_id) WHERE h.customer_id IN (10, 11) ORDER BY h.hold_id;
SELECT status FROM ar.customer WHERE customer_id = 11;

-- Groups: 20 above 21 and 22, 22 above 23; 30 alone.  Who is merged leaves its place to the other.
CREATE FUNCTION pg_temp.tree(low bigint, high bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s<%s', customer_id, parent_id), ' ' ORDER BY customer_id) FROM ar.exposure
	WHERE customer_id BETWEEN low AND high AND parent_id IS NOT NULL $$;
DO $$ BEGIN
	PERFORM ar.set_parent(21, 20), ar.set_parent(22, 20), ar.set_parent(23, 22);
	PERFORM ar.set_credit_limit(20, 1000, p_kind => 'group'), ar.set_credit_limit(22, 300, p_kind => 'group', p_reason => 'branch');
	PERFORM ar.post_invoice(c, 'G', '2025-01-01', 100, '2025-02-01') FROM generate_series(20, 23) c;
	PERFORM ar.post_invoice(30, 'G', '2025-01-01', 100.01, '2025-02-01');
END $$;
SELECT pg_temp.tree(20, 39);
-- It brings 100.01 into a group of 300 that has used 200; and would pass with 300.01.
SELECT pg_temp.try($$SELECT ar.merge_customers(22, 30, 'one firm')$$);
SELECT pg_temp.tree(20, 39);
DO $$ BEGIN PERFORM ar.apply_payment(30, ar.post_payment(30, 'P', '2025-02-01', 0.01)); END $$;
SELECT ar.merge_customers(22, 30, 'one firm', '2025-03-01');
SELECT pg_temp.tree(20, 39);
SELECT l.customer_id, l.kind, l.amount, l.reason FROM ar.credit_limit l WHERE l.customer_id IN (22, 30) ORDER BY l.credit_limit_id;
SELECT group_id, limit_amount, others FROM ar.group_limits(23, current_date);
-- Above it, and below it.
SELECT pg_temp.try($$SELECT ar.merge_customers(20, 23, 'its own branch')$$);
SELECT pg_temp.try($$SELECT ar.set_parent(24, 22)$$);
SELECT ar.merge_customers(23, 20, 'into the head', '2025-03-01');
SELECT pg_temp.tree(20, 39);
-- Two groups: what moves counts in the other one, whose own limits stay; in a group of both nothing changes.
DO $$ BEGIN
	PERFORM ar.set_parent(32, 31), ar.set_credit_limit(31, 150, p_kind => 'group'), ar.post_invoice(32, 'G', '2025-01-01', 60, '2025-02-01');
END $$;
SELECT pg_temp.try($$SELECT ar.merge_customers(21, 32, 'changes groups')$$);
DO $$ BEGIN PERFORM ar.set_credit_limit(31, 160, p_kind => 'group'); END $$;
SELECT ar.merge_customers(21, 32, 'changes groups', '2025-03-01');
SELECT pg_temp.tree(20, 39);
SELECT ar.group_exposure(20, current_date), ar.group_exposure(31, current_date);
DO $$ BEGIN PERFORM ar.set_parent(33, 31), ar.set_credit_limit(31, 100, p_kind => 'group'); END $$;
SELECT ar.merge_customers(32, 33, 'over the limit before and after', '2025-03-02');
SELECT pg_temp.tree(20, 39);
-- What no constraint forbids shows.
SELECT problem, customer_id, object FROM ar.verify_ledger();
BEGIN;
ALTER TABLE ar.credit_limit DROP CONSTRAINT credit_limit_group_key;
INSERT INTO ar.credit_limit (customer_id, amount, currency, valid_from, kind, in_force) VALUES (31, 1, 'USD', current_date, 'group', daterange(current_date, NULL));
UPDATE ar.customer SET parent_id = 22 WHERE customer_id = 39;
UPDATE ar.exposure SET parent_id = 22, in_group = true WHERE customer_id = 39;
SELECT problem, customer_id, kept, replace(recomputed, current_date::text, 'today') FROM ar.verify_ledger() WHERE problem <> 'limits overlap' UNION ALL
	SELECT problem, customer_id, NULL, NULL FROM ar.verify_ledger() WHERE problem = 'limits overlap';
ROLLBACK;

SELECT * FROM ar.verify_ledger();
SELECT * FROM ar.verify_chain();
SET client_min_messages = warning;
DROP SCHEMA ar, merge_shop CASCADE;
