-- limits.sql: kinds of credit limit, the days on which they are in force, and how they combine.
\set VERBOSITY terse
SET client_min_messages = warning;
-- The ledger's day is the session's.
SET timezone = 'Etc/UTC';
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('lim', 'USD', time_zone => 'Etc/UTC');
SET search_path = lim, public;
SELECT add_customer('Customer ' || g, g) FROM generate_series(1, 9) g;
SELECT set_fx_rate('EUR', 1.10, '2026-01-01');

-- A limit without end ends where the next one starts, in whatever order they are set; on its own first day the later takes its place.
SELECT set_credit_limit(1, 200, '2026-02-20'), set_credit_limit(1, 100, '2026-02-10'), set_credit_limit(1, 150, '2026-02-20');
SELECT amount, valid_from, valid_to, in_force FROM credit_limit WHERE customer_id = 1 ORDER BY credit_limit_id;
SELECT d::date AS day, l.* FROM generate_series(timestamp '2026-02-09', '2026-02-21', '1 day') d, LATERAL limit_on(1, d::date) l
WHERE d::date IN ('2026-02-09', '2026-02-10', '2026-02-19', '2026-02-20');

-- What has an end of its own is not cut, and cuts nothing with one.
SELECT set_credit_limit(2, 500, '2026-01-01', '2026-06-30');
SELECT set_credit_limit(2, 700, '2026-03-01', '2026-09-30');
SELECT set_credit_limit(2, 700, '2025-11-01', '2026-01-01');
SELECT set_credit_limit(2, 700, '2026-07-01', '2026-09-30') IS NOT NULL AS after_it;
SELECT set_credit_limit(2, 900, '2025-01-01') IS NOT NULL AS before_it;
SELECT amount, in_force FROM credit_limit WHERE customer_id = 2 ORDER BY valid_from;

-- Temporary: added, or in place of the own one; it must end.
SELECT set_credit_limit(3, 1000, '2026-01-01');
SELECT set_credit_limit(3, 300, '2026-03-01', '2026-03-31', p_kind => 'temporary');
SELECT set_credit_limit(3, 400, '2026-05-01', '2026-05-31', p_kind => 'temporary', p_replaces_own => true);
SELECT set_credit_limit(3, 300, '2026-03-15', '2026-04-15', p_kind => 'temporary');
SELECT set_credit_limit(3, 300, '2026-08-01', p_kind => 'temporary');
SELECT day, l.amount, l.until FROM unnest('{2026-02-28,2026-03-01,2026-03-31,2026-04-01,2026-05-31,2026-06-01}'::date[]) day, LATERAL limit_on(3, day) l;
SELECT l.* FROM limit_on(4, '2026-03-01') l;

-- Insured: so much percent counts, on top; not while something is too long overdue.  Guarantees count until they expire, and may overlap.
SELECT set_credit_limit(5, 1000, '2026-01-01');
SELECT set_credit_limit(5, 500, '2026-01-01', p_kind => 'insured', p_covered_percent => 90, p_max_overdue_days => 60, p_provider => 'Insurer', p_policy_no => 'P-7');
SELECT set_credit_limit(5, 200, '2026-02-01', '2026-04-30', p_kind => 'guarantee', p_provider => 'Bank');
SELECT set_credit_limit(5, 100, '2026-03-01', '2026-03-31', p_kind => 'guarantee', p_provider => 'Parent');
SELECT post_invoice(5, 'I1', '2026-01-01', 10, '2026-01-31') > 0 AS posted;
SELECT day, l.amount FROM unnest('{2026-01-15,2026-02-15,2026-03-15,2026-04-01,2026-04-02,2026-05-01}'::date[]) day, LATERAL limit_on(5, day) l;
SELECT steady FROM limit_on(5, '2026-03-15');

-- Another currency counts at the rate of the day.
SELECT set_credit_limit(6, 1000, '2026-01-01', p_currency => 'EUR');
SELECT * FROM limit_on(6, '2026-03-01');
SELECT set_credit_limit(7, 1000, '2025-01-01', p_currency => 'EUR');
SELECT * FROM limit_on(7, '2025-06-01');
SELECT set_credit_limit(7, 1000, p_currency => 'EURO');
SELECT set_credit_limit(7, 1000.5, p_currency => 'JPY');

-- Nonsense.
SELECT set_credit_limit(8, 1, p_kind => 'friendly');
SELECT set_credit_limit(8, 1, p_kind => NULL);
SELECT set_credit_limit(8, 1, p_replaces_own => true);
SELECT set_credit_limit(8, 1, p_kind => 'insured', p_covered_percent => 90);
SELECT set_credit_limit(8, 1, p_kind => 'insured', p_covered_percent => 101, p_provider => 'Insurer');
SELECT set_credit_limit(8, 1, p_kind => 'insured', p_provider => 'Insurer');
SELECT set_credit_limit(8, 1, p_kind => 'own', p_covered_percent => 50);
SELECT set_credit_limit(8, 1, p_kind => 'guarantee');
SELECT count(*) FROM credit_limit WHERE customer_id = 8;

-- Who asked, who agreed, and on what advice is kept, and nothing but the days in force ever changes.
SELECT set_credit_limit(9, 50, p_reason => 'review', p_requested_by => 'ann', p_approved_by => 'bob',
	p_recommendation_id => recommendation_id) > 0 AS set FROM recommend_limit(9);
SELECT reason, requested_by, approved_by, recommendation_id FROM credit_limit WHERE customer_id = 9;
UPDATE credit_limit SET amount = 60 WHERE customer_id = 9;
DELETE FROM credit_limit WHERE customer_id = 9;

-- It is the limit of who is billed that counts: of A limit 100, of B limit 1000; 300 ordered by A and billed to B passes, 300
-- ordered by B and billed to A does not, nor may an order that is in be billed to A (metasfresh, issue 4087).
SELECT add_customer('A', 11), add_customer('B', 12), set_credit_limit(11, 100) > 0, set_credit_limit(12, 1000) > 0;
CREATE TABLE public.lim_orders (id integer PRIMARY KEY, customer integer, billed_to integer, amount numeric);
SELECT watch_orders('public.lim_orders', 'billed_to', 'amount', 'id');
INSERT INTO public.lim_orders VALUES (1, 11, 12, 300);
INSERT INTO public.lim_orders VALUES (2, 12, 11, 300);
UPDATE public.lim_orders SET billed_to = 11 WHERE id = 1;
UPDATE public.lim_orders SET billed_to = 11, amount = 100 WHERE id = 1;
SELECT customer_id, ordered FROM exposure WHERE customer_id IN (11, 12) ORDER BY 1;
DROP TABLE public.lim_orders;
SELECT unwatch_orders('public.lim_orders');
SELECT * FROM verify_ledger();
SELECT * FROM verify_chain();
DROP SCHEMA lim CASCADE;
