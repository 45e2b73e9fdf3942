-- explaining.sql: why an order is on hold and what would release it; each exact figure is tried, and a cent less.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET TIME ZONE 'Etc/UTC';
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('exl', 'USD', time_zone => 'Etc/UTC');
CREATE SCHEMA exl_shop;
SET search_path = exl, public;
CREATE TABLE exl_shop.booking (code text PRIMARY KEY, buyer bigint, value numeric, state text DEFAULT 'open');
SELECT watch_orders('exl_shop.booking', 'buyer', 'value', 'code', $$state IN ('open')$$, mode => 'hold',
	status_column => 'state', open_value => 'open', hold_value => 'on hold');
SELECT count(add_customer('Customer ' || g, g)) FROM generate_series(1, 30) g;
SELECT set_fx_rate('EUR', 1.25, '2000-01-01');
-- Days of the test stand in for dates.
CREATE FUNCTION public.exl_text(p text) RETURNS text LANGUAGE sql AS
	$$ SELECT replace(replace(p, to_char(current_date, 'YYYY-MM-DD'), 'TODAY'), to_char(current_date + 11, 'YYYY-MM-DD'), 'TODAY + 11') $$;
CREATE FUNCTION public.exl_says(p_customer bigint, p_order text DEFAULT NULL)
RETURNS TABLE (step integer, subject text, kind text, finding text, figure numeric, threshold numeric, remedy text, amount numeric, currency text) LANGUAGE sql AS $$
	SELECT step_no, subject, kind, public.exl_text(finding), figure, threshold, public.exl_text(remedy), remedy_amount, currency FROM exl.explain_credit(p_customer, p_order) $$;
-- What a check would say if something were done, which is then undone.
CREATE FUNCTION public.exl_if(p_do text, p_customer bigint, p_amount numeric) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE p_do;
	SELECT outcome INTO result FROM exl.check_credit(p_customer, p_amount);
	RAISE EXCEPTION USING ERRCODE = 'RX001', MESSAGE = result;
EXCEPTION WHEN SQLSTATE 'RX001' THEN
	RETURN SQLERRM;
END $$;
-- A payment applied to the oldest items first, as the remedy says.
CREATE FUNCTION public.exl_pay(p_customer bigint, p_amount numeric, p_currency text DEFAULT 'USD') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM exl.post_payment(p_customer, 'paid ' || p_currency, current_date, p_amount, p_currency);
	PERFORM exl.apply_payment(p_customer, d.document_id) FROM exl.document d JOIN exl.item i USING (customer_id, document_id)
	WHERE d.customer_id = p_customer AND i.open_amount < 0 ORDER BY d.document_id;
END $$;

-- Nothing holds it.  What passes is exact.
SELECT set_credit_limit(1, 1000) > 0 AS set;
SELECT post_invoice(1, 'A-1', current_date - 10, 250.50, current_date + 20) > 0 AS posted;
SELECT * FROM public.exl_says(1);
SELECT outcome FROM check_credit(1, 749.50) UNION ALL SELECT outcome FROM check_credit(1, 749.51);

-- The limit: what to pay, and what limit would do
INSERT INTO exl_shop.booking VALUES ('B-1', 1, 1000) RETURNING state;
SELECT * FROM public.exl_says(1, 'B-1');
SELECT public.exl_if(format('SELECT public.exl_pay(1, %s)', a), 1, 1000) FROM unnest(ARRAY[250.49, 250.50]) a;
SELECT public.exl_if(format('SELECT exl.set_credit_limit(1, %s)', a), 1, 1000) FROM unnest(ARRAY[1250.49, 1250.50]) a;
-- A third of a limit, or nearly: rounded so that it is enough.
INSERT INTO check_rule (rule_no, kind, threshold, customer_id) VALUES (31, 'limit_use', 33.33, 2);
SELECT set_credit_limit(2, 100.01) > 0 AS set;
SELECT post_invoice(2, 'A-' || n, current_date - 40 + n, 10 * n, current_date - 10 + n) > 0 AS posted FROM generate_series(1, 7) n;
SELECT * FROM public.exl_says(2);
SELECT public.exl_if(format('SELECT public.exl_pay(2, %s)', a), 2, 0) FROM unnest(ARRAY[246.66, 246.67]) a;
SELECT public.exl_if(format('SELECT exl.set_credit_limit(2, %s)', a), 2, 0) FROM unnest(ARRAY[840.08, 840.09]) a;
-- Headroom under it
SELECT set_credit_limit(2, 1000) > 0 AS set;
SELECT * FROM public.exl_says(2);
SELECT outcome FROM check_credit(2, 53.30) UNION ALL SELECT outcome FROM check_credit(2, 53.31);

-- No limit, or one that ended
SELECT post_invoice(3, 'A-1', current_date, 40, current_date + 30) > 0 AS posted;
INSERT INTO exl_shop.booking VALUES ('B-3', 3, 60) RETURNING state;
SELECT * FROM public.exl_says(3, 'B-3');
SELECT public.exl_if(format('SELECT exl.set_credit_limit(3, %s)', a), 3, 60) FROM unnest(ARRAY[99.99, 100]) a;
INSERT INTO check_rule (rule_no, kind, customer_id) VALUES (22, 'limit_expired', 4);
SELECT set_credit_limit(4, 100, current_date - 30, current_date - 5) > 0 AS set;
SELECT * FROM public.exl_says(4);

-- Items past due: too old, too many, in more than one currency, with credit that was never applied
INSERT INTO check_rule (rule_no, kind, threshold, customer_id) VALUES (40, 'oldest_overdue', 30, 5);
SELECT set_credit_limit(5, 10000) > 0 AS set;
SELECT post_invoice(5, 'A-1', current_date - 90, 100, current_date - 60), post_invoice(5, 'A-2', current_date - 70, 200, current_date - 31),
	post_invoice(5, 'A-3', current_date - 70, 400, current_date - 30), post_invoice(5, 'E-1', current_date - 90, 50, current_date - 50, 'EUR') \g /dev/null
SELECT post_payment(5, 'P-1', current_date - 20, 30) > 0 AS paid;
SELECT * FROM public.exl_says(5);
SELECT public.exl_if(format('SELECT public.exl_pay(5, %s), public.exl_pay(5, 50, ''EUR'')', a), 5, 0) FROM unnest(ARRAY[269.99, 270]) a;
INSERT INTO check_rule (rule_no, kind, threshold, grace_days, net_of_unapplied, customer_id) VALUES (41, 'overdue_amount', 99.5, 10, true, 6), (42, 'overdue_amount', 99.5, 10, false, 7);
SELECT set_credit_limit(c, 10000) > 0 AS set FROM unnest(ARRAY[6, 7]) c;
SELECT post_invoice(c, 'A-1', current_date - 90, 100, current_date - 60), post_invoice(c, 'A-2', current_date - 70, 200, current_date - 11),
	post_invoice(c, 'A-3', current_date - 70, 400, current_date - 10) FROM unnest(ARRAY[6, 7]) c \g /dev/null
SELECT post_payment(c, 'P-1', current_date - 20, 30) > 0 AS paid FROM unnest(ARRAY[6, 7]) c;
SELECT * FROM public.exl_says(6);
SELECT public.exl_if(format('SELECT public.exl_pay(6, %s)', a), 6, 0) FROM unnest(ARRAY[170.49, 170.50]) a;
SELECT * FROM public.exl_says(7);
SELECT public.exl_if(format('SELECT public.exl_pay(7, %s)', a), 7, 0) FROM unnest(ARRAY[170.49, 170.50]) a;
INSERT INTO check_rule (rule_no, kind, threshold, net_of_unapplied, customer_id) VALUES (43, 'overdue_percent', 12.5, true, 8), (44, 'overdue_percent', 12.5, false, 9);
SELECT set_credit_limit(c, 10000) > 0 AS set FROM unnest(ARRAY[8, 9]) c;
SELECT post_invoice(c, 'A-1', current_date - 90, 100, current_date - 60), post_invoice(c, 'A-2', current_date - 70, 200, current_date + 11) FROM unnest(ARRAY[8, 9]) c \g /dev/null
SELECT * FROM public.exl_says(8);
SELECT public.exl_if(format('SELECT public.exl_pay(8, %s)', a), 8, 0) FROM unnest(ARRAY[71.42, 71.43]) a;
-- Credit in hand: enough already, when it is applied
SELECT post_payment(9, 'P-1', current_date - 20, 90) > 0 AS paid;
SELECT * FROM public.exl_says(9);
SELECT outcome AS as_it_is, public.exl_if($$SELECT exl.allocate(9, c.item_id, d.item_id, 71.42) FROM exl.item c, exl.item d WHERE c.customer_id = 9 AND d.customer_id = 9
	AND c.open_amount < 0 AND d.due_date < current_date$$, 9, 0) AS less, public.exl_if($$SELECT exl.allocate(9, c.item_id, d.item_id, 71.43) FROM exl.item c, exl.item d
	WHERE c.customer_id = 9 AND d.customer_id = 9 AND c.open_amount < 0 AND d.due_date < current_date$$, 9, 0) AS enough FROM check_credit(9, 0);

-- Holds: by whom, why, and who may release them
SELECT set_credit_limit(10, 100) > 0 AS set;
SELECT place_hold(10, 'promised and did not pay') > 0, place_hold(10, 'on a list', 'sanctions') > 0,
	place_hold(10, 'dunned', 'overdue', p_automatic => true, p_expires_on => current_date + 11) > 0, place_hold(10, 'trucks wait', p_scope => 'shipments') > 0;
INSERT INTO exl_shop.booking VALUES ('B-10', 10, 60) RETURNING state;
SELECT step, subject, kind, regexp_replace(finding, 'by \w+ on', 'by SOMEBODY on') AS finding, figure, remedy FROM public.exl_says(10);
SELECT set_approval_policy('hold_release', true) \g /dev/null
SELECT step, remedy FROM public.exl_says(10) WHERE figure < 2;
SELECT set_approval_policy('hold_release', false) \g /dev/null

-- A group: whose limit, and how much.  What one pays beyond what it owes helps nobody else.
SELECT set_credit_limit(11, 1000, p_kind => 'group') > 0 AS set;
SELECT set_parent(12, 11), set_parent(13, 11);
SELECT set_credit_limit(c, 5000) > 0 AS set FROM unnest(ARRAY[12, 13]) c;
SELECT post_invoice(12, 'A-1', current_date, 700, current_date + 30), post_invoice(13, 'A-1', current_date, 200, current_date + 30) \g /dev/null
SELECT * FROM public.exl_says(13);
SELECT outcome FROM check_credit(13, 100) UNION ALL SELECT outcome FROM check_credit(13, 100.01);
INSERT INTO exl_shop.booking VALUES ('B-13', 13, 150) RETURNING state;
SELECT * FROM public.exl_says(13);
SELECT public.exl_if(format('SELECT public.exl_pay(%s, %s)', who, a), 13, 150) FROM unnest(ARRAY[12, 13]) who, unnest(ARRAY[49.99, 50]) a;
SELECT public.exl_if(format('SELECT exl.set_credit_limit(11, %s, p_kind => ''group'')', a), 13, 150) FROM unnest(ARRAY[1049.99, 1050]) a;
SELECT post_invoice(12, 'A-2', current_date, 1000, current_date + 30) > 0 AS posted;
SELECT * FROM public.exl_says(13);

-- Rules that no payment mends
SELECT set_credit_limit(g, 1000) > 0 AS set FROM generate_series(14, 18) g;
INSERT INTO check_rule (rule_no, kind, threshold, customer_id) VALUES (50, 'document_value', 50, 14), (51, 'dunning_level', 2, 14), (52, 'score', 500, 14),
	(53, 'payment_index', 75, 14), (54, 'review_overdue', 0, 14), (55, 'limit_expiring', 40, 14), (56, 'terms_changed', 10, 14), (57, 'dormant', 30, 14),
	(58, 'grade', 5, 14), (59, 'broken_promises', 0, 14);
INSERT INTO check_rule (rule_no, kind, threshold, customer_id) VALUES (61, 'returned_payment', 10, 15);
SELECT set_credit_limit(14, 900, current_date, current_date + 30, p_kind => 'own') > 0 AS set;
SELECT set_customer_status(14, 'legal'), set_terms(14, 'net 30'), set_review_due(14, current_date - 3);
SELECT set_risk_figure(14, 'dunning_level', 3), set_risk_figure(14, 'payment_index', 60.5), set_risk_figure(14, 'broken_promises', 2) \g /dev/null
SELECT post_invoice(14, 'A-1', current_date - 60, 10, current_date + 20) > 0 AS posted;
INSERT INTO exl_shop.booking VALUES ('B-14', 14, 60) RETURNING state;
SELECT * FROM public.exl_says(14);
SELECT return_payment(15, post_payment(15, 'P-1', current_date, 10), current_date) > 0 AS returned;
SELECT * FROM public.exl_says(15);

-- A deposit covers its own order, and no other.
SELECT post_deposit(16, 'D-1', current_date, 300, 'B-16') > 0 AS paid;
INSERT INTO exl_shop.booking VALUES ('B-16', 16, 1400) RETURNING state;
SELECT * FROM public.exl_says(16);
-- An order that grew is looked at as it is now in its table.
INSERT INTO exl_shop.booking VALUES ('B-17', 17, 900) RETURNING state;
UPDATE exl_shop.booking SET value = 1100 WHERE code = 'B-17' RETURNING state;
SELECT amount AS decided_on FROM held_orders(17);
SELECT * FROM public.exl_says(17);

-- What a person let pass is stopped by a hold only.
SELECT release_order(17, 'exl_shop.booking', 'B-17', 1100, 'the boss said so') > 0, place_hold(17, 'not today') > 0;
SELECT subject, kind, remedy FROM public.exl_says(17);
SELECT release_hold(17, h.hold_id, 'tomorrow') FROM hold h WHERE h.customer_id = 17;
SELECT kind, regexp_replace(regexp_replace(finding, ': \w+ rel', ': SOMEBODY rel'), '\d{4}-\d\d-\d\d', 'NEXT WEEK') AS finding, remedy FROM public.exl_says(17);
SELECT release_order(17, 'exl_shop.booking', 'B-17', 1099.99, 'less') > 0;
SELECT kind, finding FROM public.exl_says(17);

-- What passes now is said, and then done.
SELECT set_credit_limit(17, 1100) > 0 AS set;
SELECT * FROM public.exl_says(17);
CALL reevaluate_holds(17);
SELECT * FROM public.exl_says(17, 'B-17');
SELECT * FROM public.exl_says(17);
-- What its table holds no longer is not on hold.
INSERT INTO exl_shop.booking VALUES ('B-18', 18, 1100) RETURNING state;
DELETE FROM exl_shop.booking WHERE code = 'B-18';
SELECT * FROM public.exl_says(18, 'B-18');
SELECT * FROM public.exl_says(18);

-- What ships later does not count within the horizon; an order may be in any currency.
CREATE TABLE exl_shop.planned (code text PRIMARY KEY, buyer bigint, value numeric, money text, ships date, state text DEFAULT 'open');
SELECT watch_orders('exl_shop.planned', 'buyer', 'value', 'code', $$state IN ('open')$$, mode => 'hold',
	status_column => 'state', open_value => 'open', hold_value => 'on hold', currency => 'money', ship_date => 'ships');
INSERT INTO check_rule (rule_no, kind, threshold, horizon_days, customer_id) VALUES (32, 'horizon_use', 50, 10, 19);
SELECT set_credit_limit(g, 1000) > 0 AS set FROM generate_series(19, 20) g;
SELECT post_invoice(19, 'A-1', current_date, 300, current_date + 30) > 0 AS posted;
INSERT INTO exl_shop.planned VALUES ('C-1', 19, 400, NULL, current_date + 11) RETURNING state;
INSERT INTO exl_shop.planned VALUES ('C-2', 19, 100, 'EUR', current_date + 10) RETURNING state;
INSERT INTO exl_shop.planned VALUES ('C-3', 19, 100.10, 'EUR', current_date + 10) RETURNING state;
INSERT INTO exl_shop.planned VALUES ('C-4', 19, 200, NULL, current_date + 12) RETURNING state;
SELECT * FROM public.exl_says(19);
SELECT public.exl_if(format('SELECT public.exl_pay(19, %s)', a), 19, 125.13) FROM unnest(ARRAY[50.12, 50.13]) a;
SELECT public.exl_if(format('SELECT exl.set_credit_limit(19, %s)', a), 19, 125.13) FROM unnest(ARRAY[1100.25, 1100.26]) a;
-- Where credit counts only once it is applied, and some kinds of documents never
INSERT INTO exposure_policy (risk_class, counts_unapplied, left_out) VALUES ('public', false, '{fee}');
SELECT set_risk_class(20, 'public');
SELECT post_document('fee', 20, 'F-1', current_date - 40, 500, current_date - 30), post_invoice(20, 'A-1', current_date - 20, 700, current_date + 10),
	post_payment(20, 'P-1', current_date, 60) \g /dev/null
INSERT INTO exl_shop.booking VALUES ('B-20', 20, 400) RETURNING state;
SELECT * FROM public.exl_says(20);
SELECT public.exl_if(format($$SELECT exl.post_payment(20, 'P-2', current_date, %s); SELECT exl.allocate(20, c.item_id, d.item_id, -c.open_amount) FROM exl.item c, exl.item d
	WHERE c.customer_id = 20 AND c.open_amount < 0 AND d.customer_id = 20 AND d.amount = 700$$, a), 20, 400) FROM unnest(ARRAY[39.99, 40]) a;

SELECT * FROM explain_credit(1, 'nothing');
SELECT * FROM explain_credit(99);
SELECT * FROM explain_credit(NULL);
-- Without rules everything is held.
BEGIN;
DELETE FROM check_rule;
SELECT * FROM public.exl_says(18);
ROLLBACK;
DROP SCHEMA exl, exl_shop CASCADE;
DROP FUNCTION public.exl_says, public.exl_if, public.exl_pay, public.exl_text;
