-- order_deposit.sql: customers who pay in advance.  Each deposit covers its own order, however many are open at once.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'Etc/UTC';
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('dep', 'USD', time_zone => 'Etc/UTC');
SET search_path = dep, public;
SELECT add_customer('Customer ' || g, g) FROM generate_series(1, 6) g;
SELECT set_credit_limit(g, 0) FROM generate_series(1, 6) g;
SELECT set_fx_rate('EUR', 2, '2020-01-01');
CREATE TABLE public.dep_orders (id bigint PRIMARY KEY, customer integer, amount numeric, currency text, ship date, status text DEFAULT 'open');
SELECT watch_orders('public.dep_orders', 'customer', 'amount', 'id', currency => 'currency', ship_date => 'ship', open_when => $$status = 'open'$$);
CREATE FUNCTION public.dep_decisions(p_customer bigint) RETURNS TABLE (order_id text, outcome text, amount numeric, ordered numeric, deposit numeric) LANGUAGE sql AS $$
	SELECT d.order_id, d.outcome, d.amount, d.ordered, d.deposit FROM dep.decision d WHERE d.customer_id = p_customer ORDER BY d.decision_id
$$;

-- No credit at all, two orders paid in advance: both go through, a third does not.
SELECT post_deposit(1, 'D1', current_date, 100, p_order_id => '1'), post_deposit(1, 'D2', current_date, 200, p_order_id => '2');
INSERT INTO public.dep_orders VALUES (1, 1, 100);
INSERT INTO public.dep_orders VALUES (2, 1, 200);
INSERT INTO public.dep_orders VALUES (3, 1, 1);
SELECT * FROM public.dep_decisions(1);
SELECT ordered FROM exposure WHERE customer_id = 1;
SELECT outcome, exposure, available, shortfall FROM check_credit(1, 1);
-- An order grows as far as its deposits reach, and a cent further it does not.
UPDATE public.dep_orders SET amount = 150 WHERE id = 1;
SELECT post_deposit(1, 'D1b', current_date, 50, p_order_id => '1');
UPDATE public.dep_orders SET amount = 150 WHERE id = 1;
UPDATE public.dep_orders SET amount = 150.01 WHERE id = 1;
-- Several in one statement; one that shrinks, or is closed, leaves nothing for others.
SELECT post_deposit(1, 'D4', current_date, 40, p_order_id => '4'), post_deposit(1, 'D5', current_date, 50, p_order_id => '5');
INSERT INTO public.dep_orders VALUES (4, 1, 40), (5, 1, 50);
UPDATE public.dep_orders SET amount = amount + CASE id WHEN 4 THEN -10 ELSE 10 END WHERE id IN (4, 5);
INSERT INTO public.dep_orders VALUES (6, 1, 1), (7, 1, 1);
UPDATE public.dep_orders SET status = 'closed' WHERE id = 1;
INSERT INTO public.dep_orders VALUES (6, 1, 1);
-- A deposit made after its order was let in on credit covers it from then on; one that is gone covers nothing.
SELECT set_credit_limit(2, 100, p_valid_from => current_date, p_reason => 'some credit');
INSERT INTO public.dep_orders VALUES (20, 2, 100);
INSERT INTO public.dep_orders VALUES (21, 2, 60);
SELECT post_deposit(2, 'D20', current_date, 60, p_order_id => '20') AS id \gset
INSERT INTO public.dep_orders VALUES (21, 2, 60);
SELECT refund(2, :id);
SELECT scope, reason FROM hold WHERE customer_id = 2;
-- Money that has not cleared covers nothing until it has.
SELECT post_deposit(3, 'D30', current_date, 100, p_order_id => '30'), post_deposit(3, 'D31', current_date, 100, p_order_id => '31', p_clears_on => current_date + 5) AS id \gset
INSERT INTO public.dep_orders VALUES (30, 3, 100);
INSERT INTO public.dep_orders VALUES (31, 3, 100);
SELECT confirm_clearing(3, :id);
INSERT INTO public.dep_orders VALUES (31, 3, 100);
-- Other currencies are worth the rate of the day, of order and of deposit; ids of another type than the table's find nothing.
SELECT post_deposit(4, 'D40', current_date, 100, p_order_id => '40', p_currency => 'EUR'), post_deposit(4, 'D41', current_date, 100, p_order_id => '41'),
	post_deposit(4, 'D42', current_date, 100, p_order_id => 'forty-two'), post_deposit(4, 'D43', current_date, 100, p_order_id => '0040');
INSERT INTO public.dep_orders VALUES (40, 4, 200);
INSERT INTO public.dep_orders VALUES (41, 4, 50, 'EUR');
INSERT INTO public.dep_orders VALUES (43, 4, 0.01);
SELECT * FROM public.dep_decisions(4);
-- An order to ship after the horizon does not count in it, so its deposit does not either.
INSERT INTO check_rule (rule_no, kind, threshold, horizon_days) VALUES (35, 'horizon_use', 100, 30);
UPDATE check_rule SET action = 'warn' WHERE kind = 'limit_use';
SELECT post_deposit(5, 'D50', current_date, 100, p_order_id => '50'), post_deposit(5, 'D51', current_date, 100, p_order_id => '51');
INSERT INTO public.dep_orders VALUES (50, 5, 100, 'USD', current_date + 40);
INSERT INTO public.dep_orders VALUES (52, 5, 0.01, 'USD', current_date);
INSERT INTO public.dep_orders VALUES (51, 5, 100, 'USD', current_date);
UPDATE public.dep_orders SET ship = current_date WHERE id = 50;
INSERT INTO public.dep_orders VALUES (52, 5, 0.01, 'USD', current_date);
DELETE FROM check_rule WHERE kind = 'horizon_use';
UPDATE check_rule SET action = 'hold' WHERE kind = 'limit_use';

-- Mode hold, orders with ids of text in partitions: what is paid in advance is let in, what is not is kept on hold.
CREATE TABLE public.dep_held (id text, customer bigint, amount numeric, status text, region text) PARTITION BY LIST (region);
CREATE TABLE public.dep_held_a (region text, id text, amount numeric, gone int, status text, customer bigint);
ALTER TABLE public.dep_held_a DROP gone;
ALTER TABLE public.dep_held ATTACH PARTITION public.dep_held_a FOR VALUES IN ('a');
CREATE TABLE public.dep_held_b PARTITION OF public.dep_held DEFAULT;
SELECT watch_orders('public.dep_held', 'customer', 'amount', 'id', mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'held');
SELECT post_deposit(6, 'DA', current_date, 40, p_order_id => 'A'), post_deposit(6, 'DB', current_date, 50, p_order_id => 'B');
INSERT INTO public.dep_held VALUES ('A', 6, 40, NULL, 'a'), ('B', 6, 50, NULL, 'b'), ('C', 6, 1, NULL, 'a') RETURNING id, status;
UPDATE public.dep_held SET status = 'open' WHERE id = 'C';
UPDATE public.dep_held SET region = 'z' WHERE id = 'A' RETURNING id, status;
UPDATE public.dep_held SET amount = amount + 1 RETURNING id, status;
-- A deposit for the order on hold, and for what it grew by, lets it in.
SELECT post_deposit(6, 'DC', current_date, 2, p_order_id => 'C'), post_deposit(6, 'DA1', current_date, 1, p_order_id => 'A'), post_deposit(6, 'DB1', current_date, 1, p_order_id => 'B');
CALL reevaluate_holds();
SELECT id, amount, status FROM public.dep_held ORDER BY id;
-- A table that lost its triggers has no say any more.
DROP TRIGGER credit_control_gather ON public.dep_held;
SELECT outcome, exposure FROM check_credit(6, 0);
SELECT unwatch_orders('public.dep_held');
SELECT outcome, exposure FROM check_credit(6, 0);
SELECT * FROM verify_ledger();
-- A table of a type of id that is not compared by an index.
CREATE DOMAIN public.dep_id AS text;
CREATE TABLE public.dep_domain (id public.dep_id PRIMARY KEY, customer bigint, amount numeric);
SELECT watch_orders('public.dep_domain', 'customer', 'amount', 'id');
INSERT INTO public.dep_domain VALUES ('A', 6, 41), ('B', 6, 51);
INSERT INTO public.dep_domain VALUES ('C', 6, 2);
INSERT INTO public.dep_domain VALUES ('E', 6, 2);
SELECT * FROM verify_ledger();
-- And one of uuid, which other ids are not.
SELECT add_customer('Customer 7', 7), set_credit_limit(7, 0);
CREATE TABLE public.dep_uuid (id uuid PRIMARY KEY, customer bigint, amount numeric);
SELECT watch_orders('public.dep_uuid', 'customer', 'amount', 'id');
SELECT post_deposit(7, 'D' || g, current_date, 10 * g, p_order_id => format('00000000-0000-0000-0000-%s', lpad(g::text, 12, '0'))) FROM generate_series(1, 2) g;
SELECT post_deposit(7, 'other', current_date, 10, p_order_id => 'not-a-uuid');
INSERT INTO public.dep_uuid VALUES ('00000000-0000-0000-0000-000000000001', 7, 10);
INSERT INTO public.dep_uuid VALUES ('00000000-0000-0000-0000-000000000002', 7, 20);
INSERT INTO public.dep_uuid VALUES ('00000000-0000-0000-0000-000000000003', 7, 10);
DROP TABLE public.dep_uuid, public.dep_orders, public.dep_held, public.dep_domain CASCADE;
DROP DOMAIN public.dep_id;
DROP FUNCTION public.dep_decisions;
