-- Worked examples from the manuals, tests and trackers of other credit systems: input, expected, and where it is from.
-- Each test begins with its example's name; one customer to an example.
BEGIN;
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT plan(87);

DO $$
BEGIN
	PERFORM credit.create_ledger('ar', 'USD');
	-- Customer ids as in the calls below.
	PERFORM ar.add_customer('customer ' || n, n) FROM generate_series(1, 40) n;
END $$;

-- An aging row as text: amounts of the buckets, then what is unapplied, then the total.
CREATE FUNCTION pg_temp.aged(who bigint, as_of date, buckets text DEFAULT '0,30,60,90', basis text DEFAULT 'due_date') RETURNS text
LANGUAGE sql BEGIN ATOMIC
	SELECT concat_ws(' | ', array_to_string(a.amounts, ' '), round(a.unapplied, 2), a.total)
	FROM ar.aging_at(as_of, basis, NULL, buckets::credit.aging_buckets, who) a;
END;

-- Labels of the buckets in which a customer has items.
CREATE FUNCTION pg_temp.labels(who bigint, as_of date, buckets text DEFAULT '0,30,60,90', basis text DEFAULT 'due_date') RETURNS text
LANGUAGE sql BEGIN ATOMIC
	SELECT string_agg(b.label || ': ' || b.items, ', ' ORDER BY b.bucket)
	FROM ar.aging_at(as_of, basis, NULL, buckets::credit.aging_buckets, who) a, credit.buckets(a.aging) b
	WHERE b.items > 0;
END;

-- The item of a document, open or not.
CREATE FUNCTION pg_temp.item(who bigint, what text) RETURNS bigint
LANGUAGE sql BEGIN ATOMIC
	SELECT i.item_id FROM ar.item i JOIN ar.document d USING (customer_id, document_id) WHERE i.customer_id = who AND d.number = what;
END;

-- What is open of a customer, document by document.
CREATE FUNCTION pg_temp.open(who bigint) RETURNS text
LANGUAGE sql BEGIN ATOMIC
	SELECT string_agg(o.number || ' ' || o.open_amount, ', ' ORDER BY o.number) FROM ar.open_items o WHERE o.customer_id = who;
END;

------------------------------------------------------------------------------------------------
-- Aging
------------------------------------------------------------------------------------------------

-- Microsoft Dynamics 365, customer aging snapshot: a current bucket of 30 days is the day itself and the 29 before it.
DO $$ BEGIN
	PERFORM ar.post_invoice(1, 'A', '2021-05-05', 1, '2021-05-05');
	PERFORM ar.post_invoice(1, 'B', '2021-04-06', 1, '2021-05-06');
	PERFORM ar.post_invoice(1, 'C', '2021-04-05', 1, '2021-05-05');
END $$;
SELECT is(pg_temp.labels(1, '2021-05-05', '29,59,89', 'doc_date'), '<= 29: 2, 30-59: 1',
	'a first bucket of 30 days by transaction date ends at 2021-04-06');

-- NACM's buckets (Current, 1-30, 31-60, 61-90, 91+) are inclusive at both ends.
DO $$ BEGIN PERFORM ar.post_invoice(2, 'A', '2026-06-01', 100, '2026-06-30'); END $$;
SELECT is(pg_temp.labels(2, '2026-06-30'), 'not due: 1', 'due today is not past due');
SELECT is(pg_temp.labels(2, '2026-07-01'), '1-30: 1', '1 day past due');
SELECT is(pg_temp.labels(2, '2026-07-30'), '1-30: 1', '30 days past due');
SELECT is(pg_temp.labels(2, '2026-07-31'), '31-60: 1', '31 days past due');

DO $$ BEGIN PERFORM ar.post_invoice(3, 'A', '2024-01-30', 100, '2024-02-29'); END $$;
SELECT is(pg_temp.labels(3, '2024-03-31'), '31-60: 1', 'due on 29 February, 31 days later');

DO $$ BEGIN
	PERFORM ar.post_invoice(4, 'A', '2026-01-01', 1000, '2026-05-01');
	PERFORM ar.post_invoice(4, 'B', '2026-06-01', 500, '2026-07-01');
	PERFORM ar.post_payment(4, 'C', '2026-06-10', 300);
END $$;
SELECT is(pg_temp.aged(4, '2026-06-15'), '500.00 0.00 1000.00 0.00 0.00 | -300.00 | 1200.00',
	'an unapplied receipt has a column of its own');

SELECT is(credit.amounts(credit.aging(amount, due, '2026-06-15')), '{300.00,300.00,300.00,0.00,0.00}'::numeric[],
	'each instalment is aged by its own due date')
FROM (VALUES (300.00, date '2026-04-30'), (300.00, '2026-05-30'), (300.00, '2026-06-30')) instalment (amount, due);

-- ERPNext, test_accounts_receivable_output_for_minor_outstanding
DO $$ BEGIN
	PERFORM ar.post_invoice(5, 'A', '2026-06-01', 100, '2026-06-30');
	PERFORM ar.apply_payment(5, ar.post_payment(5, 'P', '2026-06-05', 99.99), p_applied_on => '2026-06-05');
END $$;
SELECT is(pg_temp.aged(5, '2026-06-10'), '0.01 0.00 0.00 0.00 0.00 | 0.00 | 0.01', 'one cent that is open is reported');

-- ERPNext, test_party_account_filter
DO $$ BEGIN
	PERFORM ar.post_invoice(6, 'A', '2026-06-01', 100, '2026-06-30', 'EUR', p_fx_rate => 80);
	PERFORM ar.post_invoice(6, 'B', '2026-06-01', 100, '2026-06-30');
END $$;
SELECT results_eq($$SELECT currency, total FROM ar.aging_at('2026-06-10', p_customer_id => 6) ORDER BY currency$$,
	$$VALUES ('EUR', 100.00), ('USD', 100.00)$$, 'each currency has its row');
SELECT results_eq($$SELECT total FROM ar.aging_at('2026-06-10', p_customer_id => 6) WHERE currency = 'EUR'$$,
	$$VALUES (100.00)$$, 'a filter on one currency shows that one alone');
SELECT results_eq($$SELECT open_base_amount FROM ar.open_items WHERE customer_id = 6 AND currency = 'EUR'$$,
	$$VALUES (8000.00)$$, 'in base currency it is worth 80 times as much');

-- ERPNext, test_group_by_party
DO $$ BEGIN
	PERFORM ar.post_invoice(7, 'A', '2026-06-09', 100, '2026-06-09');
	PERFORM ar.post_invoice(7, 'B', '2026-06-10', 85, '2026-06-10');
END $$;
SELECT is(pg_temp.open(7), 'A 100.00, B 85.00', 'the detail');
SELECT is((SELECT total FROM ar.aging_at('2026-06-10', p_customer_id => 7)), 185.00, 'the total of the party');
SELECT is((SELECT credit.total(credit.merge(aging)) FROM ar.aging_at('2026-06-10', p_customer_id => 7)), 185.00, 'the grand total');

-- OCA account-financial-reporting, #546: what was paid in May was still open, and only that, at the end of April.
DO $$ BEGIN
	PERFORM ar.post_payment(8, 'P1', '2019-02-15', 1000);
	PERFORM ar.post_invoice(8, 'M' || n, '2019-03-10', 10000, '2019-03-31') FROM generate_series(1, 5) n;
	PERFORM ar.post_invoice(8, 'A', '2019-04-10', 100000, '2019-04-30');
	PERFORM ar.post_payment(8, 'P2', '2019-05-15', 49000);
	PERFORM ar.apply_payment(8, d.document_id, p_applied_on => '2019-05-15') FROM ar.document d WHERE d.customer_id = 8 AND d.kind = 'payment' ORDER BY d.document_id;
END $$;
SELECT is(pg_temp.aged(8, '2019-04-30'), '100000.00 50000.00 0.00 0.00 0.00 | -1000.00 | 149000.00',
	'as of 2019-04-30: 100,000 and 50,000, less 1,000');
SELECT is(pg_temp.aged(8, '2019-05-15'), '0.00 100000.00 0.00 0.00 0.00 | 0.00 | 100000.00', 'as of the payment');
SELECT is(pg_temp.open(8), 'A 100000.00', 'what is left');

------------------------------------------------------------------------------------------------
-- Applying
------------------------------------------------------------------------------------------------

-- Oracle Receivables, example of an AutoCash rule set: the third rule, oldest first
DO $$ BEGIN
	PERFORM ar.post_invoice(9, '123', '2002-11-21', 200, '2002-12-11');
	PERFORM ar.post_invoice(9, '124', '2002-11-20', 300, '2002-12-08');
	PERFORM ar.post_invoice(9, '125', '2002-11-18', 150, '2002-12-13');
END $$;
SELECT is(ar.apply_payment(9, ar.post_payment(9, 'P', '2002-12-10', 600), 'oldest_first', '2002-12-10'), 600.00, 'all of the receipt is applied');
SELECT results_eq($$SELECT d.number, a.amount FROM ar.allocation a JOIN ar.item i ON i.customer_id = a.customer_id AND i.item_id = a.debit_item_id
		JOIN ar.document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id WHERE a.customer_id = 9 ORDER BY 1$$,
	$$VALUES ('123', 200.00), ('124', 300.00), ('125', 100.00)$$, '300 to 124, 200 to 123, 100 to 125');
SELECT is(pg_temp.open(9), '125 50.00', '50 of 125 stay open, nothing is on account');

-- Oracle Receivables, AutoCash rule Match Payment
DO $$ BEGIN
	PERFORM ar.post_invoice(10, 'later', '2026-01-01', 500, '2026-01-10');
	PERFORM ar.post_invoice(10, 'sooner', '2026-01-01', 500, '2026-01-05');
	PERFORM ar.apply_payment(10, ar.post_payment(10, 'P', '2026-01-04', 500), p_applied_on => '2026-01-04');
	PERFORM ar.post_invoice(11, 'first', '2026-01-01', 500, '2026-01-05');
	PERFORM ar.post_invoice(11, 'second', '2026-01-01', 500, '2026-01-05');
	PERFORM ar.apply_payment(11, ar.post_payment(11, 'P', '2026-01-04', 500), p_applied_on => '2026-01-04');
END $$;
SELECT is(pg_temp.open(10), 'later 500.00', 'of two equal items the one due first is paid');
SELECT is(pg_temp.open(11), 'second 500.00', 'of two due on one day the one posted first is paid');

-- Microsoft Dynamics 365, automatic settlement prioritization: the caller's own order
SELECT is(array_agg(amount ORDER BY debit_no), '{7.00,100.00,250.00,343.00}'::numeric[], 'interest note first, then invoices by date; 157.00 of the last stay open')
FROM credit.allocate(ARRAY[700.00], ARRAY[7.00, 100.00, 250.00, 500.00]);

-- OCA account_mass_reconcile, test_scenario_reconcile
DO $$ BEGIN
	PERFORM ar.post_invoice(12, 'A', '2026-01-01', 50, '2026-01-31');
	PERFORM ar.post_payment(12, 'P', '2026-01-10', 500);
	PERFORM ar.allocate(12, pg_temp.item(12, 'P'), pg_temp.item(12, 'A'), 50, '2026-01-10');
END $$;
SELECT is(pg_temp.open(12), 'P -450.00', 'the invoice is closed, 450 of the receipt are left');
DO $$ BEGIN
	PERFORM ar.post_invoice(12, 'B', '2026-02-01', 500, '2026-02-28');
	PERFORM ar.allocate(12, pg_temp.item(12, 'P'), pg_temp.item(12, 'B'), 450, '2026-02-01');
END $$;
SELECT is(pg_temp.open(12), 'B 50.00', 'the receipt is closed, 50 of the second invoice are open');
SELECT throws_ok($$SELECT ar.allocate(12, pg_temp.item(12, 'P'), pg_temp.item(12, 'B'), 0.01, '2026-02-01')$$, 'RC007', NULL,
	'and the receipt pays nothing more');

-- Tryton account_receivable_rule, priority maturity date
DO $$ BEGIN
	PERFORM ar.post_invoice(13, '50', '2026-01-01', 50, '2026-01-01');
	PERFORM ar.post_invoice(13, '20', '2026-01-01', 20, '2026-01-01');
	PERFORM ar.post_invoice(13, '30', '2026-01-01', 30, '2026-12-31');
	PERFORM ar.apply_payment(13, ar.post_payment(13, 'P', '2026-01-15', 80), p_applied_on => '2026-01-15');
END $$;
SELECT is(pg_temp.open(13), '30 20.00', '50 and 20 are paid, 10 of the 30');

------------------------------------------------------------------------------------------------
-- Limits, holds, overdue
------------------------------------------------------------------------------------------------

CREATE TABLE public.orders (id serial PRIMARY KEY, customer_id bigint NOT NULL, total numeric NOT NULL, sold_to text);
DO $$ BEGIN PERFORM ar.watch_orders('public.orders', 'customer_id', 'total', 'id'); END $$;

-- Each attempt at an order leaves nothing behind, whether it passes or not.
CREATE FUNCTION pg_temp.attempt(who bigint, amount numeric) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		INSERT INTO public.orders (customer_id, total) VALUES (who, amount);
		RAISE EXCEPTION USING ERRCODE = 'P0001', MESSAGE = 'passes';
	EXCEPTION WHEN OTHERS THEN
		RETURN CASE SQLSTATE WHEN 'P0001' THEN SQLERRM ELSE SQLSTATE END;
	END;
END $$;

-- SAP, static credit check: billing documents, deliveries and orders count, whatever their date.
DO $$ BEGIN
	PERFORM ar.set_credit_limit(20, 100000, '2020-01-01');
	PERFORM ar.post_invoice(20, 'A', current_date, 20000, current_date + 30);
END $$;
INSERT INTO public.orders (customer_id, total, sold_to)
VALUES (20, 5000, 'billing'), (20, 10000, 'deliveries'), (20, 10000, 'inside the horizon'), (20, 20000, 'after it');
DO $$ BEGIN PERFORM ar.set_credit_limit(20, 50000); END $$;
SELECT is(pg_temp.attempt(20, 4000), 'RC002', 'static: 69,000 against a limit of 50,000 is blocked');
SELECT results_eq($$SELECT outcome, exposure, limit_amount, shortfall FROM ar.check_credit(20, 4000)$$,
	$$VALUES ('hold', 65000.00, 50000.00, 19000.00)$$, 'static: by 19,000');
DELETE FROM public.orders WHERE sold_to = 'after it';
SELECT is(pg_temp.attempt(20, 4000), 'passes', 'without the later orders 49,000 pass');
SELECT is(pg_temp.attempt(20, 5000), 'passes', 'exactly the limit passes');
SELECT is(pg_temp.attempt(20, 5000.01), 'RC002', 'a cent more does not');

-- Microsoft Dynamics 365, credit management: block what is more than 61 days overdue.
INSERT INTO ar.check_rule (rule_no, kind, threshold, customer_id) VALUES (103, 'oldest_overdue', 61, 21), (104, 'oldest_overdue', 61, 22);
DO $$ BEGIN
	PERFORM ar.set_credit_limit(c, 10000) FROM generate_series(21, 22) c;
	PERFORM ar.post_invoice(21, 'A', current_date - 110, 100, current_date - 80);
	PERFORM ar.post_invoice(22, 'A', current_date - 91, 100, current_date - 61);
END $$;
SELECT is(pg_temp.attempt(21, 1), 'RC001', '80 days overdue: hold');
SELECT is(pg_temp.attempt(22, 1), 'passes', '61 days overdue are not more than 61');
DO $$ BEGIN PERFORM ar.apply_payment(21, ar.post_payment(21, 'P', current_date, 100)); END $$;
SELECT is(pg_temp.attempt(21, 1), 'passes', 'paid: no hold');

-- The same, example 1 of credit holds: an exclusion allows one customer, or a group of them, 100 days.
INSERT INTO ar.check_rule (rule_no, kind, threshold, risk_class) VALUES (106, 'oldest_overdue', 61, 'D365');
INSERT INTO ar.check_exclusion (rule_no, customer_id, threshold) VALUES (106, 32, 100), (106, 33, 100);
DO $$ BEGIN
	PERFORM ar.set_credit_limit(c, 10000), ar.set_risk_class(c, 'D365') FROM generate_series(31, 33) c;
	PERFORM ar.post_invoice(c, 'A', current_date - 150, 100, current_date - d) FROM (VALUES (31, 80), (32, 80), (33, 120)) v (c, d);
END $$;
SELECT is(pg_temp.attempt(31, 1), 'RC001', '80 days overdue, ordinary customer: hold');
SELECT is(pg_temp.attempt(32, 1), 'passes', '80 days overdue, excluded up to 100: no hold');
SELECT is(pg_temp.attempt(33, 1), 'RC001', '120 days overdue, excluded up to 100: hold');

-- SAP, step 130 of the credit check (KBA 3758589) floors the ratio to whole percents, so that 0.99 passes a limit of 0.
-- Here it is compared exactly.
INSERT INTO ar.check_rule (rule_no, kind, threshold, customer_id) VALUES (107, 'overdue_percent', 0, 34);
DO $$ BEGIN
	PERFORM ar.set_credit_limit(34, 1000000);
	PERFORM ar.post_invoice(34, 'A', current_date - 60, 990, current_date - 2), ar.post_invoice(34, 'B', current_date - 60, 99010, current_date + 30);
END $$;
SELECT is((SELECT (c ->> 'figure')::numeric FROM ar.check_credit(34, 1), jsonb_array_elements(checks) c WHERE c ->> 'kind' = 'overdue_percent'),
	0.99, '990 of 100,000 are 0.99 percent');
SELECT is(pg_temp.attempt(34, 1), 'RC001', '0.99 percent are more than 0');
UPDATE ar.check_rule SET threshold = 0.99 WHERE rule_no = 107;
SELECT is(pg_temp.attempt(34, 1), 'passes', '0.99 percent are not more than 0.99');

-- Tryton account_credit_limit, with 100 receivable.  There no limit is no bound; here that is what the rule says.
DO $$ BEGIN PERFORM ar.post_invoice(23, 'A', current_date, 100, current_date + 30); END $$;
SELECT is(pg_temp.attempt(23, 0), 'RC002', 'limit NULL: a missing limit is no approval');
UPDATE ar.check_rule SET action = 'warn' WHERE kind = 'limit_missing';
SELECT is(pg_temp.attempt(23, 0), 'passes', 'limit NULL and a rule that only warns: +0 passes');
SELECT is(pg_temp.attempt(23, 100), 'passes', 'limit NULL and a rule that only warns: +100 passes');
UPDATE ar.check_rule SET action = 'hold' WHERE kind = 'limit_missing';
DO $$ BEGIN PERFORM ar.set_credit_limit(23, 0); END $$;
SELECT is(pg_temp.attempt(23, 0), 'RC002', 'limit 0: +0 is rejected');
DO $$ BEGIN PERFORM ar.set_credit_limit(23, 200); END $$;
SELECT is(pg_temp.attempt(23, 0), 'passes', 'limit 200: +0 passes');
SELECT is(pg_temp.attempt(23, 150), 'RC002', 'limit 200: +150 is rejected');

-- OCA account_financial_risk: what lowers a risk is never blocked.
DO $$ BEGIN
	PERFORM ar.set_credit_limit(24, 100);
	PERFORM ar.post_invoice(24, 'A', current_date - 30, 550, current_date - 1);
	PERFORM ar.place_hold(24, 'over the limit');
END $$;
SELECT is(pg_temp.attempt(24, 1), 'RC001', 'nothing more is sold');
SELECT lives_ok($$SELECT ar.post_credit_note(24, 'C', current_date, 550)$$, 'a credit note is never blocked');

-- The same: limits for parts of the risk.  550 are unpaid, and the limit for that is 499; then 1,100 in all of 900.
INSERT INTO ar.check_rule (rule_no, kind, threshold, customer_id) VALUES (108, 'overdue_amount', 499, 35);
DO $$ BEGIN
	PERFORM ar.set_credit_limit(35, 1100);
	PERFORM ar.post_invoice(35, 'A', current_date - 30, 550, current_date - 1);
END $$;
SELECT is(pg_temp.attempt(35, 550), 'RC001', 'unpaid 550 against a limit of 499 for what is unpaid');
UPDATE ar.check_rule SET threshold = 550 WHERE rule_no = 108;
SELECT is(pg_temp.attempt(35, 550), 'passes', 'unpaid 550 against 550, and 1,100 in all of 1,100');
DO $$ BEGIN PERFORM ar.set_credit_limit(35, 900); END $$;
SELECT is(pg_temp.attempt(35, 550), 'RC002', '1,100 in all against 900');
DO $$ BEGIN PERFORM ar.set_credit_limit(35, 100); END $$;
SELECT is(pg_temp.attempt(35, 0), 'RC002', '550 against a limit of 100');

-- The same, test_other_account_amount: days of grace
INSERT INTO ar.check_rule (rule_no, kind, threshold, customer_id) VALUES (109, 'overdue_amount', 0, 36);
DO $$ BEGIN
	PERFORM ar.set_credit_limit(36, 1000);
	PERFORM ar.post_invoice(36, 'A', current_date - 30, 100, current_date - 2);
END $$;
SELECT is(pg_temp.attempt(36, 1), 'RC001', '100 due two days ago are overdue');
UPDATE ar.check_rule SET grace_days = 3 WHERE rule_no = 109;
SELECT is(pg_temp.attempt(36, 1), 'passes', 'not with three days of grace');
UPDATE ar.check_rule SET grace_days = 1 WHERE rule_no = 109;
SELECT is(pg_temp.attempt(36, 1), 'RC001', 'but with one');
INSERT INTO ar.check_rule (rule_no, kind, threshold, customer_id) VALUES (105, 'oldest_overdue', 0, 25);
DO $$ BEGIN
	PERFORM ar.set_credit_limit(25, 1000);
	PERFORM ar.post_invoice(25, 'A', current_date - 30, 100, current_date - 2);
END $$;
SELECT is(pg_temp.attempt(25, 1), 'RC001', 'two days late is overdue');
UPDATE ar.check_rule SET threshold = 3 WHERE rule_no = 105;
SELECT is(pg_temp.attempt(25, 1), 'passes', 'within three days of grace it is not');

-- metasfresh, BPartnerCreditLimitRepositoryTest: the latest start wins, whichever was entered last.
DO $$ BEGIN
	PERFORM ar.set_credit_limit(26, 100, '2018-02-10');
	PERFORM ar.set_credit_limit(26, 200, '2018-02-20');
	PERFORM ar.set_credit_limit(27, 200, '2018-02-20');
	PERFORM ar.set_credit_limit(27, 100, '2018-02-10');
END $$;
SELECT is((SELECT limit_amount FROM ar.check_credit(26, 0)), 200.00, '100 from 02-10, then 200 from 02-20');
SELECT is((SELECT limit_amount FROM ar.check_credit(27, 0)), 200.00, '200 from 02-20, then 100 from 02-10');

-- As of 2018-02-28, and on the days around the change
SELECT results_eq($$SELECT l.amount FROM unnest('{2018-02-09,2018-02-10,2018-02-19,2018-02-20,2018-02-28}'::date[]) day, LATERAL ar.limit_on(26, day) l$$,
	$$VALUES (NULL::numeric), (100.00), (100.00), (200.00), (200.00)$$, 'each from its own day on');
SELECT results_eq($$SELECT l.amount FROM unnest('{2018-02-09,2018-02-10,2018-02-19,2018-02-20,2018-02-28}'::date[]) day, LATERAL ar.limit_on(27, day) l$$,
	$$VALUES (NULL::numeric), (100.00), (100.00), (200.00), (200.00)$$, 'in whatever order they were entered');

-- metasfresh, creditLimit.feature: 10 pieces of 10.00, a limit of 8, status "stop"
DO $$ BEGIN PERFORM ar.set_credit_limit(28, 8); END $$;
SELECT is(pg_temp.attempt(28, 10 * 10.00), 'RC002', 'over the limit: refused');
DO $$ BEGIN PERFORM ar.place_hold(28, 'stop'); END $$;
SELECT is(pg_temp.attempt(28, 10 * 10.00), 'RC001', 'and stopped: refused for that');
DO $$ BEGIN PERFORM ar.set_credit_limit(28, 100); END $$;
SELECT is(pg_temp.attempt(28, 10 * 10.00), 'RC001', 'a higher limit lifts no stop');
DO $$ BEGIN PERFORM ar.release_hold(28, (SELECT h.hold_id FROM ar.hold h WHERE h.customer_id = 28), 'paid'); END $$;
SELECT is(pg_temp.attempt(28, 10 * 10.00), 'passes', 'open again, within the limit: passes');

DO $$ BEGIN PERFORM ar.set_customer_status(28, 'legal'); END $$;
SELECT is(pg_temp.attempt(28, 10 * 10.00), 'RC001', 'stopped by its status: refused');
DO $$ BEGIN PERFORM ar.set_customer_status(28, 'active'); END $$;
SELECT is(pg_temp.attempt(28, 10 * 10.00), 'passes', 'active again: passes');

-- metasfresh #4087: the limit is the bill-to's.
DO $$ BEGIN
	PERFORM ar.set_credit_limit(29, 100);
	PERFORM ar.set_credit_limit(30, 1000);
END $$;
SELECT lives_ok($$INSERT INTO public.orders (customer_id, total, sold_to) VALUES (30, 300, '29')$$, '300 for A billed to B, who has 1,000');
SELECT throws_ok($$INSERT INTO public.orders (customer_id, total, sold_to) VALUES (29, 300, '30')$$, 'RC002', NULL, '300 for B billed to A, who has 100');

------------------------------------------------------------------------------------------------
-- Metrics
------------------------------------------------------------------------------------------------

-- Figures of credit handbooks: CriskCo on DSO and ADD, BenjiPays and Trymesha on counting back, Oracle on true DSO.
SELECT is(round(credit.dso(1200000, 10000000, 365), 1), 43.8, 'DSO, CriskCo');
SELECT is(round(credit.best_possible_dso(800000, 10000000, 365), 1), 29.2, 'best possible DSO, CriskCo');
SELECT is(round(credit.average_days_delinquent(1200000, 800000, 10000000, 365), 1), 14.6, 'average days delinquent, CriskCo');
SELECT is(credit.dso_countback(212000, '{100000,80000,70000}', '{30,30,30}'), 73.71, 'counting back, three months of 30 days');
SELECT is(round(credit.dso(150000, 1800000, 365), 1), 30.4, 'DSO of a year');
SELECT is(credit.dso_true('{1000,500}', '{29,60}', '{5000,4000}'), 13.30, 'true DSO, Oracle Receivables');
SELECT is(credit.receivables_turnover(1200000, 100000, 140000), 10.00, 'turnover of average receivables');
SELECT is(round(365 / credit.receivables_turnover(1200000, 100000, 140000), 1), 36.5, 'and the collection period');
SELECT is(credit.bad_debt_ratio(12000, 2400000), 0.50, 'bad debt, gross');
SELECT is(credit.bad_debt_ratio(12000, 2400000, 2000), 0.42, 'bad debt, net of recoveries');
SELECT is(credit.concentration('{50,30,20}'), 3800.00, 'Herfindahl-Hirschman index of three');
SELECT is(credit.concentration(array_fill(1.0, ARRAY[10])), 1000.00, 'and of ten equal ones');

------------------------------------------------------------------------------------------------
-- Over all the examples
------------------------------------------------------------------------------------------------

-- xTuple, araging.js: buckets add up, and before the first document there is nothing.
SELECT isnt_empty($$SELECT FROM ar.aging_at('2026-06-15')$$, 'there are rows');
SELECT is_empty($$SELECT * FROM generate_series(date '2002-11-01', '2027-01-01', interval '91 days') day, LATERAL ar.aging_at(day::date) a
	WHERE (SELECT sum(amount) FROM unnest(a.amounts) amount) + a.unapplied <> a.total$$, 'the buckets of every row add up to its total');
SELECT is_empty($$SELECT * FROM ar.aging_at('1970-01-01')$$, 'as of 1970-01-01 there are no rows');
SELECT is_empty($$SELECT * FROM ar.verify_ledger()$$, 'verify_ledger() finds nothing in the examples');

SELECT * FROM finish();
ROLLBACK;
