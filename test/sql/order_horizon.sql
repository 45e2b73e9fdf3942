-- order_horizon.sql: ship dates and the dynamic credit check, orders in other currencies, and what the exposure policy counts.
\set VERBOSITY terse
SET client_min_messages = warning;
-- The ledger's day is the session's.
SET timezone = 'Etc/UTC';
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('hor', 'USD', time_zone => 'Etc/UTC');
SET search_path = hor, public;
SELECT add_customer('Customer ' || g, g) FROM generate_series(1, 6) g;
CREATE TABLE public.hor_orders (id integer PRIMARY KEY, customer integer, amount numeric, currency text, ship date, status text);
SELECT watch_orders('public.hor_orders', 'customer', 'amount', 'id', currency => 'currency', ship_date => 'ship');
-- What the last statement did to the orders of a customer: open in all, and per day from today.
CREATE FUNCTION public.hor_open(p_customer bigint) RETURNS TABLE (currency text, ordered numeric, scheduled text) LANGUAGE sql AS $$
	SELECT e.currency, e.ordered, (SELECT string_agg(format('%s on +%s', s.amount, s.ship_date - current_date), ', ' ORDER BY s.ship_date)
		FROM hor.order_schedule s WHERE s.customer_id = e.customer_id AND s.currency = e.currency)
	FROM hor.exposure e WHERE e.customer_id = p_customer ORDER BY 1
$$;
CREATE FUNCTION public.hor_figures(p_customer bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s', c ->> 'kind', COALESCE(c ->> 'figure', c ->> 'outcome')), ', ')
	FROM (SELECT d.checks FROM hor.decision d WHERE d.customer_id = p_customer ORDER BY d.decision_id DESC LIMIT 1) d, jsonb_array_elements(d.checks) c
	WHERE c ->> 'kind' LIKE '%use'
$$;

-- Both checks at once: of a limit of 50,000, open items of 20,000, billing of 5,000, deliveries of 10,000 and orders of
-- 10,000 inside and 20,000 after the horizon, the dynamic check counts 49,000 with a new order of 4,000, the static one
-- 69,000 (help.sap.com, Different Types of Credit Checks).
SELECT set_credit_limit(1, 50000);
SELECT post_invoice(1, 'open', current_date - 5, 20000, current_date + 25), post_invoice(1, 'billed', current_date, 5000, current_date + 30);
UPDATE check_rule SET action = 'warn' WHERE kind = 'limit_use';
INSERT INTO check_rule (rule_no, kind, threshold, horizon_days) VALUES (35, 'horizon_use', 100, 30);
INSERT INTO public.hor_orders VALUES (1, 1, 10000, 'USD', NULL), (2, 1, 10000, NULL, current_date + 30), (3, 1, 20000, NULL, current_date + 31);
INSERT INTO public.hor_orders VALUES (4, 1, 4000, NULL, current_date + 1);
SELECT public.hor_figures(1);
SELECT * FROM public.hor_open(1);
SELECT c.outcome, c.exposure, k ->> 'kind' AS kind, k ->> 'figure' AS figure FROM check_credit(1, 1000, p_ship_date => current_date + 31) c, jsonb_array_elements(c.checks) k WHERE k ->> 'kind' LIKE '%use';
SELECT c.outcome, c.shortfall, k ->> 'kind' AS kind, k ->> 'figure' AS figure FROM check_credit(1, 1500, p_ship_date => current_date + 30) c, jsonb_array_elements(c.checks) k WHERE k ->> 'kind' LIKE '%use';
-- Exactly the limit is allowed, a cent more is not.
INSERT INTO public.hor_orders VALUES (5, 1, 1000.01, NULL, current_date);
INSERT INTO public.hor_orders VALUES (5, 1, 1000, NULL, current_date);
-- What ships earlier counts now; later, it does not.  Over the limit an order may still be put off or made smaller.
UPDATE public.hor_orders SET ship = current_date + 30 WHERE id = 3;
UPDATE public.hor_orders SET ship = current_date + 32 WHERE id = 3;
UPDATE public.hor_orders SET ship = current_date + 31 WHERE id = 3;
UPDATE public.hor_orders SET ship = NULL WHERE id = 3;
UPDATE public.hor_orders SET amount = 500, ship = current_date + 40 WHERE id = 2;
UPDATE public.hor_orders SET ship = current_date + 2, amount = 9500 WHERE id = 3;
SELECT * FROM public.hor_open(1);
-- An order that ships for another customer from now on, and rows of one statement that make room for each other.
SELECT set_credit_limit(2, 5000);
INSERT INTO public.hor_orders VALUES (6, 2, 5000, NULL, current_date);
UPDATE public.hor_orders SET customer = 2, ship = current_date + 100 WHERE id = 5;
UPDATE public.hor_orders SET ship = CASE id WHEN 6 THEN current_date + 50 ELSE current_date END WHERE id IN (5, 6);
SELECT * FROM public.hor_open(2);
DELETE FROM public.hor_orders WHERE customer = 2;
SELECT * FROM order_schedule WHERE customer_id = 2;

-- Groups have no horizon.
SELECT set_parent(4, 3), set_credit_limit(3, 1000, p_kind => 'group'), set_credit_limit(4, 5000);
DELETE FROM check_rule WHERE kind = 'limit_use';
INSERT INTO public.hor_orders VALUES (10, 4, 900, NULL, current_date + 90);
INSERT INTO public.hor_orders VALUES (11, 4, 101, NULL, current_date + 90);

-- Other currencies at the rate of the day.
INSERT INTO check_rule (rule_no, kind, threshold) VALUES (30, 'limit_use', 100);
SELECT set_credit_limit(5, 1000);
\set VERBOSITY sqlstate
INSERT INTO public.hor_orders VALUES (20, 5, 500, 'EUR', NULL);
\set VERBOSITY terse
SELECT set_fx_rate('EUR', 1.25, current_date - 9), set_fx_rate('JPY', 0.01, current_date);
INSERT INTO public.hor_orders VALUES (20, 5, 500, 'EUR', NULL);
INSERT INTO public.hor_orders VALUES (21, 5, 37501, 'JPY', NULL);
INSERT INTO public.hor_orders VALUES (21, 5, 37500, 'JPY', current_date + 3);
SELECT amount, currency, ordered, outcome FROM decision WHERE customer_id = 5 ORDER BY decision_id;
SELECT * FROM public.hor_open(5);
SELECT outcome, exposure, available, shortfall FROM check_credit(5, 100, 'EUR');
-- Dearer euros: the account is over its limit, and only less is possible.
SELECT set_fx_rate('EUR', 1.30, current_date);
UPDATE public.hor_orders SET amount = 501 WHERE id = 20;
UPDATE public.hor_orders SET amount = 499 WHERE id = 20;
UPDATE public.hor_orders SET currency = 'JPY' WHERE id = 20;
SELECT * FROM public.hor_open(5);
\set VERBOSITY sqlstate
INSERT INTO public.hor_orders VALUES (22, 5, 1, 'GBP', NULL);
SELECT check_credit(5, 1, 'GBP');
\set VERBOSITY terse
INSERT INTO public.hor_orders VALUES (22, 5, 1, 'eur', NULL);
INSERT INTO public.hor_orders VALUES (22, 5, 1.5, 'JPY', NULL);
SELECT check_credit(5, 1, 'XYZ');
SELECT merge_customers(5, 6, 'same company');
SELECT * FROM verify_ledger();

-- A deposit in the order's currency covers it.
SELECT set_credit_limit(6, 0);
SELECT post_deposit(6, 'prepaid', current_date, 80, '30', 'EUR');
INSERT INTO public.hor_orders VALUES (30, 6, 81, 'EUR', NULL);
INSERT INTO public.hor_orders VALUES (30, 6, 80, 'EUR', NULL);

-- Mode hold, also for what comes to ship earlier.
CREATE TABLE public.hor_held (id integer PRIMARY KEY, customer integer, amount numeric, ship date, status text DEFAULT 'open');
SELECT watch_orders('public.hor_held', 'customer', 'amount', 'id', mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'held', ship_date => 'ship');
DELETE FROM check_rule WHERE kind = 'limit_use';
SELECT set_credit_limit(2, 100);
INSERT INTO public.hor_held VALUES (1, 2, 70, current_date), (2, 2, 60, current_date + 31), (3, 2, 31, current_date + 30);
UPDATE public.hor_held SET ship = current_date + 30 WHERE id = 2;
SELECT id, amount, ship - current_date AS ships_in, status FROM public.hor_held ORDER BY id;
SELECT * FROM public.hor_open(2);
UPDATE public.hor_held SET status = 'open', ship = current_date + 31 WHERE id = 2;
SELECT * FROM public.hor_open(2);

-- What the policy counts.
SELECT add_customer('Customer 7', 7), set_credit_limit(7, 1000), set_risk_class(7, 'B'), set_fx_rate('GBP', 2, current_date);
SELECT post_invoice(7, 'i', current_date, 300, current_date), post_debit_note(7, 'd', current_date, 50, current_date, 'GBP'),
	post_payment(7, 'p', current_date, 200), post_payment(7, 'u', current_date, 40, p_clears_on => current_date + 5) IS NOT NULL;
SELECT exposure FROM check_credit(7, 0);
INSERT INTO exposure_policy (risk_class, counts_unapplied) VALUES (NULL, false);
SELECT exposure FROM check_credit(7, 0);
INSERT INTO exposure_policy (risk_class, counts_uncleared, left_out) VALUES ('B', false, '{debit_note}');
SELECT exposure FROM check_credit(7, 0);
UPDATE exposure_policy SET counts_unapplied = false, counts_uncleared = true WHERE risk_class = 'B';
SELECT exposure FROM check_credit(7, 0);
INSERT INTO public.hor_orders VALUES (40, 7, 661, NULL, NULL);
INSERT INTO public.hor_orders VALUES (40, 7, 660, NULL, NULL);
SELECT receivable, unapplied, uncleared, ordered, amount FROM decision WHERE customer_id = 7;
-- The other members of a group are counted in the same way.
SELECT set_credit_limit(3, 2000, p_kind => 'group') IS NOT NULL, set_parent(7, 3);
SELECT group_id, limit_amount, others FROM group_limits(4, current_date);
DELETE FROM exposure_policy WHERE risk_class = 'B';
SELECT group_id, limit_amount, others FROM group_limits(4, current_date);
INSERT INTO exposure_policy (risk_class) VALUES (NULL);
INSERT INTO exposure_policy (risk_class, left_out) VALUES ('C', '{payment}');

-- Bad rules and tables.
INSERT INTO check_rule (rule_no, kind, threshold) VALUES (36, 'horizon_use', 100);
INSERT INTO check_rule (rule_no, kind, threshold, horizon_days) VALUES (36, 'horizon_use', 100, -1);
INSERT INTO check_rule (rule_no, kind, threshold, horizon_days) VALUES (36, 'limit_use', 100, 30);
CREATE TABLE public.hor_bad (id integer, customer integer, amount numeric, ship timestamp);
SELECT watch_orders('public.hor_bad', 'customer', 'amount', 'id', ship_date => 'ship');
SELECT watch_orders('public.hor_bad', 'customer', 'amount', 'id', ship_date => 'shipping');

-- The schedule is recomputed from the orders, goes with them, and comes back.
UPDATE order_schedule SET amount = amount + 1 WHERE customer_id = 2;
DELETE FROM order_schedule WHERE customer_id = 1;
SELECT problem, customer_id, split_part(object, ' that', 1) AS object, kept, recomputed FROM verify_ledger() ORDER BY 2, 5;
SELECT rebuild_ledger();
SELECT * FROM verify_ledger();
SELECT unwatch_orders('public.hor_orders');
SELECT DISTINCT customer_id FROM order_schedule;
SELECT watch_orders('public.hor_orders', 'customer', 'amount', 'id', currency => 'currency', ship_date => 'ship');
SELECT * FROM verify_ledger();
SELECT * FROM public.hor_open(5);
DROP TABLE public.hor_orders, public.hor_held, public.hor_bad;
