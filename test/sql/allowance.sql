-- Allowance for expected credit losses: the provision matrix, what is judged on its own, what covers, and what was booked.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC', aging_buckets => '0,30,60,90'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, '')), current_date::text, 'TODAY');
END $$;
-- So many days past due on 30 June 2026.
CREATE FUNCTION sell(customer bigint, number text, past_due integer, amount numeric, currency text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS
	'SELECT post_invoice(customer, number, date ''2026-06-30'' - past_due - 30, amount, date ''2026-06-30'' - past_due, currency)';

-- IFRS 9, illustrative example 12: 30 million in five ages, 0.3 to 10.6 percent, 580,000.
DO $$ BEGIN
	PERFORM add_customer('Company M', 1);
	PERFORM sell(1, 'A', 0, 15000000), sell(1, 'B', 30, 7500000), sell(1, 'C', 31, 4000000), sell(1, 'D', 90, 2500000), sell(1, 'E', 91, 1000000);
END $$;
SELECT pg_temp.try($$SELECT allowance('2026-06-30')$$);
SELECT set_loss_rates('{0.3, 1.6, 3.6, 6.6, 10.6}', '2026-01-01', 'last three years, IE76');
SELECT bucket, gross, loss_rate, allowance FROM allowance('2026-06-30');
SELECT sum(gross), sum(allowance) FROM allowance('2026-06-30');
-- Before the matrix counts there is none; an empty book needs none.
SELECT pg_temp.try($$SELECT allowance('2025-12-31')$$);

-- A matrix with other buckets: 1, 2, 3 and 20 percent when not due, up to 30, up to 90 and up to 180 days.
DO $$ BEGIN
	PERFORM add_customer('Andes Traders', 2), set_risk_class(2, 'sample');
	PERFORM sell(2, 'A', -5, 100000), sell(2, 'B', 12, 40000), sell(2, 'C', 80, 20000), sell(2, 'D', 150, 5000);
	PERFORM set_loss_rates('{1, 2, 3, 20, 100}', '2026-01-01', 'practical expedient, B5.5.35', 'sample', '0,30,90,180');
END $$;
SELECT bucket_no, bucket, gross, loss_rate, allowance FROM allowance('2026-06-30') WHERE risk_class = 'sample';
SELECT sum(allowance) FROM allowance('2026-06-30') WHERE risk_class = 'sample';

-- What is expected of the economy: a factor from a day on, of a class or of all; no rate above 100 percent.
SELECT set_loss_adjustment(1.5, '2026-06-01', 'unemployment up by 2 points', 'sample') \g /dev/null
SELECT bucket_no, rate, factor, loss_rate, allowance FROM allowance('2026-06-30') WHERE risk_class = 'sample';
SELECT sum(allowance) FROM allowance('2026-05-31') WHERE risk_class = 'sample' AND factor <> 1;
SELECT * FROM ecl_matrix WHERE risk_class = 'sample' ORDER BY bucket_no;

-- Judged on its own: out of the pool, an item before its customer, and back again.
SELECT set_specific_provision(2, 50, 'factory burnt down', '2026-06-01') \g /dev/null
SELECT set_specific_provision(2, 10, 'paid by the insurer', '2026-06-01', (SELECT item_id FROM open_items WHERE customer_id = 2 AND number = 'A')) \g /dev/null
SELECT part, bucket_no, customer_id, gross, rate, allowance FROM allowance('2026-06-30') WHERE risk_class = 'sample' AND gross <> 0;
SELECT set_specific_provision(2, NULL, 'rebuilt', '2026-06-15') \g /dev/null
SELECT part, bucket_no, customer_id, gross, rate, allowance FROM allowance('2026-06-30') WHERE risk_class = 'sample' AND gross <> 0;
SELECT sum(gross) = (SELECT sum(open_amount) FROM open_items) AS nothing_lost FROM allowance('2026-06-30');

-- Cover: insurance pays 90 percent of what is within 30,000, a guarantee 10,000 more; of every bucket alike.
SELECT set_specific_provision(2, NULL, 'in the pool', '2026-06-15', (SELECT item_id FROM open_items WHERE customer_id = 2 AND number = 'A')) \g /dev/null
DO $$ BEGIN
	PERFORM set_credit_limit(2, 30000, p_kind => 'insured', p_covered_percent => 90, p_provider => 'Atlas', p_valid_from => '2026-06-20');
	PERFORM add_security(2, 'bank_guarantee', 10000, 'Harbour Bank', p_valid_from => '2026-06-20');
END $$;
SELECT bucket_no, gross, covered, exposure, allowance FROM allowance('2026-06-30') WHERE risk_class = 'sample';
SELECT sum(covered) FROM allowance('2026-06-30');
SELECT sum(covered) FROM allowance('2026-06-19');

-- Discounted: 3 percent a year over half a year.
SELECT set_loss_rates('{1, 2, 3, 20, 100}', '2026-06-30', 'discounted', 'sample', '0,30,90,180', 3, 180) \g /dev/null
SELECT bucket_no, loss_rate, allowance FROM allowance('2026-06-30') WHERE risk_class = 'sample';

-- Other currencies at the rate of the day; credits take nothing off.
DO $$ BEGIN
	PERFORM add_customer('Loire Bois', 3), set_fx_rate('EUR', 1.2, '2026-01-01');
	PERFORM sell(3, 'A', 10, 1000, 'EUR'), post_payment(3, 'P', '2026-06-29', 400, 'EUR');
END $$;
SELECT bucket_no, gross, allowance FROM allowance('2026-06-30') WHERE risk_class IS NULL AND bucket_no = 2;

-- Booked: 20,000 carried over; 3,000 written off; 27,567 needed: a charge of 10,567.
DO $$ BEGIN PERFORM credit.create_ledger('book', 'USD', time_zone => 'UTC', aging_buckets => '0,30'); END $$;
SET search_path = book, ar, public;
CREATE FUNCTION book.bill(number text, amount numeric, due date) RETURNS bigint LANGUAGE sql SET search_path = book AS 'SELECT post_invoice(1, number, due - 30, amount, due)';
DO $$ BEGIN
	PERFORM add_customer('Company N', 1), set_loss_rates('{1, 10, 20}', '2026-01-01', 'experience');
	PERFORM bill('A', 89588, '2026-05-31'), bill('B', 1040.80, '2026-05-20'), bill('C', 92000.20, '2026-03-31'), bill('D', 3000, '2026-03-31');
END $$;
SELECT book_allowance('2026-05-31', 'May', 18000);
SELECT write_off(1, item_id, 'insolvent', p_written_off_on => '2026-06-10') FROM open_items WHERE number = 'D' \g /dev/null
-- A small difference that was forgiven is no bad debt.
SELECT write_off(1, item_id, 'bank charges', 1.25, '2026-06-30', p_source_document_id => post_payment(1, 'P', '2026-06-30', 0.01)) FROM open_items WHERE number = 'B' \g /dev/null
SELECT bill('E', 1.25, '2026-05-20') \g /dev/null
SELECT bucket_no, gross, allowance FROM allowance('2026-06-30');
SELECT book_allowance('2026-06-30', 'June');
SELECT as_of, opening, charge, write_offs, recoveries, closing, gross, coverage_percent FROM allowance_movement ORDER BY as_of;
SELECT * FROM allowance_journal(2);
SELECT sum(debit) = sum(credit) AS balanced FROM allowance_journal(2);

-- A recovery comes on top; a write-off taken back is one less; one posted late, with an earlier date, is in the next run.
DO $$ BEGIN
	PERFORM recover(1, (SELECT document_id FROM document WHERE kind = 'write_off' AND source_document_id IS NULL), post_payment(1, 'R', '2026-07-10', 1000), p_recovered_on => '2026-07-10');
	PERFORM write_off(1, (SELECT item_id FROM open_items WHERE number = 'C'), 'insolvent', 500, p_written_off_on => '2026-06-15');
END $$;
SELECT book_allowance('2026-07-31', 'July');
SELECT as_of, opening, charge, write_offs, recoveries, closing FROM allowance_movement ORDER BY as_of;
SELECT line_no, account, debit, credit FROM allowance_journal(3);
SELECT sum(allowance) = (SELECT closing FROM allowance_run WHERE as_of = '2026-07-31') AS foots FROM allowance_line WHERE allowance_run_id = 3;

-- What was lost before: of what was open at each month end, what was written off in the months after.
SELECT * FROM loss_history('2026-05-01', '2026-06-30', 3, '0,30');

-- What cannot be.
SELECT pg_temp.try($$SELECT book_allowance('2026-07-31', 'again')$$);
SELECT pg_temp.try($$SELECT book_allowance('2026-06-01', 'out of order')$$);
SELECT pg_temp.try($$SELECT book_allowance(ledger_today() + 1, 'ahead')$$);
SELECT pg_temp.try($$SELECT book_allowance('2026-08-31', ' ')$$);
SELECT pg_temp.try($$SELECT book_allowance('2026-08-31', 'opening', 5)$$);
SELECT pg_temp.try($$SELECT set_loss_rates('{1, 2}', '2026-01-01', 'short')$$);
SELECT pg_temp.try($$SELECT set_loss_rates('{1, NULL, 3}', '2026-01-01', 'hole')$$);
SELECT pg_temp.try($$SELECT set_loss_rates('{1, 2, 101}', '2026-01-01', 'too much')$$);
SELECT pg_temp.try($$SELECT set_loss_rates('{1, 2, 3}', 'infinity', 'never')$$);
SELECT pg_temp.try($$SELECT set_loss_adjustment(0, '2026-01-01', 'nothing')$$);
SELECT pg_temp.try($$SELECT set_specific_provision(1, 101, 'too much')$$);
SELECT pg_temp.try($$SELECT set_specific_provision(9, 50, 'nobody')$$);
SELECT pg_temp.try($$SELECT set_specific_provision(1, 50, 'no item', NULL, 99)$$);
SELECT pg_temp.try($$SELECT loss_history('2026-10-01', '2026-10-31', 12)$$);
SELECT pg_temp.try($$SELECT loss_history('2026-10-01', '2026-09-30', 1)$$);
SELECT pg_temp.try($$SELECT allowance_journal(9)$$);
SELECT pg_temp.try($$UPDATE allowance_run SET reason = 'other'$$);
SELECT pg_temp.try($$TRUNCATE loss_rate$$);
DROP SCHEMA book CASCADE;
DROP SCHEMA ar CASCADE;
