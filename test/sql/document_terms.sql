-- Payment terms in the ledger: due dates, instalments, due dates that change, items that wait, cash discount.
\set SHOW_CONTEXT never
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar CASCADE;
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
-- What is open, item by item, and what aging makes of it.
CREATE FUNCTION pg_temp.account(customer bigint) RETURNS TABLE (number text, inst integer, amount numeric, open_amount numeric, due_date date)
LANGUAGE sql AS $$
	SELECT d.number, i.instalment_no, i.amount, i.open_amount, i.due_date FROM ar.item i JOIN ar.document d USING (customer_id, document_id)
	WHERE customer_id = customer ORDER BY i.item_id$$;
CREATE FUNCTION pg_temp.aged(customer bigint, days date[]) RETURNS TABLE (as_of date, total numeric, past_due numeric, amounts numeric[])
LANGUAGE sql AS $$SELECT d, a.total, a.past_due, a.amounts FROM unnest(days) d LEFT JOIN LATERAL ar.aging_at(d, p_customer_id => customer) a ON true ORDER BY d$$;
SELECT count(ar.add_customer('Customer ' || c, c)) FROM generate_series(1, 30) c;

-- ---- Due dates from terms ----

-- The customer's terms, where the invoice says nothing; its own terms and its own due date go first.
SELECT ar.set_terms(1, 'net 30');
SELECT ar.post_invoice(1, 'T-1', '2025-01-10', 100) IS NOT NULL, ar.post_invoice(1, 'T-2', '2025-01-10', 100, p_terms => 'net 60') IS NOT NULL,
	ar.post_invoice(1, 'T-3', '2025-01-10', 100, '2025-01-20') IS NOT NULL, ar.post_debit_note(1, 'T-4', '2025-01-10', 100) IS NOT NULL;
SELECT number, terms, due_date FROM ar.document WHERE customer_id = 1 ORDER BY document_id;
-- A due date that is not the one of the terms makes one item, whatever the terms say.
SELECT ar.post_invoice(1, 'T-5', '2025-01-10', 100, '2025-05-05', p_terms => '30% 30, 70% 60') IS NOT NULL;
SELECT inst, amount, due_date FROM pg_temp.account(1) WHERE number = 'T-5';
-- What is posted stays when terms change; without any the due date must be given.
SELECT ar.set_terms(1, NULL);
SELECT number, due_date FROM pg_temp.account(1) WHERE number = 'T-1';
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-10', 100)$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-10', 100, '2025-01-09')$$);
SELECT pg_temp.try($$SELECT ar.set_terms(99, 'net 30')$$);
-- Credits are never due.
SELECT ar.post_credit_note(1, 'T-6', '2025-01-10', 100) IS NOT NULL;
SELECT due_date FROM pg_temp.account(1) WHERE number = 'T-6';
-- COPY and INSERT follow terms as well.
INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, terms) VALUES (2, 'invoice', 'T-7', '2025-01-31', 100.00, '1/3 1 month, 1/3 2 months, 1/3 3 months');
SELECT number, inst, amount, due_date FROM pg_temp.account(2);
-- ERPNext, test_customer_payment_terms: 30 days after 22 January of a leap year and another, end of the next month, and the same day.
DO $$ BEGIN
	PERFORM ar.post_invoice(3, format('%s %s', t, y), make_date(y, 1, 22), 1, p_terms => t::credit.payment_terms)
	FROM unnest('{net 30,EOM + 1 month,due on receipt}'::text[]) t, unnest('{2016,2017}'::integer[]) y;
END $$;
SELECT number, due_date FROM pg_temp.account(3);

-- ---- Instalments ----

-- 900 in three equal monthly instalments, aged on 15 June: 46 days, 16 days and not due.  Never the header.
DO $$ BEGIN PERFORM ar.post_invoice(4, 'A8', '2025-03-30', 900, p_terms => '1/3 1 month, 1/3 2 months, 1/3 3 months'); END $$;
SELECT * FROM pg_temp.account(4);
SELECT * FROM pg_temp.aged(4, '{2025-06-15}');
SELECT due_date FROM ar.document WHERE number = 'A8';

-- ERPNext, test_accounts_receivable_with_partial_payment: 200 at 30/50/20 percent after 30, 60 and 90 days are 60, 100 and 40.
-- A receipt of 40 leaves 20 of the first; a credit note of 100 pays those 20 and 80 of the second.
DO $$ BEGIN
	PERFORM ar.post_invoice(5, 'PA1', '2025-01-01', 200, p_terms => '30% 30, 50% 60, 20% 90');
	PERFORM ar.apply_payment(5, ar.post_payment(5, 'PA1-R', '2025-01-02', 40), p_applied_on => '2025-01-02');
END $$;
SELECT inst, amount, open_amount FROM pg_temp.account(5) WHERE number = 'PA1';
SELECT ar.apply_payment(5, ar.post_credit_note(5, 'PA1-C', '2025-01-03', 100), p_applied_on => '2025-01-03');
SELECT inst, amount, open_amount FROM pg_temp.account(5) WHERE number = 'PA1';
-- ERPNext, test_accounts_receivable_with_payment: of 100 (30, 50, 20) a receipt of 40 pays the first and 10 of the second.  A credit note
-- of 100 that is left alone stays what it is: -100, and 60 open beside it.
DO $$ BEGIN
	PERFORM ar.post_invoice(6, 'PA2', '2025-01-01', 100, p_terms => '30% 30, 50% 60, 20% 90');
	PERFORM ar.apply_payment(6, ar.post_payment(6, 'PA2-R', '2025-01-02', 40), p_applied_on => '2025-01-02');
	PERFORM ar.post_credit_note(6, 'PA2-C', '2025-01-03', 100);
END $$;
SELECT * FROM pg_temp.account(6);
-- Shares of a cent add up: 0.05 in thirds, and a cent, which makes one item.
DO $$ BEGIN
	PERFORM ar.post_invoice(7, '0.05', '2025-01-01', 0.05, p_terms => '1/3 30, 1/3 60, 1/3 90'), ar.post_invoice(7, '0.01', '2025-01-01', 0.01, p_terms => '1/3 30, 1/3 60, 1/3 90'),
		ar.post_invoice(7, '100', '2025-01-01', 100, p_terms => '1/3 30, 1/3 60, 1/3 90');
END $$;
SELECT * FROM pg_temp.account(7);
-- Shares of the value in base currency add up too: 100.00 EUR at 1.3333 are 133.33 USD.
DO $$ BEGIN PERFORM ar.post_invoice(7, 'EUR', '2025-01-01', 100, p_currency => 'EUR', p_fx_rate => 1.3333, p_terms => '1/3 30, 1/3 60, 1/3 90'); END $$;
SELECT amount, base_amount FROM ar.item WHERE document_id = pg_temp.doc('EUR') ORDER BY instalment_no;
-- A void closes every instalment.
SELECT ar.void_document(5, pg_temp.doc('PA1'), 'test', '2025-01-04') IS NOT NULL;
SELECT number, inst, open_amount FROM pg_temp.account(5);

-- ---- Due dates that change ----

-- 100 due on 9 February, put off on 1 March to 1 May: reports for February stay, and so does the changed item's past.
DO $$ BEGIN
	PERFORM ar.post_invoice(8, 'C-1', '2025-01-10', 100, '2025-02-09');
	PERFORM ar.apply_payment(8, ar.post_payment(8, 'C-1P', '2025-02-20', 30), p_applied_on => '2025-02-20');
	PERFORM ar.set_due_date(8, pg_temp.item('C-1'), '2025-05-01', 'flood in the warehouse', 'head of credit', '2025-03-01');
END $$;
SELECT * FROM pg_temp.aged(8, '{2025-02-09,2025-02-10,2025-02-28,2025-03-01,2025-05-01,2025-05-02}');
SELECT previous_due_date, due_date, effective_on, reason, approved_by FROM ar.due_date_change;
-- Aging by document date does not care.
SELECT d, a.amounts FROM unnest('{2025-02-28,2025-03-01}'::date[]) d, ar.aging_at(d, 'doc_date', p_customer_id => 8) a ORDER BY d;
-- Items are counted once: before, after, and when settled.
SELECT ar.apply_payment(8, ar.post_payment(8, 'C-1Q', '2025-04-10', 70), p_applied_on => '2025-04-10');
SELECT d, (SELECT string_agg(label || ': ' || items || ' of ' || amount, ', ') FROM credit.buckets(a.aging) WHERE items <> 0) FROM unnest('{2025-02-15,2025-02-28,2025-03-15,2025-04-09,2025-04-10}'::date[]) d LEFT JOIN LATERAL ar.aging_at(d, p_customer_id => 8) a ON true ORDER BY d;
-- Of two changes the one effective latest counts, of one day the later row; a change entered late takes its place in the past.
DO $$ BEGIN
	PERFORM ar.post_invoice(9, 'C-2', '2025-01-10', 100, '2025-02-09');
	PERFORM ar.set_due_date(9, pg_temp.item('C-2'), '2025-06-01', 'second', p_effective_on => '2025-04-01');
	PERFORM ar.set_due_date(9, pg_temp.item('C-2'), '2025-07-01', 'second, corrected', p_effective_on => '2025-04-01');
	PERFORM ar.set_due_date(9, pg_temp.item('C-2'), '2025-03-20', 'first, entered last', p_effective_on => '2025-03-01');
END $$;
SELECT due_date, due_changed_on FROM ar.item WHERE item_id = pg_temp.item('C-2');
-- 19 days past 9 February; not due, for 20 March; 11 days past that; not due, for 1 July.
SELECT * FROM pg_temp.aged(9, '{2025-02-28,2025-03-01,2025-03-31,2025-04-01,2025-07-02}');
-- What cannot be.
SELECT pg_temp.try($$SELECT ar.set_due_date(9, pg_temp.item('C-2'), '2025-01-09', 'x')$$);
SELECT pg_temp.try($$SELECT ar.set_due_date(9, pg_temp.item('C-2'), 'infinity', 'x')$$);
SELECT pg_temp.try($$SELECT ar.set_due_date(9, pg_temp.item('C-2'), '2025-08-01', '')$$);
SELECT replace(pg_temp.try($$SELECT ar.set_due_date(9, pg_temp.item('C-2'), '2025-08-01', 'x', p_effective_on => '2025-01-09')$$), current_date::text, '(today)');
SELECT replace(replace(pg_temp.try($$SELECT ar.set_due_date(9, pg_temp.item('C-2'), '2025-08-01', 'x', p_effective_on => current_date + 1)$$),
	current_date::text, '(today)'), (current_date + 1)::text, '(tomorrow)');
SELECT pg_temp.try($$SELECT ar.set_due_date(8, pg_temp.item('C-1P'), '2025-08-01', 'x')$$);
SELECT pg_temp.try($$SELECT ar.set_due_date(8, pg_temp.item('C-2'), '2025-08-01', 'x')$$);
SELECT pg_temp.try($$UPDATE ar.due_date_change SET due_date = '2025-08-01'$$);
-- As known before the change was entered, it does not exist.
SELECT ar.take_mark('before') AS mark \gset
SELECT ar.set_due_date(9, pg_temp.item('C-2'), '2025-04-20', 'again', p_effective_on => '2025-04-15') IS NOT NULL;
SELECT 'now', a.past_due FROM ar.aging_at('2025-04-30', p_customer_id => 9) a UNION ALL SELECT 'marked', a.past_due FROM ar.aging_at('2025-04-30', p_customer_id => 9, p_mark => :mark) a;

-- ---- Items that wait for an event ----

-- Terms that count from receipt of the goods: the item waits, ages as not due, and is due 45 days after 25 July.
DO $$ BEGIN PERFORM ar.post_invoice(10, 'W-1', '2025-06-04', 100, p_terms => '4/15 net 45 ROG'); END $$;
SELECT * FROM pg_temp.account(10);
SELECT number, due_date, days_past_due, bucket FROM ar.open_items WHERE customer_id = 10;
SELECT * FROM pg_temp.aged(10, '{2026-06-04}');
SELECT ar.record_receipt(10, pg_temp.doc('W-1'), '2025-07-25');
SELECT due_date FROM pg_temp.account(10);
SELECT pg_temp.try($$SELECT ar.record_receipt(10, pg_temp.doc('W-1'), '2025-07-26')$$);
SELECT pg_temp.try($$SELECT ar.record_receipt(9, pg_temp.doc('C-2'), '2025-07-26')$$);
SELECT pg_temp.try($$SELECT ar.record_receipt(10, pg_temp.doc('W-1'), NULL)$$);
SELECT pg_temp.try($$SELECT ar.record_receipt(10, pg_temp.doc('W-1'), 'infinity')$$);
-- Known when it is posted, the day may be given.
DO $$ BEGIN PERFORM ar.post_invoice(10, 'W-2', '2025-06-04', 100, p_terms => '4/15 net 45 ROG', p_received_on => '2025-07-25'); END $$;
SELECT number, due_date FROM pg_temp.account(10);
-- Any item can be made to wait, and be dated again.
SELECT ar.set_due_date(10, pg_temp.item('W-2'), NULL, 'arbitration') IS NOT NULL;
SELECT number, due_date FROM pg_temp.account(10);
SELECT ar.set_due_date(10, pg_temp.item('W-2'), '2025-12-31', 'settled') IS NOT NULL;
SELECT number, due_date FROM pg_temp.account(10);
-- What waits is paid last.
DO $$ BEGIN
	PERFORM ar.post_invoice(11, 'W-3', '2025-01-01', 10, p_terms => 'net 10 ROG'), ar.post_invoice(11, 'W-4', '2025-01-01', 10, '2025-12-31');
	PERFORM ar.apply_payment(11, ar.post_payment(11, 'W-P', '2025-01-02', 10), p_applied_on => '2025-01-02');
END $$;
SELECT number, open_amount FROM pg_temp.account(11);

-- ---- Cash discount ----

-- A partial payment of 400 on 1000 at 2/10 n/30 (textbook): credit for 400 / 0.98 = 408.16, balance 591.84.
DO $$ BEGIN PERFORM ar.post_invoice(12, 'C14', '2025-08-01', 1000, p_terms => '2/10 net 30'), ar.post_payment(12, 'C14-P', '2025-08-10', 400); END $$;
SELECT ar.allocate_with_discount(12, pg_temp.item('C14-P'), pg_temp.item('C14'), p_applied_on => '2025-08-10');
SELECT open_amount FROM ar.item WHERE item_id = pg_temp.item('C14');
-- Dynamics 365, partial amounts: 49 on 100 at 2 percent earn 1.00 and leave 50.00.
DO $$ BEGIN PERFORM ar.post_invoice(13, 'B13', '2025-08-01', 100, p_terms => '2/10 net 30'), ar.post_payment(13, 'B13-P', '2025-08-10', 49); END $$;
SELECT ar.allocate_with_discount(13, pg_temp.item('B13-P'), pg_temp.item('B13'), p_applied_on => '2025-08-10');
SELECT open_amount FROM ar.item WHERE item_id = pg_temp.item('B13');
-- Dynamics 365, credit note after discount: an invoice of 100 was settled with 98 and 2 discount.  For a credit note of 100 the discount is
-- taken back: -2.00, and 98.00 are left to be settled.
DO $$ BEGIN
	PERFORM ar.post_invoice(14, 'B14', '2025-08-01', 100, p_terms => '2/10 net 30'), ar.post_payment(14, 'B14-P', '2025-08-10', 98);
	PERFORM ar.allocate_with_discount(14, pg_temp.item('B14-P'), pg_temp.item('B14'), p_applied_on => '2025-08-10');
	PERFORM ar.post_credit_note(14, 'B14-C', '2025-08-20', 100, p_reason => 'goods taken back');
	PERFORM ar.void_document(14, document_id, 'goods taken back', '2025-08-20') FROM ar.document WHERE customer_id = 14 AND kind = 'discount';
	PERFORM ar.apply_payment(14, pg_temp.doc('B14-C'), p_applied_on => '2025-08-20');
END $$;
SELECT * FROM pg_temp.account(14);
-- LedgerSMB, 42-payment: 0.1 percent of 1,000,000 within 30 days, nothing after 60.
DO $$ BEGIN PERFORM ar.post_invoice(15, 'PD2', '2025-01-01', 1000000, p_terms => '0.1/30 net 60'); END $$;
SELECT d, 1000000 - ar.earned_discount(15, pg_temp.item('PD2'), d) AS due, ar.earned_discount(15, pg_temp.item('PD2'), d) AS discount FROM unnest('{2025-01-01,2025-01-31,2025-02-01,2025-03-02}'::date[]) d;
-- The day the money came counts, not the day of entry: the payment is dated in time and applied a month later.
DO $$ BEGIN PERFORM ar.post_invoice(16, 'E-1', '2025-01-01', 100, p_terms => '2/10 net 30'), ar.post_payment(16, 'E-1P', '2025-01-11', 98), ar.post_payment(16, 'E-1L', '2025-01-12', 98); END $$;
BEGIN;
SELECT ar.allocate_with_discount(16, pg_temp.item('E-1L'), pg_temp.item('E-1'), p_applied_on => '2025-02-15');
ROLLBACK;
SELECT ar.allocate_with_discount(16, pg_temp.item('E-1P'), pg_temp.item('E-1'), p_applied_on => '2025-02-15');
SELECT open_amount FROM ar.item WHERE item_id = pg_temp.item('E-1');
SELECT d.number, d.amount, d.reason, d.source_document_id = pg_temp.doc('E-1P') AS for_that_payment FROM ar.document d WHERE kind = 'discount' AND customer_id = 16;
-- Granted all the same, or not at all; never more than is open.
DO $$ BEGIN PERFORM ar.post_invoice(17, 'E-2', '2025-01-01', 100, '2025-01-31'), ar.post_payment(17, 'E-2P', '2025-03-01', 95); END $$;
SELECT ar.earned_discount(17, pg_temp.item('E-2'), '2025-01-01');
SELECT pg_temp.try($$SELECT ar.allocate_with_discount(17, pg_temp.item('E-2P'), pg_temp.item('E-2'), 95, 5.01, '2025-03-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate_with_discount(17, pg_temp.item('E-2P'), pg_temp.item('E-2'), 95, -5, '2025-03-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate_with_discount(17, pg_temp.item('E-2'), pg_temp.item('E-2'))$$);
SELECT pg_temp.try($$SELECT ar.allocate_with_discount(17, pg_temp.item('E-2P'), pg_temp.item('E-2P'))$$);
SELECT pg_temp.try($$SELECT ar.earned_discount(17, pg_temp.item('E-2P'), '2025-01-01')$$);
SELECT ar.allocate_with_discount(17, pg_temp.item('E-2P'), pg_temp.item('E-2'), 95, 5, '2025-03-01');
SELECT open_amount FROM ar.item WHERE item_id = pg_temp.item('E-2');

SELECT * FROM ar.verify_ledger();
SELECT * FROM ar.verify_chain();
SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
