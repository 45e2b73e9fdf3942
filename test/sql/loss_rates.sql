-- Loss rates by segment from our own roll rates, and what counts as bad debt.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
\set VERBOSITY default
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', '0,30', 'UTC'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
SET jit = off;
CREATE FUNCTION item(customer bigint, doc text) RETURNS bigint LANGUAGE sql AS
	'SELECT i.item_id FROM item i JOIN document d USING (customer_id, document_id) WHERE d.customer_id = customer AND d.number = doc';
CREATE FUNCTION pay(customer bigint, doc text, on_day date, amount numeric, currency text DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	payment bigint := post_payment(customer, doc || ' ' || on_day, on_day, amount, currency);
BEGIN
	PERFORM allocate(customer, (SELECT i.item_id FROM item i WHERE i.customer_id = customer AND i.document_id = payment), item(customer, doc), amount, on_day);
	RETURN payment;
END $$;

-- Three month ends.  Retail, in USD: not due, 1-30 and over 30 days past due are
--   January   1000  300  200
--   February  2000  400  180, 50 of bad debt in between
--   March        0  500  260, 20 more
DO $$ BEGIN
	PERFORM add_fiscal_year(2026);
	PERFORM add_customer('Retailer', 1), add_customer('Shop', 2), add_customer('Wholesaler', 3), add_customer('Service', 4), add_customer('Own branch', 5), add_customer('Unsorted', 6);
	PERFORM set_dimension(1, 'segment', 'retail'), set_dimension(2, 'segment', 'retail'), set_dimension(3, 'segment', 'wholesale'), set_dimension(4, 'segment', 'services'),
		set_dimension(5, 'segment', 'retail'), set_dimension(3, 'region', 'north'), set_intercompany(5, true);
	PERFORM post_invoice(1, 'A', '2026-01-10', 1000, '2026-02-15'), pay(1, 'A', '2026-02-20', 600), pay(1, 'A', '2026-03-10', 300);
	PERFORM post_invoice(1, 'B', '2026-02-10', 2000, '2026-03-15'), pay(1, 'B', '2026-03-20', 1500);
	PERFORM post_invoice(2, 'C', '2025-12-01', 200, '2025-12-20'), write_off(2, item(2, 'C'), 'bankrupt', 50, '2026-02-10'), write_off(2, item(2, 'C'), 'bankrupt', 20, '2026-03-10');
	-- 265 came and 5 were forgiven with it: no bad debt.
	PERFORM post_invoice(2, 'D', '2026-01-02', 300, '2026-01-15');
	PERFORM write_off(2, item(2, 'D'), 'bank charges', 5, '2026-02-12', p_source_document_id => pay(2, 'D', '2026-02-12', 265));
	-- A branch of ours is no debtor to lose money on.
	PERFORM post_invoice(5, 'E', '2025-12-01', 700, '2025-12-20'), write_off(5, item(5, 'E'), 'settled within the group', 100, '2026-02-10');
	-- Wholesale, in EUR: 100 0 10, then 0 100 9, then 0 0 59, with 1 of bad debt; the rate doubles at the end.
	PERFORM set_fx_rate('EUR', 1, '2025-01-01'), set_fx_rate('EUR', 2, '2026-03-31');
	PERFORM post_invoice(3, 'F', '2026-01-10', 100, '2026-02-15', 'EUR'), pay(3, 'F', '2026-03-10', 50, 'EUR');
	PERFORM post_invoice(3, 'G', '2025-12-01', 10, '2025-12-20', 'EUR'), write_off(3, item(3, 'G'), 'gone', 1, '2026-02-10');
	-- Services: 40 go from bucket to bucket, 5 stay in the last and are not written off; and somebody without a segment.
	PERFORM post_invoice(4, 'H', '2026-01-10', 40, '2026-02-15'), post_invoice(4, 'I', '2025-12-01', 5, '2025-12-20'), post_invoice(6, 'J', '2026-03-01', 10, '2026-03-15');
END $$;
CALL close_period('2026-01');
CALL close_period('2026-02');
CALL close_period('2026-03');
SELECT c.value, s.as_of, credit.amounts(credit.merge(s.aging)) FROM snapshot s JOIN customer_dimension c ON c.customer_id = s.customer_id AND c.dimension = 'segment' AND c.customer_id <> 5 GROUP BY 1, 2 ORDER BY 1, 2;

-- Retail: 900 of 3000 rolled into 1-30 days (400 + 500), 130 of 700 further (30 + 100), 70 of 380 were written off.
SELECT group_value, bucket_no, bucket, transitions, amount, rolled, roll_rate, loss_rate, reason FROM roll_loss_rates('2026-01-31', '2026-03-31');
SELECT round(100 * 70 / 380.0, 4) AS over_30, round(100 * 130 / 700.0 * 70 / 380, 4) AS "1-30", round(100 * 900 / 3000.0 * 130 / 700 * 70 / 380, 4) AS not_due;
SELECT group_value, bucket, rolled, loss_rate FROM roll_loss_rates('2026-01-31', '2026-03-31', 'region', 'north');
SELECT group_value, bucket, amount, rolled, loss_rate FROM roll_loss_rates('2026-01-31', '2026-03-31', 'all');
-- Up to February nobody in wholesale was 1-30 days late as a month began.
SELECT group_value, bucket, amount, rolled, loss_rate, reason FROM roll_loss_rates('2026-01-31', '2026-02-28', 'segment', 'wholesale');

-- Kept for the matrix: not where a bucket has no rate, nor where a history without losses would say that there will be none.
SELECT set_roll_loss_rates('2026-01-31', '2026-02-28', '2026-03-31', 'roll rates of two months', p_value => 'wholesale');
SELECT set_roll_loss_rates('2026-01-31', '2026-03-31', '2026-03-31', 'roll rates of the first quarter');
SELECT count(*) FROM loss_rate;
SELECT set_roll_loss_rates('2026-01-31', '2026-03-31', '2026-03-31', 'roll rates of the first quarter', p_value => 'retail') AS retail,
	set_roll_loss_rates('2026-01-31', '2026-03-31', '2026-03-31', 'roll rates of the first quarter', p_value => 'wholesale') AS wholesale;
SELECT dimension, value, risk_class, valid_from, buckets, rates, reason, actor = actor() AS by_me FROM loss_rate;
-- Services have no rates, nor has who is in no segment.
SELECT * FROM allowance('2026-03-31');
SELECT set_loss_rates('{1, 5, 50}', '2026-01-01', 'of the trade') > 0 AS entered;
-- Retail: 500 x 3.4211 and 260 x 18.4211 percent; wholesale 118 x 5.2632 percent.
SELECT dimension, value, bucket, gross, rate, allowance FROM allowance('2026-03-31') WHERE gross <> 0;
SELECT round(500 * 0.034211, 2) AS retail, round(260 * 0.184211, 2) AS retail_over_30, round(118 * 0.052632, 2) AS wholesale, round(45 * 0.5, 2) AS services, round(10 * 0.05, 2) AS other;
-- What is expected of the economy, of a segment and of all; the day before there is no rate for a segment.
SELECT set_loss_adjustment(1.5, '2026-01-01', 'shops are closing', p_dimension => 'segment', p_value => 'retail') > 0 AS retail, set_loss_adjustment(1.1, '2026-01-01', 'recession') > 0 AS of_all;
SELECT dimension, value, bucket, factor, loss_rate, allowance FROM allowance('2026-03-31') WHERE gross <> 0;
SELECT dimension, value, bucket, rate, factor, adjusted_rate FROM ecl_matrix ORDER BY dimension, value, bucket_no;
SELECT DISTINCT dimension, value FROM allowance('2026-03-30');
-- Judged on its own, and secured: out of the pool of the segment.
DO $$ BEGIN
	PERFORM set_specific_provision(2, 80, 'bankrupt', '2026-03-01');
	PERFORM add_security(1, 'bank_guarantee', 150, 'Harbour Bank', p_valid_from => '2026-03-01');
END $$;
-- Customer 1 owes 500 + 100, of which 150 are secured: 125 and 25; customer 2 owes 130 + 30.
SELECT part, dimension, value, bucket, customer_id, gross, covered, exposure, loss_rate, allowance FROM allowance('2026-03-31') WHERE value = 'retail' AND gross <> 0;
SELECT book_allowance('2026-03-31', 'March', 100) > 0 AS booked;
SELECT count(*) FILTER (WHERE value = 'retail') AS retail, sum(allowance) = (SELECT closing FROM allowance_run) AS foots FROM allowance_line;

-- A segment goes before a region, and both before the risk class.
SELECT set_risk_class(3, 'good'), set_risk_class(6, 'good');
SELECT set_loss_rates('{1, 1, 1}', '2026-01-01', 'r', p_dimension => 'region', p_value => 'north') > 0 AS region, set_loss_rates('{2, 2, 2}', '2026-01-01', 'c', 'good') > 0 AS class;
SELECT dimension, value, risk_class, bucket, gross, rate FROM allowance('2026-03-31') WHERE gross <> 0 AND (value IN ('north', 'wholesale') OR risk_class = 'good');
SELECT dimension, value, risk_class, bucket, gross, rate FROM allowance('2026-03-30') WHERE gross <> 0 AND (value IN ('north', 'wholesale') OR risk_class = 'good');

-- Bad debt is one thing: no small differences, no branch of ours; a recovery and what is taken back are of what they are about.
SELECT recover(2, (SELECT document_id FROM bad_debts WHERE posting_date = '2026-02-10' AND customer_id = 2), post_payment(2, 'R', '2026-04-10', 15), p_recovered_on => '2026-04-10') > 0 AS recovered;
SELECT void_document(2, (SELECT document_id FROM bad_debts WHERE posting_date = '2026-03-10'), 'wrong customer', p_voided_on => '2026-04-20') > 0 AS voided;
SELECT customer_id, kind, currency, posting_date, amount, base_amount, claim_id <> document_id AS of_another FROM bad_debts ORDER BY posting_date, customer_id;
SELECT metric, round(value * s.sales / 100) AS amount FROM metrics('2026-01-01', '2026-04-30', p_customer_id => 2) m, LATERAL (SELECT 300 AS sales) s WHERE metric LIKE 'bad_debt%';
SELECT book_allowance('2026-04-30', 'April') > 0 AS booked;
SELECT as_of, write_offs, recoveries FROM allowance_run ORDER BY 1;

-- What was not known yet had not to be covered.
SELECT count(*) FROM allowance('2026-03-31', '2026-01-01');

-- A settlement that was cancelled, or not paid by its day, makes no bad debt of a small difference forgiven later; one that is paid makes bad debt of its rest.
SELECT add_customer('Dyer', 7) > 0 AS added, post_invoice(7, 'K', ledger_today(), 100, ledger_today() + 30) > 0 AS invoiced, post_invoice(7, 'L', ledger_today(), 100, ledger_today() + 30) > 0 AS invoiced;
SELECT propose_settlement(7, ARRAY[item(7, 'K'), item(7, 'L')], 120, ledger_today(), 'hardship') AS settlement \gset
SELECT agree_settlement(7, :settlement), cancel_settlement(7, :settlement, 'they pay after all');
SELECT write_off(7, item(7, 'K'), 'bank charges', 5, p_source_document_id => pay(7, 'K', ledger_today(), 95)) > 0 AS forgiven;
SELECT count(*) FROM bad_debts WHERE customer_id = 7;
SELECT propose_settlement(7, ARRAY[item(7, 'L')], 60, ledger_today(), 'hardship') AS settlement \gset
SELECT agree_settlement(7, :settlement);
SELECT pay(7, 'L', ledger_today(), 60) > 0 AS paid, evaluate_settlements() AS completed;
SELECT kind, amount FROM bad_debts WHERE customer_id = 7;

-- A region that was given up since has nobody to keep rates for.
BEGIN;
SELECT set_dimension(1, 'region', 'west'), set_dimension(2, 'region', 'west'), regroup_snapshots('regions were drawn'), set_dimension(3, 'region', NULL);
SELECT DISTINCT group_value FROM roll_loss_rates('2026-01-31', '2026-03-31', 'region') ORDER BY 1;
SELECT set_roll_loss_rates('2026-01-31', '2026-03-31', '2026-04-30', 'roll rates of regions', 'region') AS regions;
ROLLBACK;

-- What cannot be.
SELECT set_roll_loss_rates('2026-01-31', '2026-03-31', '2026-03-31', ' ');
SELECT set_roll_loss_rates('2026-01-31', '2026-03-31', '2026-03-31', 'by customer', 'customer');
SELECT set_roll_loss_rates('2026-01-31', '2026-03-31', '2026-03-31', 'nobody', 'salesperson');
SELECT set_roll_loss_rates('2026-03-31', '2026-03-31', '2026-03-31', 'one snapshot');
SELECT * FROM roll_loss_rates('2026-01-31', '2026-03-31', 'segment', 'online');
SELECT * FROM roll_loss_rates('2026-01-31', '2026-03-31', 'currency');
SELECT set_loss_rates('{1, 2, 3}', '2026-01-01', 'both', 'good', p_dimension => 'segment', p_value => 'retail');
SELECT set_loss_rates('{1, 2, 3}', '2026-01-01', 'half', p_dimension => 'segment');
SELECT set_loss_rates('{1, 2, 3}', '2026-01-01', 'unknown', p_dimension => 'segment', p_value => 'online');
SELECT set_loss_adjustment(1.1, '2026-01-01', 'unknown', p_dimension => 'colour', p_value => 'red');
SELECT set_loss_rates('{1, 2, 3}', '2026-01-01', 'misspelt', 'goood');
SELECT set_loss_adjustment(1.1, '2026-01-01', 'misspelt', 'goood');
DROP SCHEMA ar CASCADE;
