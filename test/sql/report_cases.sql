-- Figures of credit handbooks and of standards, through the reports: what is posted gives what they print.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC', aging_buckets => '0,30,60'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
SET jit = off;
CREATE FUNCTION bill(customer bigint, number text, day date, amount numeric, due date) RETURNS bigint LANGUAGE sql AS 'SELECT post_invoice(customer, number, day, amount, due)';
CREATE FUNCTION pay(customer bigint, number text, day date, amount numeric) RETURNS bigint LANGUAGE sql AS
	'SELECT apply_payment(customer, post_payment(customer, number, day, amount), p_applied_on => day)';
CREATE FUNCTION item(customer bigint, doc text) RETURNS bigint LANGUAGE sql AS
	'SELECT i.item_id FROM item i JOIN document d USING (customer_id, document_id) WHERE d.customer_id = customer AND d.number = doc';
CREATE FUNCTION said(p_from date, p_to date, customer bigint, VARIADIC metrics text[]) RETURNS TABLE (metric text, value numeric, reason text) LANGUAGE sql AS
	'SELECT m.metric, m.value, m.reason FROM unnest(metrics) WITH ORDINALITY w (name, n) JOIN metrics(p_from, p_to, p_customer_id => customer) m ON m.metric = w.name ORDER BY w.n';
SELECT count(add_customer('customer ' || n, n)) FROM generate_series(1, 40) n;

-- CriskCo: receivables 1.2 million, 0.8 of them not due, sales of 10 million in 365 days: 43.8 days, at best 29.2, delinquent 14.6.
DO $$ BEGIN
	PERFORM bill(1, 'A', '2025-03-01', 8800000, '2025-04-01'), pay(1, 'P', '2025-04-01', 8800000), bill(1, 'B', '2025-11-01', 400000, '2025-12-01'), bill(1, 'C', '2025-12-15', 800000, '2026-01-15');
END $$;
SELECT * FROM said('2025-01-01', '2025-12-31', 1, 'dso', 'best_possible_dso', 'average_days_delinquent');

-- BenjiPays: 212,000 counted back over sales of 100,000, 80,000 and 70,000 are two months and 32/70 of a third.
DO $$ BEGIN
	PERFORM bill(2, 'A', '2026-01-10', 70000, '2026-05-01'), bill(2, 'B', '2026-02-10', 80000, '2026-05-01'), bill(2, 'C', '2026-03-10', 100000, '2026-05-01'), pay(2, 'P', '2026-03-11', 38000);
END $$;
-- Of calendar months in a year that is not a leap year: 31 + 28 + 32/70 x 31 days; a month later less than that is owed: 30 + 31 + 52/80 x 28.
SELECT value, round(31 + 28 + 32 / 70.0 * 31, 2) AS by_hand FROM said('2026-01-01', '2026-03-31', 2, 'dso_countback');
SELECT bill(2, 'D', '2026-04-10', 30000, '2026-06-01') > 0 AS sold, pay(2, 'P2', '2026-04-20', 60000) AS paid;
SELECT value, round(30 + 31 + 52 / 80.0 * 28, 2) AS by_hand FROM said('2026-04-01', '2026-04-30', 2, 'dso_countback');
-- In the middle of a month it has the days until then, though nothing was sold in it.
SELECT value, round(15 + 31 + 28 + 32 / 70.0 * 31, 2) AS by_hand FROM said('2026-04-01', '2026-04-15', 2, 'dso_countback');
-- A leap year, and more owed than ever was sold: by interest.
DO $$ BEGIN
	PERFORM bill(3, 'A', '2024-02-10', 29000, '2024-05-01'), bill(3, 'B', '2024-03-10', 31000, '2024-05-01');
END $$;
SELECT value, 31 + 29 AS by_hand FROM said('2024-02-01', '2024-03-31', 3, 'dso_countback');
SELECT post_document('finance_charge', 3, 'F', '2024-03-31', 1, '2024-04-30') > 0 AS charged;
SELECT * FROM said('2024-02-01', '2024-03-31', 3, 'dso_countback', 'dso');
-- No sales in these days.
SELECT * FROM said('2024-05-01', '2024-05-31', 3, 'dso', 'best_possible_dso', 'average_days_delinquent', 'receivables_turnover', 'collection_period', 'bad_debt_gross', 'collection_effectiveness');

-- Trymesha: 150,000 of 1,800,000 are 30.42 days.
DO $$ BEGIN
	PERFORM bill(4, 'A', '2025-06-01', 1650000, '2025-07-01'), pay(4, 'P', '2025-07-01', 1650000), bill(4, 'B', '2025-12-01', 150000, '2026-01-01');
END $$;
SELECT value FROM said('2025-01-01', '2025-12-31', 4, 'dso');

-- Receivables from 100,000 to 140,000, sales of 1,200,000: ten times, 36.5 days.
DO $$ BEGIN
	PERFORM bill(5, 'A', '2024-12-01', 100000, '2025-01-01'), bill(5, 'B', '2025-06-01', 1200000, '2025-07-01'), pay(5, 'P', '2025-07-01', 1160000);
END $$;
SELECT * FROM said('2025-01-01', '2025-12-31', 5, 'opening_balance', 'closing_balance', 'sales', 'receivables_turnover', 'collection_period');

-- 12,000 of sales of 2,400,000 were written off, 2,000 recovered: 0.50 and 0.42 percent.
DO $$ BEGIN
	PERFORM bill(6, 'A', '2025-02-01', 2400000, '2025-03-01');
	PERFORM recover(6, write_off(6, item(6, 'A'), 'insolvent', 12000, '2025-09-01'), post_payment(6, 'R', '2025-10-01', 2000), p_recovered_on => '2025-10-01');
END $$;
SELECT * FROM said('2025-01-01', '2025-12-31', 6, 'bad_debt_gross', 'bad_debt_net');

-- Shares of 50, 30 and 20; ten equal ones; a group is its customers.
DO $$ BEGIN
	PERFORM bill(7, 'A', '2025-12-01', 50, '2026-01-01'), bill(8, 'A', '2025-12-01', 30, '2026-01-01'), bill(9, 'A', '2025-12-01', 20, '2026-01-01');
	PERFORM set_dimension(n, 'region', 'three') FROM generate_series(7, 9) n;
	PERFORM bill(n, 'A', '2025-12-01', 7.77, '2026-01-01'), set_dimension(n, 'region', 'ten') FROM generate_series(11, 20) n;
	PERFORM set_parent(8, 7), set_parent(9, 7);
END $$;
SELECT group_value, metric, value FROM metrics('2025-12-01', '2025-12-31', 'region', p_top => 2) WHERE metric IN ('concentration', 'top_share') AND group_value IS NOT NULL;
SELECT group_value, metric, value FROM metrics('2025-12-01', '2025-12-31', 'group', '7', p_top => 1) WHERE metric IN ('concentration', 'top_share', 'closing_balance');

-- Days late by amount: 300 ten days late, 100 thirty, 100 five early: 5,500 / 500.
DO $$ BEGIN
	PERFORM bill(21, 'A', '2025-01-01', 300, '2025-02-01'), pay(21, 'PA', '2025-02-11', 300), bill(21, 'B', '2025-01-01', 100, '2025-02-01'), pay(21, 'PB', '2025-03-03', 100),
		bill(21, 'C', '2025-01-01', 100, '2025-04-01'), pay(21, 'PC', '2025-03-27', 100);
END $$;
SELECT value, round((300 * 10 + 100 * 30 - 100 * 5) / 500.0, 2) AS by_hand FROM said('2025-01-01', '2025-12-31', 21, 'days_late');

-- Cash forecast: due in ten days, eleven days late by habit, so expected in 21; a promise for the 18th goes before that.
DO $$ BEGIN
	PERFORM bill(22, 'H' || n, ledger_today() - 60 - n, 100, ledger_today() - 40 - n), pay(22, 'PH' || n, ledger_today() - 29 - n, 100) FROM generate_series(1, 3) n;
	PERFORM bill(22, 'A', ledger_today() - 20, 1000, ledger_today() + 10);
END $$;
SELECT basis, amount, expected_on - ledger_today() AS expected FROM expected_payments(ledger_today(), p_customer_id => 22);
SELECT week_no, expected FROM cash_forecast(ledger_today(), 4) WHERE week_no IN (3, 4) AND expected >= 1000;
SELECT make_promise(22, ledger_today() + 18, 1000, ARRAY[item(22, 'A')]) > 0 AS promised;
SELECT basis, amount, expected_on - ledger_today() AS expected FROM expected_payments(ledger_today(), p_customer_id => 22);
SELECT week_no, promised FROM cash_forecast(ledger_today(), 4) WHERE promised > 0;

-- A provision matrix of 30,000: 0.5, 2.2, 2.7 and 4.5 percent.
DO $$ BEGIN
	PERFORM set_risk_class(30, 'faq'), set_loss_rates('{0.5, 2.2, 2.7, 4.5}', '2026-01-01', 'step 6', 'faq', '0,30,60'), set_loss_rates('{1, 2, 3, 4}', '2026-01-01', 'others');
	PERFORM bill(30, 'A', '2026-01-01', 15000, '2026-07-31'), bill(30, 'B', '2026-01-01', 7500, '2026-06-30'), bill(30, 'C', '2026-01-01', 4000, '2026-06-20'), bill(30, 'D', '2026-01-01', 2500, '2026-01-20');
END $$;
SELECT bucket, gross, loss_rate, allowance FROM allowance('2026-07-30') WHERE risk_class = 'faq';

-- A roll-forward with every kind of document: each is a line, twice the one before; a void counts against its kind in its own month.
DO $$
DECLARE
	kind text;
	amount numeric := 1;
BEGIN
	PERFORM add_fiscal_year(2026);
	FOREACH kind IN ARRAY ARRAY['invoice', 'debit_note', 'finance_charge', 'fee', 'recovery', 'refund', 'core_charge', 'adjustment', 'transfer', 'fx_difference',
			'credit_note', 'payment', 'write_off', 'set_off', 'deposit', 'discount'] LOOP
		PERFORM post_document(kind, 40, kind, '2026-02-10', amount, CASE WHEN amount < 1024 THEN date '2026-03-10' END, p_order_id => CASE kind WHEN 'deposit' THEN 'O-1' END,
			p_side => CASE WHEN amount < 1024 THEN 'debit' ELSE 'credit' END);
		amount := amount * 2;
	END LOOP;
	PERFORM return_payment(40, document_id, '2026-02-20') FROM document d WHERE d.customer_id = 40 AND d.number = 'payment';
	PERFORM void_document(40, document_id, 'oops', CASE d.number WHEN 'invoice' THEN date '2026-02-25' ELSE '2026-03-01' END) FROM document d WHERE d.customer_id = 40 AND d.number IN ('invoice', 'fee');
END $$;
\x
SELECT * FROM roll_forward('2026-02', 40);
SELECT opening, fee, closing, difference FROM roll_forward('2026-03', 40);
\x
SELECT 1023 - 1 - (65535 - 1023) + 2048 AS closing_by_hand, sum(debit) = sum(credit) AS balanced FROM ledger_entries;

-- An allowance that moves: 3.6, provision 1.5, write-offs net of recoveries 1.2, 3.9 (millions).
DO $$ BEGIN PERFORM credit.create_ledger('sec', 'USD', time_zone => 'UTC', aging_buckets => '0'); END $$;
SET search_path = sec, public;
DO $$ BEGIN
	PERFORM add_customer('Lender', 1), set_loss_rates('{10, 20}', '2020-01-01', 'experience');
	PERFORM post_invoice(1, 'A', '2020-06-01', 36000000, '2021-06-01'), book_allowance('2020-06-30', 'June');
	PERFORM recover(1, write_off(1, 1, 'insolvent', 1500000, '2020-08-01'), post_payment(1, 'R', '2020-09-01', 300000), p_recovered_on => '2020-09-01');
	PERFORM post_invoice(1, 'B', '2020-09-01', 4500000, '2021-09-01'), book_allowance('2020-09-30', 'September');
END $$;
SELECT as_of, opening, charge, write_offs, recoveries, write_offs - recoveries AS net, closing FROM allowance_movement ORDER BY 1;
SELECT account, debit, credit FROM allowance_journal(2);
DROP SCHEMA sec CASCADE;
DROP SCHEMA ar CASCADE;
