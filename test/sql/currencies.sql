-- Several currencies: rates, what a document is worth, exchange differences, revaluation, allocation across currencies, reports in one.
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
SELECT count(ar.add_customer('Customer ' || c, c)) FROM generate_series(1, 20) c;

-- ---- Rates ----

-- In force is the rate that starts latest up to the day.
SELECT ar.set_fx_rate('EUR', 1.10, '2025-01-01', 'central bank'), ar.set_fx_rate('EUR', 1.05, '2025-02-01'), ar.set_fx_rate('JPY', 0.0065, '2025-01-01'), ar.set_fx_rate('CHF', 1.15, '2025-01-01');
SELECT d, ar.fx_rate_on('EUR', d) FROM unnest('{2025-01-01,2025-01-31,2025-02-01,2030-01-01}'::date[]) d;
SELECT ar.fx_rate_on('USD', '1990-01-01'), ar.fx_rate_on('EUR', NULL), ar.fx_rate_on(NULL, '2025-01-01');
SELECT pg_temp.try($$SELECT ar.fx_rate_on('EUR', '2024-12-31')$$);
SELECT pg_temp.try($$SELECT ar.fx_rate_on('GBP', '2025-01-01')$$);
SELECT pg_temp.try($$SELECT ar.fx_rate_on('XXX', '2025-01-01')$$);
SELECT pg_temp.try($$SELECT ar.set_fx_rate('EUR', 1.2, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.set_fx_rate('USD', 1, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.set_fx_rate('XXX', 1, '2025-02-01')$$);
SELECT pg_temp.try(format('SELECT ar.set_fx_rate(%L, %L, %L)', 'EUR', r, '2025-03-01')) FROM unnest('{0,-1,NaN,Infinity,NULL,1e12}'::text[]) r;
SELECT pg_temp.try($$SELECT ar.set_fx_rate('EUR', 1, 'infinity')$$);
SELECT pg_temp.try('UPDATE ar.fx_rate SET rate = 2');
-- Over the base currency, rounded once: 100 EUR x 1.10 / 0.0065 is 16923.08 yen, which have no decimals.
SELECT ar.convert(100, 'EUR', 'JPY', '2025-01-15'), ar.convert(16923, 'JPY', 'EUR', '2025-01-15'), ar.convert(-0.005, 'EUR', 'USD', '2025-01-15'), ar.convert(5, 'EUR', 'EUR', '1990-01-01'), ar.convert(NULL, 'EUR', 'USD', '2025-01-15');
SELECT pg_temp.try($$SELECT ar.convert(1, 'EUR', 'GBP', '2025-01-15')$$);

-- ---- What a document is worth ----

-- By the rate of its posting date, by its own, or by an amount that somebody agreed.
DO $$ BEGIN
	PERFORM ar.post_invoice(1, 'W-1', '2025-01-15', 100, '2025-02-14', 'EUR'), ar.post_invoice(1, 'W-2', '2025-01-15', 100, '2025-02-14', 'EUR', p_posting_date => '2025-02-01'),
		ar.post_invoice(1, 'W-3', '2025-01-15', 100, '2025-02-14', 'EUR', p_fx_rate => 1.2), ar.post_document('invoice', 1, 'W-4', '2025-01-15', 100, '2025-02-14', 'EUR', p_base_amount => 111.11),
		ar.post_invoice(1, 'W-5', '2025-01-15', 100, '2025-02-14'), ar.post_invoice(1, 'W-6', '2025-01-15', 100, '2025-02-14', 'GBP', p_fx_rate => 1.3);
END $$;
SELECT number, currency, amount, fx_rate, base_amount FROM ar.document WHERE customer_id = 1 ORDER BY document_id;
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-15', 100, '2025-02-14', 'GBP')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2024-12-31', 100, '2025-02-14', 'EUR')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-15', 100, '2025-02-14', 'USD', p_fx_rate => 1)$$);
SELECT pg_temp.try($$SELECT ar.post_document('invoice', 1, 'X', '2025-01-15', 100, '2025-02-14', p_base_amount => 100)$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-15', 100, '2025-02-14', 'EUR', p_fx_rate => 0)$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-15', 100, '2025-02-14', 'EUR', p_fx_rate => -1.1)$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-15', 100, '2025-02-14', 'EUR', p_fx_rate => 'NaN')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-15', 100, '2025-02-14', 'EUR', p_fx_rate => 1e60)$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-15', 100, '2025-02-14', 'XXX')$$);

-- ---- Realised exchange differences ----

-- ERPNext, test_future_payments_on_foreign_currency: an invoice of 100 at 80 is 8000; a receipt of 100 at 75 is 7500: 500 are lost.
DO $$ BEGIN
	PERFORM ar.post_invoice(2, 'A5', '2025-01-10', 100, '2025-02-09', 'EUR', p_fx_rate => 80), ar.post_payment(2, 'A5-R', '2025-02-10', 100, 'EUR', p_fx_rate => 75);
	PERFORM ar.apply_payment(2, pg_temp.doc('A5-R'), p_applied_on => '2025-02-10');
END $$;
SELECT applied_on, debit_base, credit_base, difference FROM ar.exchange_difference WHERE customer_id = 2;
SELECT amount, open_amount, base_amount, open_base_amount FROM ar.item WHERE customer_id = 2 ORDER BY item_id;
-- With a receipt of 90 (6750) it is 10 that stay open, worth 800, and 450 that are lost: together the 1250 that are missing of 8000.
DO $$ BEGIN
	PERFORM ar.post_invoice(3, 'A5b', '2025-01-10', 100, '2025-02-09', 'EUR', p_fx_rate => 80), ar.post_payment(3, 'A5b-R', '2025-02-10', 90, 'EUR', p_fx_rate => 75);
	PERFORM ar.apply_payment(3, pg_temp.doc('A5b-R'), p_applied_on => '2025-02-10');
END $$;
SELECT debit_base, credit_base, difference FROM ar.exchange_difference WHERE customer_id = 3;
SELECT amount, open_amount, base_amount, open_base_amount FROM ar.item WHERE customer_id = 3 ORDER BY item_id;
-- In thirds nothing is lost to rounding: 10.00 at 1.2345 are 12.35 (12.345); each of 3.33 takes 4.11, the last one what is left.
DO $$ BEGIN
	PERFORM ar.post_invoice(4, 'R-1', '2025-01-10', 10, '2025-02-09', 'EUR', p_fx_rate => 1.2345), ar.post_payment(4, 'R-P', '2025-01-10', 10, 'EUR', p_fx_rate => 1.2345);
	PERFORM ar.allocate(4, pg_temp.item('R-P'), pg_temp.item('R-1'), a, '2025-01-10') FROM unnest('{3.33,3.33,3.34}'::numeric[]) a;
END $$;
SELECT debit_base, credit_base, difference FROM ar.exchange_difference WHERE customer_id = 4 ORDER BY allocation_id;
SELECT open_amount, open_base_amount FROM ar.item WHERE customer_id = 4;
-- A reversal gives back exactly what was taken, and its difference with it.
SELECT ar.reverse_allocation(4, min(allocation_id), '2025-01-11') IS NOT NULL FROM ar.allocation WHERE customer_id = 4;
SELECT debit_base, credit_base, difference FROM ar.exchange_difference WHERE customer_id = 4 AND applied_on = '2025-01-11';
SELECT open_amount, open_base_amount FROM ar.item WHERE customer_id = 4 ORDER BY item_id;
-- A void, a discount, a write-off or a refund is booked at the item's own rate: no difference.
DO $$ BEGIN
	PERFORM ar.post_invoice(5, 'N-1', '2025-01-10', 100, p_terms => '2/10 net 30', p_currency => 'EUR', p_fx_rate => 1.5), ar.post_payment(5, 'N-P', '2025-01-15', 90, 'EUR', p_fx_rate => 1.4);
	PERFORM ar.allocate_with_discount(5, pg_temp.item('N-P'), pg_temp.item('N-1'), 49, p_applied_on => '2025-01-15');
	PERFORM ar.write_off(5, pg_temp.item('N-1'), 'small', 10, '2025-01-15'), ar.refund(5, pg_temp.doc('N-P'), p_amount => 1, p_refunded_on => '2025-01-15');
END $$;
-- Half of the invoice is 75; the money for it (49 at 1.4) 68.60 and the discount of 1 at 1.5: -4.90 is the money's alone.
SELECT kind, d.amount, d.fx_rate, d.base_amount FROM ar.document d WHERE customer_id = 5 ORDER BY document_id;
SELECT debit_base, credit_base, difference FROM ar.exchange_difference WHERE customer_id = 5 ORDER BY allocation_id;
SELECT ar.void_document(5, pg_temp.doc('N-1'), 'test', '2025-01-20') IS NOT NULL;
SELECT sum(difference) FROM ar.exchange_difference WHERE customer_id = 5;
SELECT d.number, i.open_amount, i.open_base_amount FROM ar.item i JOIN ar.document d USING (customer_id, document_id) WHERE customer_id = 5 ORDER BY item_id;
SELECT pg_temp.try('UPDATE ar.exchange_difference SET difference = 0');

-- ---- Revaluation ----

-- ERPNext, test_exchange_revaluation_for_party: 100 at 80, at 85 on the closing date, is a gain of 500 that is not realised.
SELECT ar.set_fx_rate('INR', 80, '2025-01-01'), ar.set_fx_rate('INR', 85, '2025-03-31');
DO $$ BEGIN PERFORM ar.post_invoice(6, 'A7', '2025-01-10', 100, '2025-02-09', 'INR'); END $$;
SELECT currency, open_amount, booked_base, rate, revalued_base, difference FROM ar.revaluation('2025-03-31', 6);
SELECT currency, open_amount, booked_base, rate, revalued_base, difference FROM ar.revaluation('2025-03-30', 6);
-- As of a past date, whatever happened since: 40 were paid in April, and are still open at the end of March.  What is in the customer's
-- favour loses when what is owed gains.
DO $$ BEGIN
	PERFORM ar.apply_payment(6, ar.post_payment(6, 'A7-P', '2025-04-10', 40, 'INR'), p_applied_on => '2025-04-10');
	PERFORM ar.post_payment(6, 'A7-Q', '2025-03-01', 10, 'INR', p_fx_rate => 80);
END $$;
SELECT open_amount, booked_base, rate, revalued_base, difference FROM ar.revaluation('2025-03-31', 6) ORDER BY item_id;
SELECT open_amount, booked_base, rate, revalued_base, difference FROM ar.revaluation('2025-04-10', 6) ORDER BY item_id;
-- Nothing in the base currency, nothing of others, nothing settled.
SELECT count(*) FROM ar.revaluation('2025-04-10', 2);
SELECT pg_temp.try($$SELECT * FROM ar.revaluation('2025-03-31')$$);
SELECT pg_temp.try($$SELECT * FROM ar.revaluation(NULL)$$);
SELECT pg_temp.try($$SELECT * FROM ar.revaluation('infinity')$$);

-- ---- Across currencies ----

-- metasfresh, PaymentAllocationBuilderTest: an invoice of 5000 CHF, of which 999 are paid by a credit memo of 333 EUR at 3: 4001 are left.
DO $$ BEGIN PERFORM ar.post_invoice(7, 'L3', '2025-01-10', 5000, '2025-02-09', 'CHF'), ar.post_credit_note(7, 'L3-M', '2025-01-10', 333, 'EUR'); END $$;
SELECT ar.allocate_across(7, pg_temp.item('L3-M'), pg_temp.item('L3'), 333, 3, '2025-01-15');
SELECT d.kind, d.side, d.number, d.currency, i.amount, i.open_amount, i.base_amount, d.reason FROM ar.item i JOIN ar.document d USING (customer_id, document_id) WHERE customer_id = 7 ORDER BY item_id;
-- 333 EUR at 1.10 were booked at 366.30 and pass at that; 999 of 5000 CHF at 1.15 were booked at 1148.85: the agreed rate costs 782.55.
SELECT debit_base, credit_base, difference FROM ar.exchange_difference WHERE customer_id = 7 ORDER BY allocation_id;
-- Voiding either half undoes both.
SELECT ar.void_document(7, min(document_id), 'wrong invoice', '2025-01-20') IS NOT NULL FROM ar.document WHERE customer_id = 7 AND kind = 'transfer' AND reverses IS NULL;
SELECT d.number, d.currency, i.open_amount, i.open_base_amount FROM ar.item i JOIN ar.document d USING (customer_id, document_id) WHERE customer_id = 7 ORDER BY item_id;
SELECT sum(difference) FROM ar.exchange_difference WHERE customer_id = 7;
-- By the rates of the day: 100 USD pay 95.24 EUR at 1.05; booked at 1.10 those were 104.76, a loss of 4.76.
DO $$ BEGIN PERFORM ar.post_invoice(8, 'X-1', '2025-01-10', 100, '2025-02-09', 'EUR'), ar.post_payment(8, 'X-P', '2025-02-10', 150); END $$;
SELECT ar.allocate_across(8, pg_temp.item('X-P'), pg_temp.item('X-1'), 100, p_applied_on => '2025-02-10');
SELECT d.kind, d.currency, i.open_amount, i.open_base_amount FROM ar.item i JOIN ar.document d USING (customer_id, document_id) WHERE customer_id = 8 ORDER BY item_id;
SELECT debit_base, credit_base, difference FROM ar.exchange_difference WHERE customer_id = 8 ORDER BY allocation_id;
SELECT pg_temp.try($$SELECT ar.allocate_across(8, pg_temp.item('X-P'), pg_temp.item('X-1'), 50.01, p_applied_on => '2025-02-10')$$);
SELECT pg_temp.try($$SELECT ar.allocate_across(8, pg_temp.item('X-P'), pg_temp.item('X-1'), 50, 0, '2025-02-10')$$);
SELECT pg_temp.try($$SELECT ar.allocate_across(8, pg_temp.item('X-P'), pg_temp.item('X-1'), 50, 'NaN', '2025-02-10')$$);
SELECT pg_temp.try($$SELECT ar.allocate_across(8, pg_temp.item('X-P'), pg_temp.item('X-1'), 50, 1, '2025-02-10')$$);
SELECT pg_temp.try($$SELECT ar.allocate_across(8, pg_temp.item('X-1'), pg_temp.item('X-P'), 50)$$);
SELECT pg_temp.try($$SELECT ar.allocate_across(8, pg_temp.item('X-P'), pg_temp.item('L3'), 50)$$);
SELECT pg_temp.try($$SELECT ar.allocate_across(8, pg_temp.item('X-P'), pg_temp.item('X-1'), 0.001, p_applied_on => '2025-02-10')$$);
DO $$ BEGIN PERFORM ar.post_invoice(8, 'X-2', '2025-01-10', 100, '2025-02-09'), ar.post_invoice(8, 'X-3', '2025-01-10', 100, '2025-02-09', 'GBP', p_fx_rate => 1.3); END $$;
SELECT pg_temp.try($$SELECT ar.allocate_across(8, pg_temp.item('X-P'), pg_temp.item('X-2'), 10)$$);
SELECT pg_temp.try($$SELECT ar.allocate_across(8, pg_temp.item('X-P'), pg_temp.item('X-3'), 10, p_applied_on => '2025-02-10')$$);

-- ---- Reports in one currency ----

-- 100 EUR (30 days past due), 10000 JPY (not due) and -20 USD, in dollars, in euros, and in the customer's own currency, yen: at 1.05 and 0.0065.
SELECT ar.add_customer('Tokyo', 30, p_currency => 'JPY'), ar.set_fx_rate('GBP', 1.3, '2025-01-01');
DO $$ BEGIN
	PERFORM ar.post_invoice(30, 'Y-1', '2025-01-10', 100, '2025-02-09', 'EUR'), ar.post_invoice(30, 'Y-2', '2025-03-01', 10000, '2025-03-31', 'JPY'), ar.post_payment(30, 'Y-P', '2025-03-05', 20);
END $$;
SELECT currency, total, past_due, unapplied, amounts FROM ar.aging_at('2025-03-11', p_customer_id => 30) ORDER BY currency;
SELECT c, a.currency, a.total, a.past_due, a.unapplied, a.amounts FROM unnest('{USD,EUR,NULL}'::text[]) c, ar.aging_in(c, '2025-03-11') a WHERE customer_id = 30;
-- The total is what is shown, the sum of rounded buckets; at other rates than those of the day.
SELECT total, total = unapplied + (SELECT sum(x) FROM unnest(amounts) x) AS adds_up FROM ar.aging_in('USD', '2025-03-11', p_rates_on => '2025-01-15') WHERE customer_id = 30;
SELECT pg_temp.try($$SELECT * FROM ar.aging_in('XXX', '2025-03-11')$$);
SELECT pg_temp.try($$SELECT * FROM ar.aging_in('USD', '2025-03-11', p_rates_on => '2024-12-31')$$);
SELECT pg_temp.try($$SELECT * FROM ar.aging_in('USD', NULL)$$);
SELECT c, e.* FROM unnest('{USD,JPY,NULL}'::text[]) c, ar.exposure_in(c, '2025-03-11', 30) e;

SELECT * FROM ar.verify_ledger();
SELECT * FROM ar.verify_chain();
SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
