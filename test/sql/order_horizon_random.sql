-- order_horizon_random.sql: random orders with ship dates and currencies; each is let in or refused as plain sums over all
-- orders say, and the kept schedule is what the orders add up to.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'Etc/UTC';
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('hrr', 'USD', time_zone => 'Etc/UTC');
SET search_path = hrr, public;
SELECT add_customer('Customer ' || g, g), set_credit_limit(g, 1000) FROM generate_series(1, 3) g;
SELECT set_fx_rate('EUR', 1.25, current_date);
UPDATE check_rule SET threshold = 150 WHERE kind = 'limit_use';
INSERT INTO check_rule (rule_no, kind, threshold, horizon_days) VALUES (35, 'horizon_use', 100, 20), (36, 'horizon_use', 80, 5);
CREATE TABLE public.hrr_orders (id integer PRIMARY KEY, customer integer, amount numeric, currency text, ship date);
SELECT watch_orders('public.hrr_orders', 'customer', 'amount', 'id', currency => 'currency', ship_date => 'ship');
CREATE TABLE public.hrr_wanted (LIKE public.hrr_orders);

-- What the orders of a customer that ship within so many days come to (NULL: all).
CREATE FUNCTION public.hrr_sum(p_customer integer, p_days integer) RETURNS numeric LANGUAGE sql AS $$
	SELECT COALESCE(sum(w.amount * CASE w.currency WHEN 'EUR' THEN 1.25 ELSE 1 END), 0) FROM public.hrr_wanted w
	WHERE w.customer = p_customer AND (p_days IS NULL OR w.ship IS NULL OR w.ship <= current_date + p_days)
$$;

CREATE FUNCTION public.hrr_run(p_steps integer) RETURNS TABLE (what text, happened boolean) LANGUAGE plpgsql AS $$
DECLARE
	old public.hrr_orders;
	new public.hrr_orders;
	value_before numeric;
	value_after numeric;
	allowed boolean;
	done boolean;
	kinds text[] := '{}';
	kind text;
	credit_limit numeric := 1000;
BEGIN
	FOR step IN 1 .. p_steps LOOP
		SELECT * INTO old FROM public.hrr_orders ORDER BY random() LIMIT 1;
		new := ROW(COALESCE(old.id, 0), 1 + floor(random() * 3), round((random() * 100)::numeric) * 4, CASE WHEN random() < 0.3 THEN 'EUR' END,
			CASE WHEN random() < 0.7 THEN current_date + floor(random() * 30)::integer END);
		kind := (ARRAY['insert', 'update', 'ship', 'ship', 'amount', 'delete', 'limit'])[1 + floor(random() * 7)];
		IF old.id IS NULL OR kind = 'insert' THEN
			kind := 'insert';
			new.id := step;
			old := NULL;
		ELSIF kind = 'limit' THEN
			credit_limit := 800 + 10 * floor(random() * 40);
			PERFORM hrr.set_credit_limit(c, credit_limit) FROM generate_series(1, 3) c;
			CONTINUE;
		ELSIF kind = 'amount' THEN
			new := ROW(old.id, old.customer, new.amount, old.currency, old.ship);
		ELSIF kind = 'ship' THEN
			new := ROW(old.id, old.customer, old.amount, old.currency, new.ship);
		ELSIF random() < 0.7 THEN
			new.customer := old.customer;
			new.currency := old.currency;
		END IF;

		DELETE FROM public.hrr_wanted w WHERE w.id = old.id;
		IF kind <> 'delete' THEN
			INSERT INTO public.hrr_wanted SELECT new.*;
		END IF;
		value_after := new.amount;
		value_before := CASE WHEN old.customer = new.customer AND old.currency IS NOT DISTINCT FROM new.currency THEN old.amount END;
		allowed := CASE
			WHEN kind = 'delete' THEN true
			WHEN value_before IS NULL OR value_after > value_before THEN public.hrr_sum(new.customer, NULL) <= credit_limit * 1.5
				AND public.hrr_sum(new.customer, 20) <= credit_limit AND public.hrr_sum(new.customer, 5) <= credit_limit * 0.8
			-- It only ships earlier, into a horizon it was not in.
			ELSE new.amount = 0 OR (public.hrr_sum(new.customer, 20) <= credit_limit OR COALESCE(new.ship > current_date + 20, false) OR NOT COALESCE(old.ship > current_date + 20, false))
				AND (public.hrr_sum(new.customer, 5) <= credit_limit * 0.8 OR COALESCE(new.ship > current_date + 5, false) OR NOT COALESCE(old.ship > current_date + 5, false))
			END;
		BEGIN
			CASE kind
				WHEN 'insert' THEN INSERT INTO public.hrr_orders SELECT new.*;
				WHEN 'delete' THEN DELETE FROM public.hrr_orders o WHERE o.id = old.id;
				ELSE UPDATE public.hrr_orders o SET customer = new.customer, amount = new.amount, currency = new.currency, ship = new.ship WHERE o.id = old.id;
			END CASE;
			done := true;
		EXCEPTION WHEN SQLSTATE 'RC002' THEN
			done := false;
			DELETE FROM public.hrr_wanted w WHERE w.id = new.id;
			IF old.id IS NOT NULL THEN
				INSERT INTO public.hrr_wanted SELECT old.*;
			END IF;
		END;
		IF done <> allowed THEN
			RAISE EXCEPTION 'step %: % of % to % was %', step, kind, old, new, CASE WHEN done THEN 'let in' ELSE 'refused' END;
		END IF;
		kinds := kinds || format('%s %s', kind, CASE WHEN done THEN 'let in' ELSE 'refused' END);
	END LOOP;
	RETURN QUERY SELECT k, true FROM (SELECT DISTINCT unnest(kinds)) d (k) ORDER BY 1;
END $$;

SELECT setseed(0.4711);
SELECT * FROM public.hrr_run(2000);
SELECT * FROM verify_ledger();
-- An account of its own of what is kept.
SELECT count(*) FROM order_schedule s FULL JOIN (SELECT o.customer AS customer_id, COALESCE(o.currency, 'USD') AS currency, o.ship AS ship_date, sum(o.amount) AS amount
	FROM public.hrr_orders o WHERE o.ship IS NOT NULL GROUP BY 1, 2, 3 HAVING sum(o.amount) <> 0) o USING (customer_id, currency, ship_date)
WHERE s.amount IS DISTINCT FROM o.amount;
-- All at once, in every order of rows, and gone.
BEGIN;
UPDATE public.hrr_orders SET ship = ship + 31, amount = amount / 2;
SELECT * FROM verify_ledger();
UPDATE public.hrr_orders SET customer = 1 + customer % 3, currency = CASE WHEN currency IS NULL THEN 'EUR' END, amount = 1;
SELECT * FROM verify_ledger();
ROLLBACK;
DELETE FROM public.hrr_orders;
SELECT count(*) FROM order_schedule;
SELECT * FROM verify_ledger();
DROP TABLE public.hrr_orders, public.hrr_wanted;
