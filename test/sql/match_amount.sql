-- Matching by amount: rules, worked examples, limits and errors.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

-- Oracle Receivables, "Match Payment with Invoice" (Examples of using each
-- AutoCash rule): of two debit items of 500.00 the one due first is paid; if
-- they are due on one day, the first, but then nothing says that it is meant.
SELECT * FROM credit.match_amount(500, '{500,500}', due_dates => '{2003-01-10,2003-01-05}');
SELECT * FROM credit.match_amount(500, '{500,500}', due_dates => '{2003-01-05,2003-01-05}');
-- The same rule: an invoice of 2,000.00 with 10% discount, while it may be
-- taken and when it may not.
SELECT * FROM credit.match_amount(1800.00, '{2000.00}', discounted => '{1800.00}');
SELECT * FROM credit.match_amount(1800.00, '{2000.00}', discounted => '{NULL}');
-- Oracle Receivables, "Clear the Account" (AutoCash rules): all open debit and
-- credit items, exactly.
SELECT * FROM credit.match_amount(450.00, '{300,200,-50}');
SELECT * FROM credit.match_amount(449.99, '{300,200,-50}');
-- Oracle Receivables, example of an AutoCash rule set: neither one item nor the
-- account makes 600.
SELECT * FROM credit.match_amount(600, '{200,300,150}', due_dates => '{2002-12-11,2002-12-08,2002-12-13}');
-- Microsoft Dynamics 365 Finance, "Settle a payment that covers multiple
-- discount periods on multiple invoices": full settlement on 06-29 and 07-01.
SELECT * FROM credit.match_amount(2970, '{1000,1000,1000}', discounted => '{NULL,990,980}');
SELECT * FROM credit.match_amount(2980, '{1000,1000,1000}', discounted => '{NULL,990,990}');
-- The same source, penny difference: 999.90 for 1,000.00.
SELECT * FROM credit.match_amount(999.90, '{1000.00,77.00}');
SELECT * FROM credit.match_amount(999.90, '{1000.00,77.00}', 0.10);
-- OCA account_mass_reconcile, test_scenario_reconcile: 50.10 for 50 with a
-- write-off limit of 0.05 and of 0.11.
SELECT outcome, difference FROM credit.match_amount(50.10, '{50}', 0.05);
SELECT outcome, difference FROM credit.match_amount(50.10, '{50}', 0.11);

-- Structures, the strongest first: all, all past due, the oldest, one, two,
-- three or four, any number.
SELECT paid, outcome, structure, item_nos
FROM unnest('{1111111,111,11,1,1001,1011,110111}'::numeric[]) AS paid,
	credit.match_amount(paid, '{1,10,100,1000,10000,100000,1000000}',
		due_dates => '{2026-01-01,2026-01-02,2026-01-03,2026-01-04,2026-01-05,2026-01-06,NULL}', as_of => '2026-01-04');
-- The oldest end where the due date changes: within one day nothing says which
-- comes first.
SELECT paid, structure FROM unnest('{11,111}'::numeric[]) AS paid,
	credit.match_amount(paid, '{1,10,100,1000}', due_dates => '{2026-01-01,2026-01-02,2026-01-02,2026-01-03}');
-- Without due dates there is no oldest.
SELECT structure FROM credit.match_amount(11, '{1,10,100,1000}');

-- One item and a run of the oldest are evidence of the same rank; two items are
-- not, for there are many more pairs.
SELECT outcome, structure, item_nos, solutions FROM credit.match_amount(300, '{100,200,300}', due_dates => '{2026-01-01,2026-01-02,2026-01-03}');
SELECT outcome, structure, item_nos, solutions FROM credit.match_amount(300, '{100,200,300}');
-- A large set counts only while it is the only one: then it goes before one
-- item within the tolerance, and two of them do not.
SELECT outcome, structure, difference FROM credit.match_amount(31, '{1,2,4,8,16,33,100}', 2);
SELECT outcome, structure, difference FROM credit.match_amount(31, '{1,2,4,8,16,33,100,16}', 2);
SELECT outcome, structure, solutions, difference FROM credit.match_amount(31, '{1,2,4,8,16,100,16}', 2);
-- Within the tolerance the nearest goes first, and the others count.
SELECT outcome, item_nos, difference, solutions FROM credit.match_amount(100, '{98,101,97}', 3);

-- Of items that are alike the older are paid first.  With another discount they
-- are not alike.
SELECT outcome, item_nos, solutions FROM credit.match_amount(20, '{10,10,10}', due_dates => '{2026-01-03,2026-01-01,2026-01-02}');
SELECT outcome, item_nos, solutions FROM credit.match_amount(20, '{10,10,10}', due_dates => '{2026-01-02,2026-01-01,2026-01-02}');
SELECT outcome, item_nos, solutions FROM credit.match_amount(20, '{10,10,10}');
SELECT outcome, item_nos, solutions FROM credit.match_amount(10, '{10,10}', discounted => '{9,NULL}', due_dates => '{2026-01-02,2026-01-01}');

-- Credit notes, refunds, and a payment of nothing for what cancels out.
SELECT outcome, structure, item_nos FROM credit.match_amount(70, '{100,-30,55}');
SELECT outcome, structure, item_nos FROM credit.match_amount(-30, '{100,-30,55}');
SELECT outcome, structure, item_nos FROM credit.match_amount(0, '{100,-100,55}');
SELECT outcome FROM credit.match_amount(0, '{100,50}');
-- Items of zero are part of no set.
SELECT outcome, item_nos FROM credit.match_amount(100, '{0,100,0.00}');
SELECT * FROM credit.match_amount(100, '{}');
-- Scales may differ.
SELECT outcome, item_nos, difference FROM credit.match_amount(0.3, '{0.1,0.200,0.0005}', 0.00001);
-- 37 digits.
SELECT outcome, item_nos FROM credit.match_amount(3333333333333333333333333333333333.00, '{1111111111111111111111111111111111.11,2222222222222222222222222222222221.89,5}');

-- How many sets make an amount, up to a cap: 8 of 16 is 12,870.
SELECT outcome, solutions, capped FROM credit.match_amount(8, array_fill(1, '{16}'));
SELECT outcome, solutions, capped FROM credit.match_amount(8, array_fill(1, '{16}'), max_solutions => 12870);
SELECT outcome, solutions, capped FROM credit.match_amount(8, array_fill(1, '{16}'), max_solutions => 12869);
-- max_items: no larger set without structure.
SELECT outcome, structure FROM credit.match_amount(11111, '{1,10,100,1000,10000,7}', max_items => 5);
SELECT outcome, structure FROM credit.match_amount(11111, '{1,10,100,1000,10000,7}', max_items => 4);
SELECT outcome, structure FROM credit.match_amount(111, '{1,10,100,1000,10000,7}', max_items => 3);
SELECT outcome, structure FROM credit.match_amount(111, '{1,10,100,1000,10000,7}', max_items => 2);
SELECT outcome, structure FROM credit.match_amount(11, '{1,10,100,1000,10000,7}', max_items => 1);
SELECT outcome, structure FROM credit.match_amount(7, '{1,10,100,1000,10000,7}', max_items => 1);

-- The work limit is said.  Sevens and one half never make 3.50 more than a
-- multiple of seven, but to know that needs all sums; whole sevens need none.
CREATE TEMP TABLE sevens AS SELECT array_agg(7.0 * (1 + i * 37 % 211)) AS amounts FROM generate_series(1, 200) AS i;
SELECT outcome, solutions, capped FROM sevens, credit.match_amount(8053.5, amounts || 0.5);
SELECT outcome, solutions, capped FROM sevens, credit.match_amount(8053.5, amounts, max_work => 1);
-- What has been found is reported: one, of which nobody knows whether it is the only one.
SELECT max_work, outcome, structure, solutions, capped, item_nos
FROM sevens, unnest('{100,12000,100000}'::int[]) AS max_work,
	credit.match_amount(703.5, amounts || 0.5 || 3.0 || -1000.0, max_items => 3, max_work => max_work);
-- 10,000 items: structure is always looked for, and small sets as far as the
-- work goes.
CREATE TEMP TABLE many AS
SELECT array_agg(1 + i * 7919 % 104729 * 0.01 ORDER BY i) AS amounts, array_agg(date '2026-01-01' + i / 100 ORDER BY i) AS due_dates
FROM generate_series(1, 10000) AS i;
SELECT paid, outcome, structure, cardinality(item_nos)
FROM many, LATERAL (VALUES (1, (SELECT sum(a) FROM unnest(amounts) AS a)),
		(2, (SELECT sum(a) FROM unnest(amounts[1:499]) AS a)), (3, amounts[5000])) AS v(paid, amount),
	credit.match_amount(amount, amounts, due_dates => due_dates);
SELECT outcome, structure, capped FROM many, credit.match_amount(0.005, amounts);
-- The answer is the same twice, and cancelling works.
SELECT count(DISTINCT m) FROM many, generate_series(1, 3), LATERAL (SELECT (credit.match_amount(123456.78, amounts, due_dates => due_dates))::text AS m) AS m;
BEGIN;
SET LOCAL statement_timeout = 100;
SELECT credit.match_amount(8053.5, amounts || 0.5, max_work => 100000000) FROM sevens;
ROLLBACK;

-- Errors
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT credit.match_amount(NULL, '{1}');
SELECT credit.match_amount(1, NULL);
SELECT credit.match_amount(1, '{1}', NULL);
SELECT credit.match_amount(1, '{1,NULL}');
SELECT credit.match_amount(1, '{1,NaN}');
SELECT credit.match_amount('Infinity', '{1}');
SELECT credit.match_amount(1, '{{1,2},{3,4}}');
SELECT credit.match_amount(1, '{1}', -0.01);
SELECT credit.match_amount(1, '{1}', max_solutions => 1);
SELECT credit.match_amount(1, '{1}', max_items => 0);
SELECT credit.match_amount(1, '{1}', max_work => 0);
SELECT credit.match_amount(1, '{1}', discounted => '{1,2}');
SELECT credit.match_amount(1, '{1}', discounted => '{1.01}');
SELECT credit.match_amount(1, '{1}', discounted => '{0}');
SELECT credit.match_amount(1, '{-1}', discounted => '{1}');
SELECT credit.match_amount(1, '{1}', due_dates => '{2026-01-01,2026-01-02}');
SELECT credit.match_amount(1, '{1}', due_dates => '{infinity}');
SELECT credit.match_amount(1, '{1}', as_of => '-infinity');
SELECT credit.match_amount(1, '{199999999999999999999999999999999999.99}');
SELECT credit.match_amount(1, '{99999999999999999999999999999999999999.99}');
