-- Interest for late payment, case by case: every figure is computed by hand beside it.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'EUR', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
-- A customer in a class of its own, with a policy of its own; its invoices; and payments of them, by number.
CREATE FUNCTION pg_temp.late(class text, due date, amount numeric DEFAULT 1000, number text DEFAULT 'I') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	id bigint := (SELECT c.customer_id FROM customer c WHERE c.name = class);
BEGIN
	IF id IS NULL THEN
		id := add_customer(class);
		UPDATE customer SET risk_class = class WHERE customer_id = id;
	END IF;
	PERFORM post_invoice(id, number, due - 30, amount, due);
	RETURN id;
END $$;
CREATE FUNCTION pg_temp.pay(whose bigint, what text, day date, paid numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM post_payment(whose, format('%s: %s', day, what), day, paid);
	PERFORM allocate(whose, (SELECT max(c.item_id) FROM item c WHERE c.customer_id = whose AND c.open_amount < 0), i.item_id, paid, day)
	FROM item i JOIN document d USING (customer_id, document_id) WHERE i.customer_id = whose AND d.number LIKE what;
END $$;
CREATE FUNCTION pg_temp.cost(whose bigint, day date) RETURNS numeric LANGUAGE sql AS $$ SELECT sum(amount) FROM interest_items(day, ARRAY[whose]) WHERE kind <> 'fixed_sum' $$;
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', SQLSTATE, message, detail, hint);
END $$;

-- A debt that becomes late on the first day of a half-year is of that half-year, one of the day before of the other.
SELECT d AS late_since, late_payment_rate('DE', d) AS de, late_payment_rate('AT', d) AS at, late_payment_rate('EU', d) AS eu, late_payment_rate('IE', d) AS ie, late_payment_rate('GB', d) AS gb
FROM unnest(ARRAY['2024-06-30', '2024-07-01', '2024-12-31', '2025-01-01', '2025-06-30', '2025-07-01']::date[]) d;
-- What stays fixed, and what follows the half-years: the same debt a year later.
SELECT j, late_payment_rate(j, '2024-06-30', '2025-07-01') FROM unnest(ARRAY['AT', 'DE', 'EU', 'GB', 'IE']) j;
-- The last day of one half-year at 12.62, the first of the next at 12.37: 10,000 * (12.62 + 12.37) / 36,500 = 6.85.
SELECT set_interest_policy('DE', 'EUR', p_jurisdiction => 'DE', p_risk_class => 'turn', p_valid_from => '2024-01-01') > 0 AS set;
SELECT pg_temp.cost(pg_temp.late('turn', '2024-06-29', 10000), '2024-07-01');
-- Late from 1 January 2025 at 2.27 + 9, 31 days: 95.72.  In Austria at 2.53 + 9.2, with 40 besides.
SELECT set_interest_policy('DE', 'EUR', p_jurisdiction => 'DE', p_risk_class => 'year', p_valid_from => '2024-01-01') + set_interest_policy('AT', 'EUR', p_jurisdiction => 'AT', p_risk_class => 'austria',
	p_valid_from => '2024-01-01', p_fixed_sum => true) > 0 AS set;
SELECT pg_temp.cost(pg_temp.late('year', '2024-12-31', 10000), '2025-01-31'), round(10000 * 11.27 * 31 / 36500, 2) AS by_hand;
SELECT pg_temp.late('austria', '2024-12-31', 10000) AS c \gset
SELECT i.kind, i.amount, round(10000 * 11.73 * 31 / 36500, 2) AS by_hand FROM interest_items('2025-01-31', ARRAY[:c]::bigint[]) i ORDER BY i.kind;

-- Grace: nothing on its last day; after it, from the due date on.
SELECT set_interest_policy('grace', 'EUR', 1.5, p_risk_class => 'grace', p_period_days => 30, p_grace_days => 10, p_valid_from => '2024-01-01') > 0 AS set;
SELECT pg_temp.late('grace', '2024-07-01') AS c \gset
SELECT pg_temp.cost(:c, '2024-07-11') AS last_day, pg_temp.cost(:c, '2024-07-12') AS after, 1000 * 0.015 * 11 / 30 AS by_hand;

-- A disputed part of 400 for ten of thirty days: (1,000 * 20 + 600 * 10) * 0.0005; for all of them 9.00, with p_on_disputed 15.00.
SELECT set_interest_policy('disputed', 'EUR', 1.5, p_risk_class => 'disputed', p_period_days => 30, p_valid_from => '2024-01-01')
	+ set_interest_policy('on disputed', 'EUR', 1.5, p_risk_class => 'on disputed', p_period_days => 30, p_on_disputed => true, p_valid_from => '2024-01-01') > 0 AS set;
SELECT pg_temp.late('disputed', '2024-07-01') AS c, pg_temp.late('on disputed', '2024-07-01') AS c2 \gset
INSERT INTO dispute (customer_id, item_id, amount, currency, reason_code, opened_on, state) SELECT i.customer_id, i.item_id, 400, 'EUR', 'price_error', '2024-07-11', 'open' FROM item i WHERE i.customer_id IN (:c, :c2);
INSERT INTO dispute_event (customer_id, dispute_id, state, happened_on) SELECT d.customer_id, d.dispute_id, 'open', '2024-07-11' FROM dispute d;
SELECT pg_temp.cost(:c, '2024-07-11') AS before, pg_temp.cost(:c, '2024-07-21') AS ten_days_in, pg_temp.cost(:c2, '2024-07-31') AS on_disputed;

-- The average daily balance, with a payment in the middle: 1,000 for ten days and 400 for twenty, 600 on the average.
SELECT set_interest_policy('average', 'EUR', 1.5, p_risk_class => 'average', p_period_days => 30, p_basis => 'average_daily_balance', p_valid_from => '2024-01-01', p_minimum_charge => 5) > 0 AS set;
SELECT pg_temp.late('average', '2024-07-01') AS c \gset
SELECT pg_temp.pay(:c, 'I', '2024-07-11', 600);
SELECT pg_temp.cost(:c, '2024-07-31'), 600 * 0.015 AS by_hand;
-- 10 days cost 5.00, so do 8; of what comes after, the minimum has paid.
SELECT kind, amount FROM run_interest('2024-07-09') WHERE customer_id = :c;
SELECT kind, amount FROM run_interest('2024-07-11') WHERE customer_id = :c;
SELECT kind, amount FROM run_interest('2024-07-31') WHERE customer_id = :c;
SELECT sum(amount) AS in_all FROM interest_charge WHERE customer_id = :c;

-- Flat: of what was not paid in the grace, whenever the run comes.
SELECT set_interest_policy('flat', 'EUR', 2, p_risk_class => 'flat', p_method => 'flat', p_grace_days => 29, p_valid_from => '2024-01-01') > 0 AS set;
SELECT pg_temp.late('flat', '2024-07-01') AS c \gset
SELECT pg_temp.pay(:c, 'I', '2024-07-11', 400), pg_temp.pay(:c, 'I', '2024-08-20', 500);
SELECT pg_temp.cost(:c, '2024-07-30') AS in_grace, pg_temp.cost(:c, '2024-07-31') AS after, pg_temp.cost(:c, '2024-09-30') AS later;

-- Compound: on what was charged before and is not paid.  15.00 after 30 days; the next 45 cost 22.84 on 1,015, 22.50 where the 15 were
-- paid at once, and (1,015 * 15 + 1,000 * 30) * 0.0005 = 22.61 where they were paid after 15 days.
SELECT set_interest_policy('compound', 'EUR', 1.5, p_risk_class => 'compound', p_method => 'compound', p_period_days => 30, p_valid_from => '2024-01-01') > 0 AS set;
DO $$
BEGIN
	FOR n IN 1 .. 3 LOOP
		PERFORM pg_temp.late('c' || n, '2024-07-01');
		UPDATE customer SET risk_class = 'compound' WHERE name = 'c' || n;
	END LOOP;
END $$;
SELECT sum(amount) AS three_times_15 FROM run_interest('2024-07-31') r JOIN customer c USING (customer_id) WHERE c.name LIKE 'c_';
SELECT pg_temp.pay(c.customer_id, 'interest%', CASE c.name WHEN 'c2' THEN '2024-07-31' ELSE '2024-08-15' END::date, 15) FROM customer c WHERE c.name IN ('c2', 'c3');
SELECT c.name, r.amount FROM run_interest('2024-09-14') r JOIN customer c USING (customer_id) WHERE c.name LIKE 'c_' ORDER BY 1;

-- The minimum: however the days are cut, an item costs at least 5.00, and 1,000 at 10 percent for 60 days 16.44.
SELECT set_interest_policy('least', 'EUR', 10, p_risk_class => 'least', p_minimum_charge => 5, p_valid_from => '2024-01-01') > 0 AS set;
SELECT pg_temp.late('least', '2024-09-30') AS c \gset
SELECT kind, amount FROM run_interest('2024-10-05', true) WHERE customer_id = :c;
SELECT kind, amount FROM run_interest('2024-10-05') WHERE customer_id = :c;
SELECT count(*) AS still_paid_for FROM run_interest('2024-10-15') WHERE customer_id = :c;
SELECT kind, amount FROM run_interest('2024-10-31') WHERE customer_id = :c;
SELECT kind, amount FROM run_interest('2024-11-29') WHERE customer_id = :c;
SELECT kind, sum(amount) FROM interest_charge WHERE customer_id = :c GROUP BY kind ORDER BY 1;
SELECT round(1000 * 0.10 * 60 / 365, 2) AS by_hand;

-- A payment that was entered late: charged 15.00 for thirty days, the item had cost 5.00 for ten.
SELECT set_interest_policy('contract', 'EUR', 1.5, p_risk_class => 'contract', p_period_days => 30, p_valid_from => '2024-01-01') > 0 AS set;
SELECT pg_temp.late('contract', '2024-12-01') AS c \gset
SELECT amount FROM run_interest('2024-12-31') WHERE customer_id = :c;
SELECT count(*) AS overcharged FROM interest_overcharged;
SELECT pg_temp.pay(:c, 'I', '2024-12-11', 1000);
SELECT number, due_date, as_of, charged, cost, overcharged FROM interest_overcharged WHERE customer_id = :c;
SELECT count(*) AS charged_again FROM run_interest('2025-01-31') WHERE customer_id = :c;
SELECT void_document(:c, (SELECT document_id FROM document WHERE customer_id = :c AND kind = 'finance_charge'), 'paid in time', '2025-01-31') > 0 AS voided;
SELECT count(*) AS overcharged FROM interest_overcharged WHERE customer_id = :c;

-- Another policy from a day on: what was late before keeps its own, and pays once.  1,000 at 10 percent for 60 days: 16.44.
SELECT set_interest_policy('items', 'EUR', 10, p_risk_class => 'to balance', p_valid_from => '2024-01-01') + set_interest_policy('balance', 'EUR', 10, p_risk_class => 'to balance',
	p_basis => 'average_daily_balance', p_valid_from => '2024-07-16') + set_interest_policy('balance', 'EUR', 10, p_risk_class => 'to items', p_basis => 'average_daily_balance',
	p_valid_from => '2024-01-01') + set_interest_policy('items', 'EUR', 10, p_risk_class => 'to items', p_valid_from => '2024-07-16') > 0 AS set;
SELECT pg_temp.cost(pg_temp.late('to balance', '2024-07-01'), '2024-08-30') AS to_balance, pg_temp.cost(pg_temp.late('to items', '2024-07-01'), '2024-08-30') AS to_items;

-- Merged: what the old customer was charged goes along, the minimum too, and what is late costs once, where it went.  61 days: 16.71.
SELECT set_interest_policy('balance', 'EUR', 10, p_risk_class => 'balance', p_basis => 'average_daily_balance', p_valid_from => '2024-01-01') > 0 AS set;
DO $$
BEGIN
	FOR n IN 1 .. 3 LOOP
		PERFORM pg_temp.late('old ' || n, '2024-07-01'), add_customer('new ' || n);
		UPDATE customer SET risk_class = CASE n WHEN 3 THEN 'balance' ELSE 'least' END WHERE name IN ('old ' || n, 'new ' || n);
	END LOOP;
END $$;
SELECT charge_interest(start_interest('2024-07-08'), ARRAY(SELECT customer_id FROM customer WHERE name IN ('old 2', 'old 3') ORDER BY 1)) AS charges;
SELECT merge_customers(o.customer_id, n.customer_id, 'one company', '2024-07-31') AS moved
FROM customer o, customer n WHERE (o.name, n.name) IN (('old 1', 'new 1'), ('old 2', 'new 2'), ('old 3', 'new 3')) ORDER BY o.customer_id;
SELECT c.name, r.kind, r.amount FROM run_interest('2024-07-31') r JOIN customer c USING (customer_id) WHERE c.name ~ '^(old|new) ' ORDER BY 1, 2;
SELECT c.name, r.kind, r.amount FROM run_interest('2024-08-31') r JOIN customer c USING (customer_id) WHERE c.name ~ '^(old|new) ' ORDER BY 1, 2;
SELECT right(c.name, 1) AS account, sum(h.amount) AS charged, round(1000 * 0.10 * 61 / 365, 2) AS by_hand FROM interest_charge h JOIN customer c USING (customer_id)
WHERE c.name ~ '^(old|new) ' AND h.document_id IS NOT NULL AND h.interest_run_id IS NOT NULL GROUP BY 1 ORDER BY 1;
SELECT count(*) AS overcharged FROM interest_overcharged o JOIN customer c USING (customer_id) WHERE c.name ~ '^(old|new) ';

-- Rates that nobody has entered: all of them at once, and nobody is charged.
SELECT set_interest_policy('UK', 'GBP', p_jurisdiction => 'GB', p_valid_from => '2024-01-01') + set_interest_policy('US', 'USD', p_jurisdiction => 'EU', p_fixed_sum => true, p_valid_from => '2013-01-01') > 0 AS set;
SELECT set_fx_rate('GBP', 1.2, '2024-01-01'), set_fx_rate('USD', 0.9, '2024-01-01');
SELECT add_customer('foreign') AS c \gset
SELECT post_invoice(:c, 'G-1', '2025-12-01', 100, '2025-12-31', 'GBP') > 0, post_invoice(:c, 'U-1', '2025-12-01', 100, '2025-12-31', 'USD') > 0;
SELECT count(*) AS charges FROM interest_charge \gset
SELECT pg_temp.try($$SELECT run_interest('2026-07-31')$$);
SELECT pg_temp.try($$SELECT run_interest('2026-07-31', true)$$) LIKE 'RC006%' AS simulated;
SELECT count(*) - :charges AS charged FROM interest_charge;
SELECT * FROM verify_ledger();

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
