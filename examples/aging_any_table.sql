-- aging_any_table.sql: age what is open in a table of your own.  No ledger is needed.
CREATE EXTENSION credit_control;

CREATE TABLE receivable (
	region text NOT NULL,
	customer text NOT NULL,
	number text PRIMARY KEY,
	due_date date,
	open_amount numeric(12,2) NOT NULL
);
INSERT INTO receivable VALUES
	('north', 'Alder Hardware', 'INV-1', '2026-07-20', 1200.00),
	('north', 'Alder Hardware', 'INV-2', '2026-06-11', 800.00),
	('north', 'Alder Hardware', 'INV-3', '2026-05-31', 450.50),
	('north', 'Beacon Catering', 'INV-4', '2026-03-01', 99.99),
	('south', 'Cedar Logistics', 'INV-5', '2026-06-30', 5000.00),
	('south', 'Cedar Logistics', 'INV-6', NULL, 310.00),
	('south', 'Cedar Logistics', 'CN-1', '2026-06-01', -60.00);

-- One value per customer, as of a date.  Days past due are as-of date less due date; the bounds of the buckets are
-- inclusive: not due, 1-30, 31-60, 61-90, > 90.
SELECT customer, credit.aging(open_amount, due_date, '2026-06-30') AS aging
FROM receivable GROUP BY customer ORDER BY customer;

-- What one reads from it.
SELECT customer, credit.total(a), credit.past_due(a), credit.bucket(a, 2) AS days_1_30, credit.bucket(a, 3) AS days_31_60,
	credit.bucket(a, 5) AS over_90, credit.average_days_past_due(a) AS average_days, credit.undated(a)
FROM (SELECT customer, credit.aging(open_amount, due_date, '2026-06-30') AS a FROM receivable GROUP BY customer) t
ORDER BY customer;

-- As rows, for a chart.
SELECT bucket, label, amount, items
FROM (SELECT credit.aging(open_amount, due_date, '2026-06-30') AS a FROM receivable) t, credit.buckets(a);

-- Buckets of your own; negative bounds split what is coming due.
SELECT label, amount, items
FROM (SELECT credit.aging(open_amount, due_date, '2026-06-30', '-14,0,15,45') AS a FROM receivable) t, credit.buckets(a);

-- Agings add up: keep one per customer and month end, and sum them as you like.
CREATE TABLE month_end_aging AS
SELECT date '2026-06-30' AS as_of, region, customer, credit.aging(open_amount, due_date, '2026-06-30') AS aging
FROM receivable GROUP BY region, customer;

SELECT region, credit.past_due(credit.merge(aging)), credit.total(credit.merge(aging))
FROM month_end_aging GROUP BY region ORDER BY region;

SELECT credit.total(a.aging OPERATOR(credit.+) b.aging) AS alder_and_beacon
FROM month_end_aging a, month_end_aging b WHERE a.customer = 'Alder Hardware' AND b.customer = 'Beacon Catering';

-- For a program: the same as JSON.
SELECT jsonb_pretty(aging::jsonb -> 'buckets' -> 1) FROM month_end_aging WHERE customer = 'Alder Hardware';

-- Which credit pays which debit, without any table: positions in the arrays, and how much.
SELECT * FROM credit.allocate(credits => '{1000, 500}', debits => '{800, 450.50, 1200}',
	due_dates => '{2026-06-11, 2026-05-31, 2026-07-20}', method => 'oldest_first');
