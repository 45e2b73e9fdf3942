-- Metrics over any days and groups, roll rates between snapshots.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
-- Plans of an empty ledger are thought costly.
SET jit = off;

-- The formulas alone; what would be divided by zero is NULL.
SELECT credit.dso(1200000, 10000000, 365) AS dso, credit.best_possible_dso(800000, 10000000, 365) AS best, credit.average_days_delinquent(1200000, 800000, 10000000, 365) AS late;
SELECT credit.dso(1, 0, 365), credit.best_possible_dso(1, 0, 365), credit.average_days_delinquent(1, 1, 0, 365), credit.dso(NULL, 1, 365);
SELECT credit.dso_countback(212000, '{100000,80000,70000}', '{30,30,30}'), credit.dso_countback(0, '{5}', '{30}'), credit.dso_countback(-3, '{5}', '{30}'),
	credit.dso_countback(10, '{5,0,-2,10}', '{30,31,30,31}'), credit.dso_countback(11, '{5,5}', '{30,31}') AS exhausted, credit.dso_countback(1, '{}', '{}') AS none;
SELECT credit.dso_countback(1, '{1,2}', '{30}');
SELECT credit.dso_true('{1000,500}', '{29,60}', '{5000,4000}'), credit.dso_true('{1000,500}', '{29,60}', '{5000,0}'), credit.dso_true('{}', '{}', '{}');
SELECT credit.collection_effectiveness(100, 200, 120, 80), credit.collection_effectiveness(100, 0, 0, 100), credit.receivables_turnover(1200000, 100000, 140000), credit.receivables_turnover(1, 5, -5);
SELECT credit.bad_debt_ratio(12000, 2400000), credit.bad_debt_ratio(12000, 2400000, 2000), credit.bad_debt_ratio(1, 0);
SELECT credit.concentration('{50,30,20}'), credit.concentration(array_fill(7.5, ARRAY[10])), credit.concentration('{5,-3,0}'), credit.concentration('{0,-1}'), credit.concentration('{}');

-- An empty portfolio.
SELECT * FROM metrics('2025-01-01', '2025-03-31');

-- Two months' sales of which one invoice each is open: 1000 x 29 / 5000 + 500 x 60 / 4000 = 13.30 days.
SELECT add_customer('Acme', 1), add_customer('Bolt', 2), add_customer('Own branch', 3), add_customer('Cord', 4), add_customer('Group', 10);
SELECT post_invoice(1, 'A-1', '2025-03-02', 1000, '2025-04-01'), post_invoice(1, 'A-2', '2025-03-10', 4000, '2025-03-20'),
	post_invoice(2, 'B-1', '2025-01-30', 500, '2025-03-01'), post_invoice(2, 'B-2', '2025-01-05', 3500, '2025-02-04');
SELECT apply_payment(1, post_payment(1, 'PA-1', '2025-03-25', 4000), 'largest_first', '2025-03-25'),
	apply_payment(2, post_payment(2, 'PB-1', '2025-02-01', 3500), 'largest_first', '2025-02-01');
SELECT set_parent(1, 10), set_parent(2, 10);
SELECT set_dimension(1, 'region', 'north'), set_dimension(2, 'region', 'south'), set_dimension(4, 'region', 'south'), set_dimension(1, 'collector', 'Kim');
SELECT set_dimension(1, 'colour', 'red');
SELECT set_dimension(99, 'region', 'north');
SELECT set_dimension(1, 'collector', NULL);
SELECT count(*) FROM customer_dimension;
SELECT * FROM metrics('2025-01-01', '2025-03-31');

-- By hand: 90 days, sales 9000, owed 1500, of that 1000 not due.
SELECT round(1500.0 * 90 / 9000, 2) AS dso, round(1000.0 * 90 / 9000, 2) AS best, round(100 * (0 + 9000 - 1500) / (0 + 9000 - 1000.0), 2) AS cei,
	round((4000 * 5 + 3500 * -3) / 7500.0, 2) AS days_late, round((1000.0 / 1500) ^ 2 * 10000 + (500.0 / 1500) ^ 2 * 10000, 2) AS concentration,
	-- 1500 is less than March's 5000.
	round(31 * 1500 / 5000.0, 2) AS countback;

-- Intercompany customers are left out, whoever asks.
SELECT post_invoice(3, 'C-1', '2025-03-01', 100000, '2025-03-31'), set_intercompany(3, true);
SELECT metric, value FROM metrics('2025-01-01', '2025-03-31') WHERE metric IN ('sales', 'closing_balance');
SELECT * FROM metrics('2025-01-01', '2025-03-31', p_customer_id => 3);
SELECT set_intercompany(99, true);

-- Unapplied credit, credit notes, write-offs and recoveries, disputes.
SELECT post_invoice(4, 'D-1', '2025-02-10', 800, '2025-02-20'), post_credit_note(4, 'D-2', '2025-03-05', 200), post_payment(4, 'D-3', '2025-03-06', 50);
SELECT write_off(4, (SELECT item_id FROM open_items WHERE number = 'D-1'), 'gone', 300, '2025-03-15') > 0 AS written_off;
SELECT recover(4, (SELECT document_id FROM document WHERE kind = 'write_off'), post_payment(4, 'D-4', '2025-03-20', 60), p_recovered_on => '2025-03-20') > 0 AS recovered;
SELECT * FROM metrics('2025-02-01', '2025-03-31', p_customer_id => 4);
-- The balance of 250 is 500 less 250 of credit; sales 800 less 200; 60 of 300 recovered.
SELECT round(250.0 * 59 / 600, 2) AS dso, round(100 * 300.0 / 600, 2) AS gross, round(100 * 240.0 / 600, 2) AS net, round(100 * (600 - 250) / 600.0, 2) AS cei;
SELECT open_dispute(4, (SELECT item_id FROM open_items WHERE number = 'D-1'), 125, 'price_error') > 0 AS disputed;
SELECT metric, value FROM metrics('2025-02-01', ledger_today(), p_customer_id => 4) WHERE metric = 'disputed_share';
SELECT metric, value FROM metrics('2025-02-01', '2025-03-31', p_customer_id => 4) WHERE metric = 'disputed_share';

-- What was applied, taken off and applied again is as late as the money, whenever it was applied.
SELECT add_customer('Dale', 5), post_invoice(5, 'E-1', '2025-05-01', 100, '2025-05-31') > 0, post_payment(5, 'E-2', '2025-06-10', 100) > 0;
SELECT allocate(5, p.item_id, i.item_id, 100, '2025-06-15') > 0 AS applied FROM open_items i, open_items p WHERE i.number = 'E-1' AND i.customer_id = 5 AND p.number = 'E-2';
SELECT reverse_allocation(5, allocation_id, '2025-06-20') > 0 AS taken_off FROM allocation WHERE customer_id = 5;
SELECT allocate(5, p.item_id, i.item_id, 100, '2025-06-28') > 0 AS applied FROM open_items i, open_items p WHERE i.number = 'E-1' AND i.customer_id = 5 AND p.number = 'E-2';
SELECT value, reason FROM metrics('2025-06-01', '2025-06-30', p_customer_id => 5) WHERE metric = 'days_late';
-- 50 of unapplied credit leave 150 of what is not due: 150 x 30 / 200 days at best.
SELECT post_invoice(5, 'E-3', '2025-06-20', 200, '2025-08-01') > 0 AS sold, post_payment(5, 'E-4', '2025-06-25', 50) > 0 AS paid;
SELECT metric, value FROM metrics('2025-06-01', '2025-06-30', p_customer_id => 5) WHERE metric IN ('dso', 'best_possible_dso', 'average_days_delinquent');

-- Groups add up to all.
SELECT g AS grouped_by, m.group_value, string_agg(m.metric || ' ' || COALESCE(m.value::text, m.reason), ', ' ORDER BY m.metric)
FROM unnest(ARRAY['all', 'customer', 'group', 'region', 'collector', 'risk_class', 'currency']) WITH ORDINALITY u (g, n), LATERAL metrics('2025-01-01', '2025-03-31', g) m
WHERE m.metric IN ('sales', 'closing_balance', 'dso', 'top_share') GROUP BY u.n, 1, 2 ORDER BY u.n, 2;
SELECT group_value, value FROM metrics('2025-01-01', '2025-03-31', 'region', 'south') WHERE metric = 'closing_balance';
SELECT group_value, value FROM metrics('2025-01-01', '2025-03-31', 'all', p_top => 1) WHERE metric = 'top_share';
SELECT month, metric, value, reason FROM metrics_by_month('2025-01-15', '2025-03-15', 'region', 'north') WHERE metric IN ('sales', 'dso', 'days_late') ORDER BY 1, 2;

-- Other currencies: in base currency at the rates of the last day, or each by itself.
SELECT post_invoice(1, 'E-1', '2025-03-15', 100, '2025-03-20', 'EUR', p_fx_rate => 1.05);
SELECT value FROM metrics('2025-01-01', '2025-03-31') WHERE metric = 'sales';
SELECT set_fx_rate('EUR', 1.10, '2025-03-31');
SELECT metric, value FROM metrics('2025-01-01', '2025-03-31', p_customer_id => 1) WHERE metric IN ('sales', 'closing_balance');
SELECT group_value, value FROM metrics('2025-01-01', '2025-03-31', 'currency', 'EUR') WHERE metric = 'sales';

-- Receipts that rules applied.
SELECT add_receipt('US1', 'S1', n::text, ('2025-04-0' || n)::date, 10 + n, p_customer_id => 1, p_remittance_text => 'A-1') IS NOT NULL AS added FROM generate_series(1, 4) n;
SELECT add_receipt('US1', 'S1', '5', '2025-04-05', 500, p_customer_id => 2, p_remittance_text => 'B-1') IS NOT NULL AS added;
SELECT confirm_match(bank_receipt_id, 1) > 0 AS by_hand FROM bank_receipt WHERE sequence = '1';
CALL apply_cash('first', false);
SELECT group_value, value, reason FROM metrics('2025-04-01', '2025-04-30') WHERE metric = 'auto_match_rate';
SELECT group_value, value, reason FROM metrics('2025-04-01', '2025-04-30', 'region') WHERE metric = 'auto_match_rate';

-- What is asked wrongly.
SELECT * FROM metrics(NULL, '2025-03-31');
SELECT * FROM metrics('2025-03-31', '2025-01-01');
SELECT * FROM metrics('2025-01-01', 'infinity');
SELECT * FROM metrics('2025-01-01', '2025-03-31', 'colour');
SELECT * FROM metrics('2025-01-01', '2025-03-31', NULL);
SELECT * FROM metrics('2025-01-01', '2025-03-31', 'segment', 'retail');
SELECT * FROM metrics('2025-01-01', '2025-03-31', 'risk_class', 'high');
SELECT * FROM metrics('2025-01-01', '2025-03-31', 'currency', 'XXX');
SELECT * FROM metrics('2025-01-01', '2025-03-31', p_customer_id => 99);
SELECT * FROM metrics('2025-01-01', '2025-03-31', 'customer', '99');
SELECT * FROM metrics('2025-01-01', '2025-03-31', 'group', 'Acme');
SELECT * FROM metrics('2025-01-01', '2025-03-31', p_top => 0);
SELECT * FROM metrics_by_month('2025-01-01', NULL);

-- A payment is returned in the next quarter: what it paid late was reported, and is not taken off those that pay then; nor is its return a debt paid
-- in time.  Over both quarters it was none.
SELECT add_customer('Dune', 16), post_invoice(16, 'F-1', '2025-01-01', 1000, '2025-01-02'), post_invoice(16, 'F-2', '2025-03-20', 1100, '2025-04-15') \g /dev/null
SELECT post_payment(16, 'PF-1', '2025-02-01', 1000) AS returned \gset
SELECT apply_payment(16, :returned, 'oldest_first', '2025-02-01') \g /dev/null
SELECT return_payment(16, :returned, '2025-04-20') \g /dev/null
SELECT post_payment(16, 'PF-2', '2025-05-03', 1100) AS good \gset
SELECT allocate(16, p.item_id, f.item_id, 1100, '2025-05-03') > 0 AS applied FROM item p, open_items f WHERE p.customer_id = 16 AND p.document_id = :good AND f.customer_id = 16 AND f.number = 'F-2';
SELECT v.from_day, v.to_day, m.value AS days_late FROM (VALUES (date '2025-01-01', date '2025-03-31'), ('2025-04-01', '2025-06-30'), ('2025-01-01', '2025-06-30'), ('2025-04-01', '2025-04-30')) v (from_day, to_day),
	LATERAL metrics(v.from_day, v.to_day, p_customer_id => 16) m WHERE m.metric = 'days_late';
-- Money that is paid back paid nothing.
SELECT refund(16, post_payment(16, 'PF-3', '2025-07-01', 40), p_refunded_on => '2025-07-02') > 0 AS refunded;
SELECT value, reason FROM metrics('2025-07-01', '2025-07-31', p_customer_id => 16) WHERE metric = 'days_late';

-- Roll rates need snapshots.
SELECT add_fiscal_year(2025);
SELECT * FROM roll_rates('2025-01-01', '2025-12-31');
SELECT * FROM bucket_migration('2025-01-01', '2025-12-31');
DO $$ BEGIN PERFORM credit.create_ledger('rr', 'USD', '0,30,60', 'UTC'); END $$;
SET search_path = rr, public;
SELECT add_fiscal_year(2025) AS added, add_customer('one', 1), add_customer('two', 2), add_customer('three', 3);
-- One pays late, two goes from bucket to bucket and is written off, three buys anew each month.
SELECT post_invoice(1, 'I-1', '2025-01-10', 100, '2025-01-31'), post_invoice(2, 'I-2', '2025-01-10', 300, '2025-01-31'), post_invoice(3, 'I-3', '2025-02-10', 50, '2025-02-28');
SELECT apply_payment(1, post_payment(1, 'P-1', '2025-03-15', 100), p_applied_on => '2025-03-15');
SELECT write_off(2, 2, 'bankrupt', 60, '2025-05-15') > 0 AS written_off;
CALL close_period('2025-01');
CALL close_period('2025-02');
CALL close_period('2025-03');
CALL close_period('2025-04');
CALL close_period('2025-05');
SELECT p.ends_on, s.customer_id, s.worst_bucket, s.total FROM snapshot s JOIN period p ON p.ends_on = s.as_of ORDER BY 1, 2;
SELECT * FROM roll_rates('2025-01-31', '2025-05-31');
SELECT * FROM roll_rates('2025-01-31', '2025-02-28');
SELECT set_dimension(2, 'segment', 'retail');
-- Groups are those of the close, until somebody says that they are drawn anew.
SELECT group_value, bucket, amount FROM roll_rates('2025-01-31', '2025-05-31', 'segment');
SELECT bucket, amount, rolled FROM roll_rates('2025-01-31', '2025-05-31', 'segment', 'retail');
SELECT * FROM bucket_migration('2025-01-31', '2025-05-31', 'segment', 'retail');
SELECT regroup_snapshots(NULL);
SELECT regroup_snapshots('segments were drawn', '2026-01-01') AS periods;
SELECT regroup_snapshots('segments were drawn') AS periods;
SELECT period, version, reason FROM period_event WHERE event = 'regrouped' ORDER BY 1;
SELECT group_value, bucket, amount, rolled, roll_rate, loss_rate, reason FROM roll_rates('2025-01-31', '2025-05-31', 'segment');
SELECT bucket, amount, rolled FROM roll_rates('2025-01-31', '2025-05-31', 'segment', 'retail');
SELECT * FROM bucket_migration('2025-01-31', '2025-05-31');
SELECT from_period, from_bucket, to_bucket, customers FROM bucket_migration('2025-03-31', '2025-05-31', 'customer', '2');
SELECT * FROM roll_rates('2025-01-31', '2025-05-31', 'segment', 'wholesale');
SELECT * FROM roll_rates(NULL, NULL);
-- The sums that closes keep are those of the customers' rows, whatever they are grouped by.
SELECT g.by, g.bucket, g.amount - c.amount AS difference
FROM (SELECT v.by, r.bucket, sum(r.amount) AS amount FROM unnest(ARRAY['all', 'currency', 'risk_class', 'segment', 'region', 'salesperson', 'collector', 'group']) v (by),
		roll_rates('2025-01-31', '2025-05-31', v.by) r GROUP BY 1, 2) g
	JOIN (SELECT r.bucket, sum(r.amount) AS amount FROM roll_rates('2025-01-31', '2025-05-31', 'customer') r GROUP BY 1) c ON c.bucket = g.bucket
WHERE g.by IN ('all', 'group') OR g.amount <> c.amount ORDER BY 1, 2;
SELECT v.by, count(*) AS differences
FROM unnest(ARRAY['all', 'segment']) v (by), LATERAL (
	SELECT from_period, from_bucket, to_bucket, sum(customers), sum(from_total), sum(to_total) FROM bucket_migration('2025-01-31', '2025-05-31', v.by) GROUP BY 1, 2, 3
	EXCEPT SELECT from_period, from_bucket, to_bucket, sum(customers), sum(from_total), sum(to_total) FROM bucket_migration('2025-01-31', '2025-05-31', 'customer') GROUP BY 1, 2, 3) d
GROUP BY 1;
-- An intercompany customer is left out from the next regrouping on, and verify_snapshots() finds what was changed behind its back.
SELECT set_intercompany(3, true), regroup_snapshots('three is ours', '2025-02-28') AS periods;
SELECT bucket, amount, rolled FROM roll_rates('2025-01-31', '2025-05-31');
SELECT count(*) FROM verify_snapshots();
UPDATE snapshot_migration SET to_total = to_total + 1, from_total = from_total + 1 WHERE grouped_by = 'region' AND as_of = '2025-03-31' AND from_bucket = 2;
SELECT problem, object, kept, recomputed FROM verify_snapshots() ORDER BY 1, 2, 3;
RESET search_path;
DROP SCHEMA ar CASCADE;
DROP SCHEMA rr CASCADE;
