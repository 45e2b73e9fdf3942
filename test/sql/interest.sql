-- Interest for late payment: what it costs by contract and by law, charged once, whatever runs how often.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'EUR', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
-- What a statement ends in: its SQLSTATE, message, detail and hint, or ok.
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, '')), current_date::text, 'TODAY');
END $$;

-- Days of a year, by each convention; those of the United States and of Europe differ at the end of a month.
SELECT c, (credit.day_count('2024-01-31', '2024-03-31', c)).* FROM unnest(ARRAY['actual/365', 'actual/360', 'actual/actual', '30/360', '30E/360']) c;
SELECT c, (credit.day_count('2023-02-15', '2023-03-31', c)).* FROM unnest(ARRAY['30/360', '30E/360']) c;
SELECT round(days::numeric / period, 10) AS across_a_leap_year FROM credit.day_count('2023-12-31', '2025-01-01', 'actual/actual');
SELECT pg_temp.try($$SELECT credit.day_count('2024-02-01', '2024-01-01', 'actual/365')$$);
SELECT pg_temp.try($$SELECT credit.day_count('2024-01-01', 'infinity', 'actual/365')$$);
SELECT pg_temp.try($$SELECT credit.day_count('2024-01-01', '2024-02-01', 'lunar')$$);

-- The formulas. 1,000 at 8.5 percent a year for 50 days: exact, and with the daily figure rounded as gov.uk prints it.
SELECT round(credit.interest(1000, 8.5, 365), 2) AS annual, round(credit.interest(1000, 8.5, 50), 2) AS exact, round(credit.interest(1000, 8.5), 2) * 50 AS daily;
-- Oracle Receivables: 1,000 at 1.5 percent per 30 days, 45 days late, 15 charged before.
SELECT m, round(credit.interest(1000, 1.5, 45, 30, m, 15), 2) FROM unnest(ARRAY['flat', 'simple', 'compound']) m;
-- ERPNext: 100, 15 days late, 10 percent a year.
SELECT round(credit.interest(100, 10, 15), 2);
SELECT pg_temp.try($$SELECT credit.interest('NaN', 1)$$);
SELECT pg_temp.try($$SELECT credit.interest(1, 1, -1)$$);
SELECT pg_temp.try($$SELECT credit.interest(1, 1, 1, 0)$$);
SELECT pg_temp.try($$SELECT credit.interest(1, 1, 1, 1, 'usury')$$);
SELECT credit.interest(NULL, 1) IS NULL AS null_for_null;

-- The laws. In the United Kingdom and in Ireland the rate stays for the life of a debt; elsewhere each half-year has its own.
SELECT late_payment_rate('GB', '2024-08-15') AS late_from_august, late_payment_rate('GB', '2024-03-10') AS from_march, late_payment_rate('GB', '2024-03-10', '2025-05-01') AS a_year_later,
	late_payment_rate('GB', '2025-03-10') AS from_march_2025;
SELECT late_payment_rate('IE', '2024-07-01') AS ie, late_payment_rate('EU', '2024-03-01', '2024-08-01') AS eu, late_payment_rate('DE', '2024-07-01') AS de, late_payment_rate('AT', '2024-07-01') AS at,
	late_payment_rate('DE', '2024-03-01', '2025-01-01') AS de_later, late_payment_rate('IE', '2024-03-01', '2025-01-01') AS ie_stays;
SELECT d, late_payment_sum_for('GB', '2024-08-15', d, 'GBP') FROM unnest(ARRAY[999.99, 1000, 9999.99, 10000]) d;
SELECT d, late_payment_sum_for('IE', '2024-08-15', d, 'EUR') FROM unnest(ARRAY[1000, 1000.01, 10000, 10000.01]) d;
SELECT late_payment_sum_for('DE', '2024-08-15', 1, 'EUR') AS de, late_payment_sum_for('XX', '2024-08-15', 1, 'EUR') AS nowhere;
SELECT pg_temp.try($$SELECT late_payment_rate('DE', '1999-01-01')$$);
SELECT pg_temp.try($$SELECT late_payment_rate('US', '2024-01-01')$$);
SELECT pg_temp.try($$SELECT late_payment_rate('DE', '2015-01-01')$$);
SELECT pg_temp.try($$SELECT late_payment_rate('DE', '2024-01-01', '2999-01-01')$$);
SELECT pg_temp.try($$SELECT late_payment_sum_for('GB', '2024-01-01', 10, 'EUR')$$);
SELECT pg_temp.try($$SELECT set_reference_rate('DE base', '2999-01-01', '2999-06-30', 1, '')$$);
SELECT pg_temp.try($$SELECT set_reference_rate('DE base', '2999-01-01', '2998-06-30', 1, 'nobody')$$);
SELECT pg_temp.try($$SELECT set_reference_rate('DE base', '2025-01-01', '2025-06-30', 1, 'nobody')$$);
SELECT pg_temp.try($$UPDATE reference_rate SET rate = 1$$);

-- Policies, each for a class of customers.
SELECT pg_temp.try($$SELECT set_interest_policy('x', 'EUR')$$);
SELECT pg_temp.try($$SELECT set_interest_policy('x', 'EUR', p_jurisdiction => 'US')$$);
SELECT pg_temp.try($$SELECT set_interest_policy('x', 'EUR', 1, p_method => 'usury')$$);
SELECT pg_temp.try($$SELECT set_interest_policy('x', 'EUR', 1, p_basis => 'average_daily_balance', p_fixed_sum => true)$$);
SELECT pg_temp.try($$SELECT set_interest_policy('x', 'EUR', p_jurisdiction => 'DE', p_method => 'compound')$$);
SELECT pg_temp.try($$SELECT set_interest_policy('x', 'EUR', 1, p_day_count => 'lunar')$$);
SELECT pg_temp.try($$SELECT set_interest_policy('x', 'ZZZ', 1)$$);
DO $$
DECLARE
	start date := '2024-01-01';
BEGIN
	PERFORM set_interest_policy('flat', 'EUR', 2, p_risk_class => 'flat', p_valid_from => start, p_method => 'flat', p_grace_days => 29),
		set_interest_policy('contract', 'EUR', 1.5, p_risk_class => 'contract', p_valid_from => start, p_period_days => 30),
		set_interest_policy('compound', 'EUR', 1.5, p_risk_class => 'compound', p_valid_from => start, p_period_days => 30, p_method => 'compound'),
		set_interest_policy('average', 'EUR', 1.5, p_risk_class => 'average', p_valid_from => start, p_period_days => 30, p_basis => 'average_daily_balance'),
		set_interest_policy('law', 'EUR', p_jurisdiction => 'DE', p_risk_class => 'law', p_valid_from => start, p_fixed_sum => true),
		set_interest_policy('daily', 'EUR', 8.5, p_risk_class => 'daily', p_valid_from => start, p_rounding => 'daily'),
		set_interest_policy('least', 'EUR', 10, p_risk_class => 'least', p_valid_from => start, p_minimum_amount => 0.40, p_minimum_charge => 5);
	PERFORM add_customer(c, n) FROM unnest(ARRAY['flat', 'contract', 'compound', 'average', 'law', 'daily', 'least', 'none']) WITH ORDINALITY k (c, n);
	UPDATE customer SET risk_class = name;
END $$;

-- Dynamics 365: 2 percent on what is at least 30 days past due, 100 and 250.
DO $$ BEGIN PERFORM post_invoice(1, 'F-1', '2024-05-01', 100, '2024-05-31'), post_invoice(1, 'F-2', '2024-05-01', 250, '2024-05-31'), post_invoice(1, 'F-3', '2024-05-01', 500, '2024-06-01'); END $$;
SELECT customer_id, kind, items, amount FROM run_interest('2024-06-29', true);
SELECT customer_id, kind, items, amount FROM run_interest('2024-06-30');
SELECT customer_id, kind, items, amount FROM run_interest('2024-06-30');
SELECT customer_id, kind, items, amount FROM run_interest('2024-07-31');

-- Business Central: 1,000 for 45 days at 1.5 percent per 30. Charged once, twice, or day by day: the same sum.
DO $$ BEGIN PERFORM post_invoice(2, 'C-1', '2024-06-01', 1000, '2024-07-01'), post_invoice(4, 'A-1', '2024-06-01', 1000, '2024-07-01'); END $$;
SELECT customer_id, amount FROM run_interest('2024-08-15', true) WHERE customer_id IN (2, 4);
DO $$ BEGIN PERFORM run_interest('2024-07-01'::date + n) FROM generate_series(1, 44) n; END $$;
SELECT customer_id, amount FROM run_interest('2024-08-15') WHERE customer_id IN (2, 4);
SELECT customer_id, count(*), sum(amount), min(from_day), max(to_day) FROM interest_charge WHERE customer_id IN (2, 4) GROUP BY 1 ORDER BY 1;

-- A disputed part of 400 costs nothing; rejected, it costs from its due date.
DO $$ BEGIN
	PERFORM post_invoice(2, 'C-2', '2024-08-01', 1000, '2024-09-01');
	INSERT INTO dispute (customer_id, item_id, amount, currency, reason_code, opened_on, state) SELECT 2, i.item_id, 400, 'EUR', 'price_error', '2024-08-10', 'open'
	FROM item i JOIN document d USING (customer_id, document_id) WHERE d.number = 'C-2';
	INSERT INTO dispute_event (customer_id, dispute_id, state, happened_on) VALUES (2, 1, 'open', '2024-08-10');
END $$;
SELECT i.amount FROM run_interest('2024-10-01', true) r, interest_items('2024-10-01') i JOIN item USING (customer_id, item_id) JOIN document d USING (customer_id, document_id)
WHERE r.customer_id = 2 AND d.number = 'C-2';
BEGIN;
SELECT reject_dispute(2, 1, 'price was agreed');
SELECT i.amount FROM interest_items('2024-10-01') i JOIN item USING (customer_id, item_id) JOIN document d USING (customer_id, document_id) WHERE d.number = 'C-2';
ROLLBACK;

-- A part paid after 10 days: 1,000 for 10 days and 400 for 20.
DO $$ BEGIN
	PERFORM post_invoice(3, 'K-1', '2024-06-01', 1000, '2024-07-01');
	PERFORM apply_payment(3, post_payment(3, 'KP-1', '2024-07-11', 600), 'oldest_first', '2024-07-11');
END $$;
SELECT amount FROM run_interest('2024-07-31', true) WHERE customer_id = 3;
SELECT round(credit.interest(1000, 1.5, 10, 30) + credit.interest(400, 1.5, 20, 30), 2) AS by_hand;
SELECT count(*) FROM run_interest('2024-07-31') WHERE customer_id = 3;
-- Compound: the next thirty days cost on what was charged too.
SELECT amount FROM run_interest('2024-08-30') WHERE customer_id = 3;
SELECT round(credit.interest(400, 1.5, 30, 30, 'compound', 9), 2) AS by_hand;

-- By law, across the turn of the half-year, and 40 EUR once. In Germany 12.62 percent until June 2024, 12.37 from July.
DO $$ BEGIN PERFORM post_invoice(5, 'L-1', '2024-05-01', 10000, '2024-05-31'); END $$;
SELECT kind, items, amount FROM run_interest('2024-08-30') WHERE customer_id = 5;
SELECT round(10000 * 12.62 * 30 / 36500 + 10000 * 12.37 * 61 / 36500, 2) AS by_hand;
SELECT kind, items, amount FROM run_interest('2024-09-30') WHERE customer_id = 5;
SELECT kind, number, amount, due_date FROM open_items WHERE customer_id = 5 ORDER BY item_id;
SELECT customer_id, principal, fees, interest FROM receivable_parts WHERE customer_id IN (3, 5) ORDER BY 1;
-- A rate nobody has entered: an error, and nothing charged to anybody; in batches the others are.
DO $$ BEGIN PERFORM post_invoice(6, 'D-1', '2024-05-01', 1000, '2024-05-31'); END $$;
SELECT count(*) AS charges FROM interest_charge \gset
SELECT pg_temp.try($$SELECT run_interest('2026-02-01')$$);
SELECT count(*) - :charges AS more FROM interest_charge;

-- The daily figure rounded: 0.23 a day.
SELECT amount FROM run_interest('2024-07-20', true) WHERE customer_id = 6;
-- Late, but paid: what it cost until then.
DO $$ BEGIN PERFORM apply_payment(6, post_payment(6, 'DP-1', '2024-06-10', 1000), 'oldest_first', '2024-06-10'); END $$;
SELECT amount FROM run_interest('2024-10-01') WHERE customer_id = 6;
SELECT count(*) FROM run_interest('2024-10-02') WHERE customer_id = 6;

-- What counts is the day the money came, not the day it was applied; returned, it has not come.
BEGIN;
DO $$ BEGIN PERFORM post_invoice(6, 'D-2', '2024-05-01', 1000, '2024-05-31'), apply_payment(6, post_payment(6, 'DP-2', '2024-06-10', 1000), 'oldest_first', '2024-07-20'); END $$;
SELECT amount FROM interest_items('2024-10-02', '{6}');
SELECT amount FROM interest_items('2024-07-01', '{6}');
SAVEPOINT before;
SELECT return_payment(6, (SELECT document_id FROM document WHERE number = 'DP-2'), '2024-07-30') > 0 AS returned;
SELECT amount FROM interest_items('2024-08-09', '{6}');
SELECT 0.23 * 10 + 0.23 * 10 AS by_hand;
ROLLBACK TO before;
-- In time by that, it costs nothing.
DO $$ BEGIN PERFORM post_invoice(6, 'D-3', '2024-05-01', 1000, '2024-05-31'), apply_payment(6, post_payment(6, 'DP-3', '2024-05-31', 1000), 'oldest_first', '2024-07-20'); END $$;
-- Nor does what was posted by mistake.
SELECT void_document(6, post_invoice(6, 'D-5', '2024-05-01', 1000, '2024-05-31'), 'posted twice', '2024-09-30') > 0 AS voided;
SELECT items, amount FROM run_interest('2024-10-03') WHERE customer_id = 6;
SELECT count(*) FROM interest_items('2024-10-04', '{6}');
-- While a payment plan with interest of its own is in force, the item costs nothing more; cancelled, it does again.
SELECT post_invoice(6, 'D-4', ledger_today() - 90, 1000, ledger_today() - 60) AS d4 \gset
SELECT propose_plan(6, ARRAY(SELECT i.item_id FROM item i WHERE i.customer_id = 6 AND i.document_id = :d4), 'season', ARRAY[ledger_today() + 30], '{1000}', p_starts_on => ledger_today() - 30,
	p_interest_rate => 12) AS plan \gset
SELECT sum(r.amount) AS proposed FROM interest_items(ledger_today(), '{6}') r JOIN item i USING (customer_id, item_id) WHERE i.document_id = :d4;
SELECT start_plan(6, :plan);
SELECT sum(r.amount) AS in_force FROM interest_items(ledger_today() + 5, '{6}') r JOIN item i USING (customer_id, item_id) WHERE i.document_id = :d4;
SELECT cancel_plan(6, :plan, 'not paid');
SELECT sum(r.amount) AS cancelled FROM interest_items(ledger_today() + 10, '{6}') r JOIN item i USING (customer_id, item_id) WHERE i.document_id = :d4;
SELECT 0.23 * 30 AS by_hand, 0.23 * 40 AS cancelled;
-- No interest on interest, whoever charged it, and no fixed sum for what is disputed as a whole.
DO $$ BEGIN
	PERFORM enter_document('finance_charge', c, 'X-' || c, '2024-08-01', 1000, '2024-08-31', 'EUR') FROM unnest('{4,5,6}'::bigint[]) c;
	PERFORM post_invoice(5, 'L-2', '2024-08-01', 500, '2024-08-31'), post_invoice(5, 'L-3', '2024-08-01', 500, '2024-08-31');
	INSERT INTO dispute (customer_id, item_id, amount, currency, reason_code, opened_on, state) SELECT 5, i.item_id, CASE d.number WHEN 'L-2' THEN 500 ELSE 499 END, 'EUR', 'price_error', '2024-08-10', 'open'
	FROM item i JOIN document d USING (customer_id, document_id) WHERE d.number IN ('L-2', 'L-3') ORDER BY d.number;
	INSERT INTO dispute_event (customer_id, dispute_id, state, happened_on) SELECT 5, d.dispute_id, 'open', '2024-08-10' FROM dispute d WHERE d.customer_id = 5;
END $$;
SELECT customer_id, d.number, r.kind, r.amount FROM interest_items('2024-10-05', '{4,5,6}') r LEFT JOIN item i USING (customer_id, item_id) LEFT JOIN document d USING (customer_id, document_id)
WHERE d.number IS DISTINCT FROM 'L-1' ORDER BY 1, 2, 3;
SELECT count(reject_dispute(5, d.dispute_id, 'price was agreed')) FROM dispute d WHERE d.customer_id = 5;
SELECT d.number, r.kind, r.amount FROM interest_items('2024-10-05', '{5}') r JOIN item i USING (customer_id, item_id) JOIN document d USING (customer_id, document_id) WHERE d.number IN ('L-2', 'L-3') ORDER BY 1, 2;
-- Who is bankrupt or sanctioned is charged nothing, and a simulation says so.
SELECT count(*) FROM run_interest('2024-10-05', true) WHERE customer_id = 5;
SELECT set_customer_status(5, 'sanctioned');
SELECT (SELECT count(*) FROM run_interest('2024-10-05', true) WHERE customer_id = 5) AS simulated, (SELECT count(*) FROM run_interest('2024-10-05') WHERE customer_id = 5) AS charged;
ROLLBACK;

-- Too little waits; what is charged comes to the minimum; no policy, nothing.
DO $$ BEGIN PERFORM post_invoice(7, 'M-1', '2024-10-01', 100, '2024-10-02'), post_invoice(8, 'N-1', '2024-10-01', 100, '2024-10-02'); END $$;
SELECT customer_id, amount FROM run_interest('2024-10-16', true) WHERE customer_id IN (7, 8);
SELECT customer_id, amount FROM run_interest('2024-10-16') WHERE customer_id IN (7, 8);
SELECT customer_id, kind, amount FROM run_interest('2024-10-17') WHERE customer_id IN (7, 8);
SELECT kind, amount FROM open_items WHERE customer_id = 7 AND kind <> 'invoice';

-- Interest costs no interest by itself, and gets no letter by itself; a letter charges it.
SELECT set_dunning_policy('std', 'EUR', '[{"days": 10, "template": "second_reminder", "fee": 2, "charges_interest": true}]', p_valid_from => '2024-01-01') > 0 AS set;
SELECT customer_id, level, items, amount, fee, skipped FROM run_dunning('2024-12-01');
SELECT kind, amount, doc_date FROM open_items WHERE customer_id = 5 ORDER BY item_id;
SELECT body FROM outbox WHERE customer_id = 5;
-- The whole in batches; and the past stays.
CALL run_interest_in_batches('2025-12-31', 2);
CALL run_interest_in_batches('2025-12-31', 2);
SELECT pg_temp.try($$UPDATE interest_charge SET amount = 1$$);
SELECT pg_temp.try($$DELETE FROM interest_run$$);
SELECT pg_temp.try($$SELECT run_interest(NULL)$$);
SELECT pg_temp.try($$SELECT run_interest('infinity', true)$$);
SELECT pg_temp.try($$SELECT charge_interest(0, '{1}')$$);
SELECT * FROM verify_ledger();
-- Merged into another customer: what was charged is not charged again, and levels go along.
SELECT set_risk_class(6, 'law');
SELECT merge_customers(5, 6, 'the same', '2025-12-31') > 0 AS merged;
SELECT kind, item_id IS NOT NULL AS of_an_item, to_day, amount FROM interest_charge WHERE customer_id = 6 AND document_id IS NULL ORDER BY kind;
SELECT count(*) AS charged_again FROM run_interest('2025-12-31') WHERE customer_id = 6;
SELECT level, as_of, amount, dunning_letter_id FROM dunning_item WHERE customer_id = 6 AND dunning_letter_id IS NULL;
SELECT count(*) AS dunned_again FROM dunning_items('2025-12-31') WHERE customer_id = 6 AND level = 1;
SELECT * FROM verify_ledger();
-- A figure that somebody bent shows.
SET session_replication_role = replica;
UPDATE interest_charge SET amount = amount + 1 WHERE interest_charge_id = 1;
UPDATE dunning_letter SET items = items + 1 WHERE dunning_letter_id = 1;
RESET session_replication_role;
SELECT * FROM verify_ledger();

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
