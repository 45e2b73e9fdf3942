-- order_release.sql: a person lets one order pass in spite of the check rules.
\set VERBOSITY terse
SET client_min_messages = warning;
-- The ledger's day is the session's.
SET timezone = 'Etc/UTC';
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('orl', 'USD', time_zone => 'Etc/UTC');
SET search_path = orl, public;
SELECT add_customer('Customer ' || g, g), set_credit_limit(g, 100), set_fx_rate('EUR', 1 + g * 0.1, current_date - g) FROM generate_series(1, 4) g;
CREATE TABLE public.orl_sales (id integer PRIMARY KEY, customer integer, amount numeric, currency text);
SELECT watch_orders('public.orl_sales', 'customer', 'amount', 'id', currency => 'currency');
CREATE TABLE public.orl_booked (id text PRIMARY KEY, customer integer, amount numeric, status text DEFAULT 'open');
SELECT watch_orders('public.orl_booked', 'customer', 'amount', 'id', mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'held');

-- Up to the amount, for this order of this customer only.
INSERT INTO public.orl_sales VALUES (1, 1, 150);
SELECT release_order(1, 'public.orl_sales', '1', 150, 'new season, agreed on the phone');
INSERT INTO public.orl_sales VALUES (1, 1, 150.01);
INSERT INTO public.orl_sales VALUES (1, 1, 150, 'EUR');
INSERT INTO public.orl_sales VALUES (1, 2, 150);
INSERT INTO public.orl_sales VALUES (2, 1, 150);
INSERT INTO public.orl_sales VALUES (1, 1, 120);
INSERT INTO public.orl_sales VALUES (2, 1, 1);
UPDATE public.orl_sales SET amount = 150 WHERE id = 1;
UPDATE public.orl_sales SET amount = 151 WHERE id = 1;
SELECT order_id, outcome, amount, ordered, jsonb_path_query_array(checks, '$[*] ? (@.outcome <> "approve")') AS checks FROM decision ORDER BY decision_id;
-- The latest release counts; 0 takes it back.  What is in stays.
SELECT release_order(1, 'public.orl_sales', '1', 0, 'misunderstanding') > 0 AS taken_back;
UPDATE public.orl_sales SET amount = 149 WHERE id = 1;
UPDATE public.orl_sales SET amount = 150 WHERE id = 1;
-- In the order's own currency.
SELECT release_order(2, 'public.orl_sales', '3', 100, 'agreed', 'EUR') > 0 AS released;
INSERT INTO public.orl_sales VALUES (3, 2, 100.01, 'EUR'), (4, 2, 0, 'EUR');
INSERT INTO public.orl_sales VALUES (3, 2, 100, 'EUR'), (4, 2, 0, 'EUR');
INSERT INTO public.orl_sales VALUES (3, 2, 100, 'EUR');

-- On hold: reevaluate_holds() takes it off, others stay.
INSERT INTO public.orl_booked VALUES ('A', 3, 300), ('B', 3, 200), ('C', 3, 50);
SELECT id, status FROM public.orl_booked ORDER BY id;
SELECT release_order(3, 'public.orl_booked', 'A', 300, 'agreed') > 0 AS released;
CALL reevaluate_holds();
SELECT id, status FROM public.orl_booked ORDER BY id;
SELECT release_order(3, 'public.orl_booked', 'B', 199, 'agreed on less') > 0 AS released;
CALL reevaluate_holds(3);
UPDATE public.orl_booked SET status = 'open' WHERE id = 'B';
UPDATE public.orl_booked SET status = 'open', amount = 199 WHERE id = 'B';
SELECT id, amount, status FROM public.orl_booked ORDER BY id;

-- Holds and the customer's status are ended by themselves, also where the rule says so of a group or nothing is in force.
SELECT release_order(4, 'public.orl_sales', '9', 500, 'agreed') > 0 AS released, place_hold(4, 'papers missing') AS hold;
INSERT INTO public.orl_sales VALUES (9, 4, 500);
SELECT release_hold(4, 1, 'papers are here'), set_customer_status(4, 'bankrupt');
INSERT INTO public.orl_sales VALUES (9, 4, 500);
SELECT set_customer_status(4, 'active');
BEGIN;
UPDATE check_rule SET valid_to = current_date - 1;
INSERT INTO public.orl_sales VALUES (9, 4, 500);
ROLLBACK;
INSERT INTO public.orl_sales VALUES (9, 4, 500);

-- Four eyes.
SELECT set_approval_policy('order_release', true), grant_authority('Ann', 'order_release', 1000), grant_authority(session_user::text, 'actor') > 0 AS granted;
SELECT release_order(4, 'public.orl_sales', '10', 600, 'agreed');
SELECT request_approval(4, 'order_release', 600, 'agreed', '{"order": "10"}');
SELECT request_approval(4, 'order_release', 600, 'agreed', '{"source": "public.orl_sales", "order_id": "10"}') AS request;
BEGIN;
SELECT set_actor('Ann');
SELECT approve(4, 1);
COMMIT;
SELECT release_order(4, 'public.orl_sales', '10', 601, 'agreed');
SELECT release_order(4, 'public.orl_sales', '10', 600, 'agreed') > 0 AS released;
SELECT release_order(4, 'public.orl_sales', '10', 600, 'agreed');
SELECT set_approval_policy('order_release', false);

-- What cannot be.
SELECT release_order(1, 'public.orl_sales', '1', 10, ' ');
SELECT release_order(1, 'public.no_orders', '1', 10, 'agreed');
SELECT release_order(1, 'public.orl_sales', NULL, 10, 'agreed');
SELECT release_order(1, 'public.orl_sales', '1', -1, 'agreed');
SELECT release_order(1, 'public.orl_sales', '1', 0.001, 'agreed');
SELECT release_order(1, 'public.orl_sales', '1', 'NaN', 'agreed');
SELECT release_order(1, 'public.orl_sales', '1', 1, 'agreed', 'XXX');
SELECT release_order(99, 'public.orl_sales', '1', 1, 'agreed');
\set VERBOSITY sqlstate
SELECT release_order(1, 'public.orl_sales', '1', 1, 'agreed', p_valid_until => current_date - 1);
SELECT release_order(1, 'public.orl_sales', '1', 1, 'agreed', p_valid_until => 'infinity');
\set VERBOSITY terse
UPDATE order_release SET amount = 1000;
DELETE FROM order_release;
TRUNCATE order_release;
SELECT * FROM verify_ledger();
SELECT * FROM verify_chain();
DROP TABLE public.orl_sales, public.orl_booked;
