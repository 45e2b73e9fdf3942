-- Cash forecast: when open items will be paid, learnt from how late the customer paid before.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
\set VERBOSITY terse
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
-- Days are counted from today, 0.
CREATE FUNCTION day(n integer) RETURNS date LANGUAGE sql AS 'SELECT ledger_today() + n';
CREATE FUNCTION n(d date) RETURNS integer LANGUAGE sql AS 'SELECT d - ledger_today()';
-- An invoice due on a day, paid so many days late; NULL: not yet.
CREATE FUNCTION sell(customer bigint, number text, due integer, amount numeric, late integer DEFAULT NULL, currency text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	payment bigint;
BEGIN
	PERFORM post_invoice(customer, number, day(due - 30), amount, day(due), currency);
	IF late IS NOT NULL THEN
		payment := post_payment(customer, 'P' || number, day(due + late), amount, currency);
		PERFORM apply_payment(customer, payment, p_applied_on => day(due + late));
	END IF;
END $$;
DO $$ BEGIN
	PERFORM add_customer('Kestrel Tooling', 1), add_customer('Osprey Boats', 2), add_customer('Heron Foods', 3), add_customer('Wren Textiles', 4);
	PERFORM set_risk_class(2, 'retail'), set_risk_class(3, 'retail');
END $$;

-- Nobody has ever paid: nothing is made up.
SELECT sell(1, 'K0', 12, 1000) \g /dev/null
SELECT part, week_no, expected, low, high, cumulative, lines FROM cash_forecast(day(1), 2);

-- Eleven days late on average: due on day 12, expected on day 23.
SELECT sell(1, 'K' || k, -60 - 10 * k, 100 * k, 9 + k) FROM generate_series(0, 4) k WHERE k > 0 \g /dev/null
SELECT sell(1, 'K5', -50, 5, 9) \g /dev/null
SELECT basis, experiences, n(due_date) AS due, n(expected_on) AS expected, n(early_on) AS early, n(late_on) AS late, amount FROM expected_payments(day(1));
-- With less to learn from than is asked for: of others, or of its own all the same.
SELECT basis, experiences, n(expected_on) AS expected FROM expected_payments(day(1), p_least_items => 6);
-- Who is ten days late already is compared with those who paid even later: 11, 12 and 13 days.
SELECT basis, experiences, n(expected_on) AS expected, n(early_on) AS early, n(late_on) AS late FROM expected_payments(day(23), p_least_items => 3);
SELECT basis, n(expected_on) AS expected FROM expected_payments(day(30));

-- A customer without a past of its own: its risk class, and then everybody.
SELECT sell(2, 'O' || k, -60 - 10 * k, 100, 20) FROM generate_series(1, 5) k \g /dev/null
SELECT sell(3, 'H1', 5, 70), sell(4, 'W1', 5, 70) \g /dev/null
SELECT customer_id, basis, experiences, n(expected_on) AS expected FROM expected_payments(day(1)) ORDER BY 1;

-- Credits a customer has with us come off what is due first.
SELECT sell(3, 'H2', 9, 100), post_payment(3, 'PH', day(-1), 90) \g /dev/null
SELECT i.number, e.open_amount, e.amount FROM expected_payments(day(1), p_customer_id => 3) e JOIN open_items i USING (customer_id, item_id) ORDER BY 1;

-- The disputed part of an item follows items that were disputed; there are none yet.
SELECT open_dispute(3, item_id, 30, 'price_error') FROM open_items WHERE number = 'H2' \g /dev/null
SELECT amount, disputed, basis, n(expected_on) AS expected FROM expected_payments(day(1), p_customer_id => 3) ORDER BY disputed;

-- A promise says when: day 18 instead of day 23.  Of a part of an item, the rest follows the past.
SELECT make_promise(1, day(20), 400, (SELECT array_agg(item_id) FROM open_items WHERE number = 'K0')) \g /dev/null
SELECT amount, basis, n(expected_on) AS expected, n(late_on) AS late FROM expected_payments(day(1), p_customer_id => 1) ORDER BY basis;

-- A promise of no item in particular pays what is due first.
SELECT sell(3, 'H3', 2, 25), make_promise(3, day(4), 60) \g /dev/null
SELECT i.number, e.amount, e.basis, n(expected_on) AS expected FROM expected_payments(day(1), p_customer_id => 3) e JOIN open_items i USING (customer_id, item_id) ORDER BY i.number, e.basis;

-- All of it in weeks: the parts are all that is open less unapplied credits, in every currency.
SELECT set_fx_rate('EUR', 1.1, day(-400)) \g /dev/null
SELECT sell(2, 'E1', 6, 33.33, NULL, 'EUR') \g /dev/null
SELECT post_invoice(4, 'U1', day(0), 12, p_terms => 'net 30 ROG') \g /dev/null
SELECT part, week_no, n(week_from) AS first, n(week_to) AS last, currency, expected, low, high, cumulative, cumulative_low, cumulative_high, promised, disputed, lines FROM cash_forecast(day(1), 4);
SELECT f.currency, sum(f.expected) = o.amount AS all_there FROM cash_forecast(day(1), 4) f
	JOIN (SELECT i.currency, sum(i.open_amount) AS amount FROM open_items i GROUP BY 1) o ON o.currency = f.currency GROUP BY f.currency, o.amount ORDER BY 1;

-- Under a plan, instalments say when: what is left of it are the last ones.
SELECT sell(4, 'W2', 8, 90) \g /dev/null
INSERT INTO payment_plan (customer_id, payment_plan_id, currency, amount, starts_on, grace_days, reason, state, state_on, actor) VALUES (4, 1, 'USD', 200, day(-40), 5, 'slow season', 'active', day(0), 'anna');
INSERT INTO payment_plan_item (customer_id, payment_plan_id, item_id, amount) SELECT 4, 1, item_id, open_amount FROM open_items WHERE number IN ('W1', 'W2');
INSERT INTO payment_plan_instalment SELECT 4, 1, k, day(-40 + 20 * k), 50, 0 FROM generate_series(1, 4) k;
INSERT INTO payment_plan_event (customer_id, payment_plan_id, state, state_on, paid_amount, actor) VALUES (4, 1, 'active', day(-40), 0, 'anna');
SELECT i.number, e.amount, e.basis, n(expected_on) AS expected, n(late_on) AS late FROM expected_payments(day(1), p_customer_id => 4) e JOIN open_items i USING (customer_id, item_id)
ORDER BY i.number, expected_on;

-- Against what came: what was posted since, with whatever date, was not foreseen.
SELECT sell(1, 'B' || k, -80 + 7 * k, 10 * k, CASE WHEN k < 9 THEN 9 + k % 3 END) FROM generate_series(1, 9) k \g /dev/null
SELECT count(*) FROM forecast_backtest(day(-70), 4);
ALTER TABLE document DISABLE TRIGGER USER;
ALTER TABLE allocation DISABLE TRIGGER USER;
UPDATE document SET recorded_at = posting_date + time '12:00';
UPDATE allocation SET recorded_at = applied_on + time '12:00';
UPDATE document SET recorded_at = now() WHERE number = 'B3';
ALTER TABLE document ENABLE TRIGGER USER;
ALTER TABLE allocation ENABLE TRIGGER USER;
SELECT i.number, e.amount, e.basis, e.experiences, n(expected_on) AS expected FROM expected_payments(day(-70), day(-70)::timestamptz, 1, 2) e JOIN document_status i USING (customer_id) JOIN item t USING (customer_id, item_id)
WHERE i.document_id = t.document_id ORDER BY 1;
SELECT week_no, n(week_from) AS first, currency, expected, low, high, came, error, error_percent, cumulative, cumulative_came, cumulative_error_percent FROM forecast_backtest(day(-70), 4, 2);
SELECT week_no, expected, came FROM forecast_accuracy WHERE currency = 'USD' AND week_no IN (1, 13);

-- Of a promise, what has come since is not expected again; what had come before it keeps nothing.
SELECT post_payment(1, 'PK', day(0), 150), post_payment(3, 'PH2', day(0), 10) \g /dev/null
SELECT allocate(1, p.item_id, i.item_id, 150, day(0)) > 0 AS applied FROM open_items p, open_items i WHERE p.number = 'PK' AND i.number = 'K0';
SELECT i.number, e.amount, e.basis FROM expected_payments(day(1), p_customer_id => 1) e JOIN open_items i USING (customer_id, item_id) WHERE i.number = 'K0' ORDER BY e.basis;
SELECT allocate(3, p.item_id, i.item_id, 20, day(0)) > 0 AS applied FROM open_items p, open_items i WHERE p.number = 'PH' AND i.number = 'H1';
SELECT sum(amount) FILTER (WHERE basis = 'promise') AS promised, sum(amount) AS expected FROM expected_payments(day(1), p_customer_id => 3);
SELECT allocate(3, p.item_id, i.item_id, 10, day(0)) > 0 AS applied FROM open_items p, open_items i WHERE p.number = 'PH2' AND i.number = 'H2';
SELECT sum(amount) FILTER (WHERE basis = 'promise') AS promised, sum(amount) AS expected FROM expected_payments(day(1), p_customer_id => 3);

-- A deposit is no money for other invoices while it was reserved to its order, whatever became of it since.
SELECT add_customer('Swift Prints', 5), sell(5, 'S1', 5, 100), post_deposit(5, 'DS', day(-10), 40, 'O-5') \g /dev/null
SELECT sum(amount) FROM expected_payments(day(-5), p_customer_id => 5);
SELECT release_deposit(5, document_id, 'order cancelled') FROM document WHERE number = 'DS' \g /dev/null
SELECT (SELECT sum(amount) FROM expected_payments(day(-5), p_customer_id => 5)) AS five_days_ago, (SELECT sum(amount) FROM expected_payments(day(1), p_customer_id => 5)) AS now;
SELECT apply_payment(5, document_id, p_applied_on => day(0)) FROM document WHERE number = 'DS' \g /dev/null
SELECT (SELECT sum(amount) FROM expected_payments(day(-5), p_customer_id => 5)) AS five_days_ago, (SELECT sum(amount) FROM expected_payments(day(1), p_customer_id => 5)) AS now;

-- A forecast of today knows this morning; one of a day that is over, or of this morning before it, does not.
DO $$ BEGIN
	PERFORM add_customer('Plover Prints', 6), sell(6, 'L1', 20, 100), sell(6, 'L2', 21, 60), sell(6, 'LP', -20, 10, 0);
	PERFORM make_promise(6, day(3), 80, (SELECT array_agg(item_id) FROM open_items WHERE number = 'L1')), post_payment(6, 'PL', day(0), 5);
	PERFORM open_dispute(6, item_id, 15, 'price_error') FROM open_items WHERE number = 'L2';
END $$;
SELECT i.number, e.amount, e.basis, e.disputed FROM expected_payments(day(0), p_customer_id => 6) e JOIN open_items i USING (customer_id, item_id) ORDER BY 1, e.basis, disputed;
SELECT (SELECT array_agg(e ORDER BY e) FROM expected_payments(day(0), p_customer_id => 6) e) = (SELECT array_agg(e ORDER BY e) FROM expected_payments(day(0), clock_timestamp(), 6) e) AS as_known_now,
	(SELECT count(*) FROM expected_payments(day(0), day(0)::timestamptz - interval '1 microsecond', 6)) AS before_it_began,
	(SELECT promised FROM cash_forecast(day(0), 1) WHERE week_no = 1 AND currency = 'USD') >= 80 AS in_the_forecast;
-- Yesterday's begins yesterday: neither promise nor dispute nor the payment of today.
SELECT i.number, e.amount, e.basis, e.disputed FROM expected_payments(day(-1), p_customer_id => 6) e JOIN open_items i USING (customer_id, item_id) ORDER BY 1, e.basis;

-- Of its own past a customer has at least a little; the risk class is the one that was known.
SELECT basis, experiences, n(expected_on) AS expected FROM expected_payments(day(0), p_customer_id => 6, p_least_items => 500) WHERE NOT disputed AND basis <> 'promise' AND open_amount = 60;
SELECT add_customer('Dunlin Dyes', 7), sell(7, 'D1', 20, 10), set_risk_class(7, 'wholesale') \g /dev/null
SELECT basis FROM expected_payments(day(0), p_customer_id => 7);
SELECT clock_timestamp() AS before \gset
SELECT set_risk_class(7, 'retail') \g /dev/null
SELECT (SELECT basis FROM expected_payments(day(0), p_customer_id => 7)) AS now, (SELECT basis FROM expected_payments(day(0), :'before', 7)) AS before;

-- What cannot be forecast.
SELECT cash_forecast(NULL);
SELECT cash_forecast('infinity');
SELECT cash_forecast(day(1), 0);
SELECT cash_forecast(day(1), 521);
SELECT expected_payments(day(1), p_least_items => 0);
SELECT forecast_backtest(day(0));
DROP SCHEMA ar CASCADE;
