-- reevaluating.sql: looking again at many customers in batches comes to what looking at each alone does.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
-- The same twice
CREATE PROCEDURE public.ree_build(ledger text) LANGUAGE plpgsql AS $p$
BEGIN
	PERFORM credit.create_ledger(ledger, 'USD', time_zone => 'Etc/UTC');
	EXECUTE format('CREATE SCHEMA %I', ledger || '_shop');
	PERFORM set_config('search_path', format('%I, %I, public', ledger || '_shop', ledger), false);
	CREATE TABLE booking (id integer PRIMARY KEY, customer_id bigint, total numeric, status text, currency text DEFAULT 'USD');
	CREATE TABLE web_booking (code varchar(9) UNIQUE, buyer integer, worth numeric, state text);
	PERFORM add_customer('Customer ' || g, g) FROM generate_series(1, 200) g;
	PERFORM set_credit_limit(g, 10) FROM generate_series(1, 200) g;
	PERFORM set_parent(g, 200), set_credit_limit(200, 1000000, p_kind => 'group') FROM generate_series(190, 199) g;
	PERFORM watch_orders((ledger || '_shop.booking')::regclass, 'customer_id', 'total', 'id', currency => 'currency',
		mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'held');
	PERFORM watch_orders((ledger || '_shop.web_booking')::regclass, 'buyer', 'worth', 'code', mode => 'hold', status_column => 'state', open_value => 'open', hold_value => 'held');
	-- Some orders of each customer in both tables, by turns; the application keeps a log in a BEFORE trigger.
	FOR n IN 1 .. 1000 LOOP
		IF n % 3 = 0 THEN
			INSERT INTO web_booking VALUES ('W' || n, 1 + n * 7919 % 199, 20 + n % 100, 'open');
		ELSE
			INSERT INTO booking VALUES (n, 1 + n * 7919 % 199, 20 + n % 100, 'open');
		END IF;
	END LOOP;
	CREATE TABLE log (id integer);
	CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
	BEGIN
		IF NEW.id = 605 THEN
			RAISE EXCEPTION 'not on a tuesday';
		END IF;
		INSERT INTO log VALUES (NEW.id);
		RETURN NEW;
	END $$;
	CREATE TRIGGER a_log BEFORE UPDATE ON booking FOR EACH ROW EXECUTE FUNCTION log();
	-- Since then: limits of many sizes, cancelled and moved orders, holds, releases by a person, deposits.
	PERFORM set_credit_limit(g, g * 37 % 300) FROM generate_series(1, 200) g WHERE g % 5 <> 0;
	DELETE FROM booking WHERE id % 31 = 0;
	UPDATE booking SET customer_id = customer_id % 200 + 1 WHERE id % 37 = 0;
	PERFORM place_hold(g, 'why not', pick.code, pick.scope, pick.expires, p_automatic => g % 2 = 0)
	FROM generate_series(7, 200, 7) g, LATERAL (SELECT (ARRAY['credit_limit', 'overdue', 'other'])[1 + g % 3] AS code, (ARRAY['all', 'shipments'])[1 + g % 2] AS scope,
		CASE WHEN g % 4 = 0 THEN ledger_today() END AS expires) pick;
	ALTER TABLE hold DISABLE TRIGGER ALL;
	UPDATE hold SET expires_on = expires_on - 1;
	ALTER TABLE hold ENABLE TRIGGER ALL;
	PERFORM release_order(o.customer_id, o.source, o.order_id, o.amount, 'let it pass') FROM held_orders() o WHERE o.customer_id % 11 = 0;
	PERFORM post_deposit(o.customer_id, 'D' || o.decision_id, ledger_today(), o.amount, o.order_id) FROM held_orders() o WHERE o.customer_id % 13 = 0;
END $p$;
CREATE FUNCTION public.ree_state(OUT orders text, OUT holds text, OUT logged text, OUT figures text) LANGUAGE plpgsql AS $$
BEGIN
	orders := (SELECT string_agg(o, ', ' ORDER BY o) FROM (SELECT concat_ws(' ', id, customer_id, status) AS o FROM booking UNION ALL SELECT concat_ws(' ', code, state) FROM web_booking) x);
	holds := (SELECT string_agg(concat_ws(' ', customer_id, hold_id, reason), ', ' ORDER BY hold_id) FROM hold_release);
	logged := (SELECT string_agg(concat_ws(' ', id, n), ', ' ORDER BY id) FROM (SELECT id, count(*) AS n FROM log GROUP BY id) x);
	figures := (SELECT string_agg(concat_ws(' ', customer_id, ordered, open_holds), ', ' ORDER BY customer_id) FROM exposure);
END $$;
CALL public.ree_build('ree');
CALL reevaluate_holds();
CREATE TABLE public.ree_batches AS SELECT * FROM public.ree_state();
SELECT customers_to_reevaluate() AS of_the_order_that_failed;
-- Nothing was logged of an order that stayed on hold.
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE b.status = 'held') AS still_held, count(*) - count(DISTINCT l.id) AS twice FROM log l JOIN booking b USING (id)
WHERE l.id % 37 <> 0;
SELECT count(*) FILTER (WHERE status = 'held') > 60 AS many_held, count(*) FILTER (WHERE status = 'open') > 60 AS many_open FROM booking;
SELECT * FROM verify_ledger();
CALL public.ree_build('ree1');
SELECT sum(r.released_holds) AS released_holds, sum(r.released_orders) AS released_orders FROM unnest(customers_to_reevaluate(true)) c, reevaluate_customer(c) r;
SELECT b.orders = a.orders AS same_orders, b.holds = a.holds AS same_holds, b.logged = a.logged AS same_log, b.figures = a.figures AS same_figures
FROM public.ree_batches b, public.ree_state() a;

-- What one's own UPDATE of orders on hold does with the setting: those that do not pass are left as they are.
RESET search_path;
SELECT count(ree.set_credit_limit(g, 10000)) FROM generate_series(1, 189, 10) g;
\set VERBOSITY sqlstate
UPDATE ree_shop.booking SET status = 'open' WHERE status = 'held' AND id < 500;
\set VERBOSITY terse
SET credit_control.skip_refused = on;
WITH opened AS (UPDATE ree_shop.booking SET status = 'open' WHERE status = 'held' AND id < 500 RETURNING id) SELECT count(*) FROM opened;
RESET credit_control.skip_refused;
SELECT * FROM ree.verify_ledger();
DROP SCHEMA ree, ree_shop CASCADE;
DROP SCHEMA ree1, ree1_shop CASCADE;
DROP TABLE public.ree_batches;
DROP PROCEDURE public.ree_build;
DROP FUNCTION public.ree_state;
