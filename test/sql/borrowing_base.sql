-- The borrowing base: what a lender does not lend against is taken off once, in order, and the rest is eligible.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
\set VERBOSITY terse
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
-- So many days past due on 30 June 2026.
CREATE FUNCTION sell(customer bigint, number text, past_due integer, amount numeric, currency text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS
	'SELECT post_invoice(customer, number, date ''2026-06-30'' - past_due - 30, amount, date ''2026-06-30'' - past_due, currency)';
DO $$ BEGIN
	PERFORM add_customer('Alder', 1), add_customer('Birch', 2), add_customer('Cedar', 3), add_customer('Dogwood', 4), add_customer('Elm (our own)', 5), add_customer('Fir', 6);
	-- Alder: 90 days are not over 90.  Birch: half of it is over age, and the rest goes with it; a cent less would not.
	PERFORM sell(1, 'A1', 90, 100), sell(1, 'A2', 91, 30), sell(1, 'A3', 0, 170);
	PERFORM sell(2, 'B1', 120, 50), sell(2, 'B2', 0, 50);
	PERFORM sell(3, 'C1', 120, 49.99), sell(3, 'C2', 0, 50.01), post_payment(3, 'CP', '2026-06-29', 20);
	PERFORM sell(4, 'D1', 10, 400), set_customer_status(4, 'bankrupt');
	PERFORM sell(5, 'E1', 10, 900), set_intercompany(5, true);
	PERFORM set_fx_rate('EUR', 2, '2026-01-01'), sell(6, 'F1', 10, 500, 'EUR');
	PERFORM open_dispute(1, (SELECT item_id FROM open_items WHERE number = 'A3'), 70, 'price_error', p_opened_on => '2026-06-20');
END $$;
SELECT * FROM borrowing_base_at('2026-06-30', p_concentration_percent => 100);
-- Concentration: Fir is 1,000 of 1,230.01 left; a quarter of that is 307.50.
SELECT customer_id, concentration, eligible, available FROM borrowing_base_at('2026-06-30');
-- Every dollar once.
SELECT bool_and(gross = intercompany + insolvent + over_age + cross_aged + disputed + contra + concentration + eligible) AS foots, sum(gross) FROM borrowing_base_at('2026-06-30');
SELECT bool_and(gross = intercompany + insolvent + over_age + cross_aged + disputed + contra + concentration + eligible) AND count(*) > 0 AS foots FROM borrowing_base;
SELECT count(*) FROM borrowing_base_at('2020-01-01');
-- The allowance leaves our own out, too.
SELECT set_loss_rates('{1, 2, 3, 4, 5}', '2026-01-01', 'experience') \g /dev/null
SELECT sum(gross) FROM allowance('2026-06-30');
-- What cannot be.
SELECT borrowing_base_at(NULL);
SELECT borrowing_base_at('2026-06-30', -1);
SELECT borrowing_base_at('2026-06-30', 90, 101);
SELECT borrowing_base_at('2026-06-30', p_advance_percent => NULL);
DROP SCHEMA ar CASCADE;
