-- Random cases against the same rules written in plain SQL: running sums on
-- both sides, joined where they overlap.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

SELECT setseed(0.42);

-- Up to 12 items a side.  Amounts are a few units (many ties), ordinary, or
-- too large for a product in 128 bits; due dates fall on five days, a fifth
-- are missing, and a fifth of the cases have none at all.
CREATE TEMP TABLE trial AS
SELECT id, method, minor_unit, magnitude, floor(random() * 13)::int AS ncredits,
	floor(random() * 13)::int AS ndebits, random() < 0.2 AS undated
FROM (SELECT id,
		(array['oldest_first','newest_first','largest_first','smallest_first','pro_rata'])[1 + id % 5] AS method,
		(array[0,2,3,18])[1 + floor(random() * 4)::int] AS minor_unit,
		(array[4,100000,1e15])[1 + floor(random() * 3)::int] AS magnitude
	FROM generate_series(1, 10000) AS id) AS t;

CREATE TEMP TABLE item AS
SELECT id, side, no,
	CASE WHEN side = 'debit' AND NOT undated AND random() < 0.8
		THEN date '2026-01-01' + floor(random() * 5)::int END AS due,
	(1 + floor(random() * magnitude)::numeric
	 + CASE WHEN magnitude = 1e15 THEN floor(random() * 1e15)::numeric * 1e15 ELSE 0 END) AS units
FROM trial, (VALUES ('credit'), ('debit')) AS s(side),
	generate_series(1, CASE side WHEN 'credit' THEN ncredits ELSE ndebits END) AS no;

ANALYZE trial, item;

-- What the rules say.
CREATE TEMP TABLE expected AS
WITH sums AS (
	SELECT id, coalesce(sum(units) FILTER (WHERE side = 'credit'), 0) AS credits,
		coalesce(sum(units) FILTER (WHERE side = 'debit'), 0) AS debits
	FROM item GROUP BY id
), debit AS (
	SELECT id, no, units, least(credits, debits) AS total, debits AS all_debits,
		row_number() OVER (PARTITION BY id ORDER BY
			CASE method WHEN 'newest_first' THEN - (due - date '2026-01-01')
				WHEN 'oldest_first' THEN due - date '2026-01-01' END NULLS LAST,
			CASE method WHEN 'largest_first' THEN -units WHEN 'smallest_first' THEN units END,
			due NULLS LAST, no) AS rank,
		method
	FROM item JOIN trial USING (id) JOIN sums USING (id) WHERE side = 'debit'
), share AS (
	SELECT id, no, rank,
		CASE WHEN method = 'pro_rata' AND total < all_debits THEN
			div(total * units, all_debits) +
			CASE WHEN row_number() OVER (PARTITION BY id ORDER BY mod(total * units, all_debits) DESC, rank)
				<= total - sum(div(total * units, all_debits)) OVER (PARTITION BY id) THEN 1 ELSE 0 END
		ELSE units END AS units
	FROM debit
), debit_range AS (
	SELECT id, no, sum(units) OVER w - units AS lower, sum(units) OVER w AS upper
	FROM share WHERE units > 0 WINDOW w AS (PARTITION BY id ORDER BY rank)
), credit_range AS (
	SELECT id, no, sum(units) OVER w - units AS lower, sum(units) OVER w AS upper
	FROM item WHERE side = 'credit' WINDOW w AS (PARTITION BY id ORDER BY no)
)
SELECT id, row_number() OVER (PARTITION BY id ORDER BY greatest(c.lower, d.lower)) AS place,
	c.no AS credit_no, d.no AS debit_no, least(c.upper, d.upper) - greatest(c.lower, d.lower) AS units
FROM credit_range AS c JOIN debit_range AS d USING (id)
WHERE c.lower < d.upper AND d.lower < c.upper;

-- What the kernel does.
CREATE TEMP TABLE actual AS
SELECT id, place, credit_no, debit_no, amount, amount * ('1e' || minor_unit)::numeric AS units
FROM trial
	JOIN (SELECT id,
			coalesce(array_agg(units * unit ORDER BY no) FILTER (WHERE side = 'credit'), '{}') AS credits,
			coalesce(array_agg(units * unit ORDER BY no) FILTER (WHERE side = 'debit'), '{}') AS debits,
			coalesce(array_agg(due ORDER BY no) FILTER (WHERE side = 'debit'), '{}') AS due_dates
		  FROM (SELECT id, ('1e-' || minor_unit)::numeric AS unit FROM trial) AS u
			LEFT JOIN item USING (id)
		  GROUP BY id) AS given USING (id),
	ROWS FROM (credit.allocate(credits, debits, CASE WHEN NOT undated THEN due_dates END, method, minor_unit))
		WITH ORDINALITY AS a(credit_no, debit_no, amount, place);

-- The cases are worth something: each kind occurs often.
SELECT count(*) FILTER (WHERE tied) > 1000 AS ties, count(*) FILTER (WHERE huge) > 1000 AS huge,
	count(*) FILTER (WHERE short) > 1000 AS short_of_money, count(*) FILTER (WHERE over) > 1000 AS money_left,
	count(*) FILTER (WHERE nothing) > 100 AS nothing_to_do
FROM (SELECT trial.id,
		count(units) FILTER (WHERE side = 'debit') > count(DISTINCT (due, units)) FILTER (WHERE side = 'debit') AS tied,
		magnitude = 1e15 AS huge,
		sum(units) FILTER (WHERE side = 'credit') < sum(units) FILTER (WHERE side = 'debit') AS short,
		sum(units) FILTER (WHERE side = 'credit') > sum(units) FILTER (WHERE side = 'debit') AS over,
		ncredits = 0 OR ndebits = 0 AS nothing
	FROM trial LEFT JOIN item USING (id) GROUP BY trial.id, magnitude, ncredits, ndebits) AS kind;

-- Rows, their order and their amounts.
SELECT method, count(DISTINCT id) AS trials,
	count(*) FILTER (WHERE (a.credit_no, a.debit_no, a.units) IS DISTINCT FROM (e.credit_no, e.debit_no, e.units))
		AS mismatches
FROM trial LEFT JOIN (expected AS e FULL JOIN actual AS a USING (id, place)) USING (id)
GROUP BY method ORDER BY method;

-- Amounts have the decimals of the minor unit, no more and no fewer.
SELECT count(*) AS wrong_scale FROM actual JOIN trial USING (id) WHERE scale(amount) <> minor_unit;

-- Conservation: nothing is over-allocated, and all that can be is allocated.
SELECT count(*) AS over_allocated
FROM (SELECT id, 'credit' AS side, credit_no AS no, sum(units) AS used FROM actual GROUP BY 1, 2, 3
	  UNION ALL
	  SELECT id, 'debit', debit_no, sum(units) FROM actual GROUP BY 1, 2, 3) AS allocated
	LEFT JOIN item USING (id, side, no)
WHERE used > units OR used <= 0 OR units IS NULL;

SELECT count(*) AS total_differs
FROM (SELECT id, least(coalesce(sum(units) FILTER (WHERE side = 'credit'), 0),
			coalesce(sum(units) FILTER (WHERE side = 'debit'), 0)) AS possible
	  FROM item GROUP BY id) AS p
	LEFT JOIN (SELECT id, sum(units) AS done FROM actual GROUP BY id) AS d USING (id)
WHERE possible <> coalesce(done, 0);

-- Pro rata keeps within one unit of the exact share.
SELECT count(*) AS off_quota
FROM (SELECT id, no, units, sum(units) OVER (PARTITION BY id) AS all_debits
	  FROM item JOIN trial USING (id) WHERE side = 'debit' AND method = 'pro_rata') AS debit
	JOIN (SELECT id, sum(units) AS total FROM actual GROUP BY id) AS t USING (id)
	LEFT JOIN (SELECT id, debit_no AS no, sum(units) AS share FROM actual GROUP BY 1, 2) AS s USING (id, no)
WHERE abs(coalesce(share, 0) * all_debits - total * units) >= all_debits;
