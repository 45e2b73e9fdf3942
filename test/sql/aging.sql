-- credit.aging: the aggregates, what they make of missing and impossible input, merging, accessors.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

CREATE FUNCTION pg_temp.error(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END $$;

--
-- Worked examples
--

-- A snapshot whose current bucket is 30 days, by transaction date, as of 2021-05-05: that date and
-- the prior 29 days are current, 2021-04-05 is not.
SELECT day, credit.amounts(credit.aging(1, day, '2021-05-05', '29,59,89'))
FROM unnest('{2021-05-05,2021-04-06,2021-04-05}'::date[]) AS day GROUP BY day ORDER BY day DESC;

-- Due on 06-30: current that day, 1-30 on 07-01 and 07-30, 31-60 on 07-31.
SELECT as_of, credit.bucket_label(credit.aging_buckets(aging), credit.oldest(aging))
FROM (SELECT as_of, credit.aging(100.00, '2026-06-30', as_of) AS aging
	FROM unnest('{2026-06-30,2026-07-01,2026-07-30,2026-07-31}'::date[]) AS as_of GROUP BY as_of) AS a
ORDER BY as_of;

-- A leap year: due 2024-02-29, as of 2024-03-31, is 31 days.
SELECT credit.aging(1, '2024-02-29', '2024-03-31'), credit.aging(1, '2024-02-28', '2024-02-29'),
	credit.aging(1, '2023-02-28', '2023-03-01');

-- 1,000 is 45 days past due, 500 not due, a receipt of 300 is unapplied: with credits in current,
-- and with credits as a column of their own.
CREATE TEMP TABLE open_item (customer integer, amount numeric, due date);
INSERT INTO open_item VALUES (1, 1000.00, '2026-05-01'), (1, 500.00, '2026-06-21'), (1, -300.00, NULL);
SELECT credit.total(a), credit.amounts(a), credit.counts(a), credit.undated(a)
FROM (SELECT credit.aging(amount, due, '2026-06-15') FROM open_item) AS q(a);
SELECT credit.total(a) + unapplied AS total, credit.amounts(a), unapplied
FROM (SELECT credit.aging(amount, due, '2026-06-15') FILTER (WHERE amount > 0),
	sum(amount) FILTER (WHERE amount < 0) FROM open_item) AS q(a, unapplied);

-- 900 in three instalments: each is aged by its own date.
SELECT credit.amounts(credit.aging(300.00, due, '2026-06-15'))
FROM unnest('{2026-04-30,2026-05-30,2026-06-30}'::date[]) AS due;

-- A cent left open is reported.
SELECT credit.total(credit.aging(amount, '2026-01-01', '2026-06-15')) FROM unnest('{100,-99.99}'::numeric[]) AS amount;

--
-- Nothing, NULLs, no due date
--
SELECT credit.aging(amount, due, '2026-06-15') IS NULL AS of_no_rows FROM open_item WHERE false;
SELECT credit.aging(NULL, due, '2026-06-15') AS of_nulls FROM open_item;
SELECT credit.aging(NULL, due, '2026-06-15', '-7,7') AS of_nulls FROM open_item;
SELECT credit.total(a), credit.past_due(a), credit.amounts(a), credit.counts(a), credit.undated(a),
	credit.average_days_past_due(a), credit.oldest(a)
FROM (SELECT credit.aging(NULL, due, '2026-06-15') FROM open_item) AS empty(a);
SELECT credit.aging(amount, due, '2026-06-15')
FROM (VALUES (5.00, NULL::date), (NULL, '2026-01-01'), (NULL, NULL), (7, '2026-06-14')) AS v(amount, due);
-- No due date is 0 days past due, wherever the bounds put that.
SELECT credit.aging(1, NULL, '2026-06-15', '-30,-1'), credit.aging(1, NULL, '2026-06-15', '10,20');
SELECT credit.total(NULL), credit.bucket(NULL, 1), credit.oldest(NULL), NULL::credit.aging::jsonb;
SELECT count(*) FROM credit.buckets(NULL);

SELECT pg_temp.error($$SELECT credit.aging(1, '2026-01-01', NULL)$$);
SELECT pg_temp.error($$SELECT credit.aging(NULL, '2026-01-01', NULL)$$);
SELECT pg_temp.error($$SELECT credit.aging(1, '2026-01-01', '2026-01-01', NULL)$$);
SELECT pg_temp.error($$SELECT credit.aging(1, '2026-01-01', '2026-01-01', NULL, 1)$$);
SELECT pg_temp.error($$SELECT credit.aging(1, '2026-01-01', '2026-01-01', '0', NULL)$$);
SELECT pg_temp.error($$SELECT credit.aging(1, 'infinity', '2026-01-01')$$);
SELECT pg_temp.error($$SELECT credit.aging(1, '-infinity', '2026-01-01')$$);
SELECT pg_temp.error($$SELECT credit.aging(1, '2026-01-01', 'infinity')$$);
SELECT pg_temp.error($$SELECT credit.aging(1, '2026-01-01', '-infinity', '0')$$);
SELECT pg_temp.error(format('SELECT credit.aging(%L, ''2026-01-01'', ''2026-01-01'')', amount))
FROM unnest('{NaN,Infinity,-Infinity}'::text[]) AS amount;

--
-- Amounts of every kind
--

-- The value has the most decimals seen, in whatever order they come.
SELECT credit.aging(amount, due, '2026-06-15') FROM (VALUES (1000, date '2026-06-14'), (1.500, '2026-06-14'), (2.5, '2026-05-01')) AS kwd_jpy(amount, due);
SELECT credit.aging(amount, '2026-06-15', '2026-06-15') FROM unnest('{0.0000000001,3,-1.25}'::numeric[]) AS amount;
SELECT credit.total(credit.aging(amount, '2026-06-15', '2026-06-15')) FROM unnest('{1500,250}'::numeric[]) AS amount;
-- Large, and as large as it gets: exact or refused.
SELECT credit.aging(amount, '2025-06-15', '2026-06-15')
FROM unnest('{123456789012345678901234567890.12,987654321098765432109876543210.99,-0.01}'::numeric[]) AS amount;
SELECT credit.total(credit.aging(amount, '2026-01-01', '2026-01-01'))
FROM unnest('{170141183460469231731687303715884105726,1}'::numeric[]) AS amount;
SELECT pg_temp.error($$SELECT credit.aging(amount, '2026-01-01', '2026-01-01') FROM unnest('{170141183460469231731687303715884105727,1}'::numeric[]) AS amount$$);
SELECT pg_temp.error($$SELECT credit.aging(amount, '2026-01-01', '2026-01-01') FROM unnest('{-170141183460469231731687303715884105727,-2}'::numeric[]) AS amount$$);
SELECT pg_temp.error($$SELECT credit.aging(1e37, '2026-01-01', '2026-06-15')$$);
SELECT pg_temp.error($$SELECT credit.aging(amount, '2026-01-01', '2026-01-01') FROM unnest('{1e37,0.01}'::numeric[]) AS amount$$);
SELECT pg_temp.error($$SELECT credit.aging(amount, '2026-01-01', '2026-01-01') FROM unnest('{0.01,1e37}'::numeric[]) AS amount$$);
-- Each bucket holds its sum, the total does not fit.
SELECT pg_temp.error($$SELECT credit.total(a) FROM (SELECT credit.aging(1e38, due, '2026-06-15') FROM unnest('{2026-06-15,2026-06-14}'::date[]) AS due) AS q(a)$$);
-- The first and last days there are.
SELECT credit.aging(1.00, '4713-01-01 BC', '5874897-12-31'), credit.aging(1.00, '5874897-12-31', '4713-01-01 BC');

--
-- Buckets and items
--
SELECT credit.aging(amount, due, '2026-06-15', '-30,0,30') FROM (VALUES (1, date '2026-08-01'), (2, '2026-07-15'), (4, '2026-07-14'), (8, '2026-06-15'), (16, '2026-06-14'), (32, '2026-05-01')) AS v(amount, due);
-- 15 and 45 put items that are due and items that are not into one bucket; past due stays exact.
SELECT a, credit.past_due(a), credit.average_days_past_due(a)
FROM (SELECT credit.aging(amount, due, '2026-06-15', '15,45') FROM (VALUES (100, date '2026-06-20'), (200, '2026-06-05'), (400, '2026-05-26'), (800, '2026-01-01')) AS v(amount, due)) AS q(a);
-- Rolling back: a payment of 40 on an item of 100 gives the amount back, a whole item leaves.
SELECT credit.aging(amount, due, '2026-06-15', '0,30,60,90', items)
FROM (VALUES (60.00, date '2026-05-01', 1), (40.00, '2026-05-01', 0), (80.00, '2026-06-01', 1), (-80.00, '2026-06-01', -1), (5.00, NULL, 2), (-5.00, NULL, -1)) AS v(amount, due, items);
SELECT pg_temp.error($$SELECT credit.aging(1, due, '2026-06-15', buckets) FROM (VALUES (date '2026-01-01', '0,30'::credit.aging_buckets), ('2026-01-01', '0,31')) AS v(due, buckets)$$);
SELECT pg_temp.error($$SELECT credit.aging(1, due, '2026-06-15', buckets) FROM (VALUES (date '2026-01-01', '0,30'::credit.aging_buckets), ('2026-01-01', '0,30,60')) AS v(due, buckets)$$);
SELECT buckets, credit.aging(1, due, '2026-06-15', buckets)
FROM (VALUES (date '2026-06-01', '0,30'::credit.aging_buckets), ('2026-01-01', '0,30'), ('2026-06-01', '0,10')) AS v(due, buckets)
GROUP BY buckets ORDER BY buckets;
SELECT credit.aging(1, '2026-01-01', '2026-01-01', '0', 2147483647) FROM generate_series(1, 3);
SELECT pg_temp.error($$SELECT credit.aging_accum('0;undated=0;1/9223372036854775807/0;0/0/0', 1, '2026-01-01', '2026-01-01', '0')$$);
SELECT pg_temp.error($$SELECT credit.aging_accum('0;undated=9223372036854775807;1/1/0;0/0/0', 1, NULL, '2026-01-01', '0')$$);

-- DISTINCT, ORDER BY and FILTER are the executor's, but need a type that can be sorted.
SELECT credit.aging(DISTINCT amount, due, '2026-06-15'), credit.aging(DISTINCT amount, due, '2026-06-15', '0'),
	credit.aging(amount, due, '2026-06-15' ORDER BY due DESC), credit.aging(amount, due, '2026-06-15') FILTER (WHERE amount > 1)
FROM (VALUES (1, date '2026-06-01'), (1, '2026-06-01'), (2, '2026-06-01'), (1, NULL), (1, NULL)) AS v(amount, due);

--
-- Adding and merging
--
CREATE TEMP TABLE part AS
SELECT customer, credit.aging(amount, due, '2026-06-15') AS aging
FROM (VALUES (1, 10, date '2026-06-01'), (1, 2.5, '2026-01-01'), (2, 3.125, '2026-05-01'), (3, NULL, NULL), (4, -4, NULL)) AS v(customer, amount, due)
GROUP BY customer;
INSERT INTO part VALUES (5, NULL);
SELECT customer, aging FROM part ORDER BY customer;
SELECT credit.merge(aging ORDER BY customer) FROM part;
SELECT credit.merge(aging ORDER BY customer DESC) OPERATOR(credit.=) (SELECT credit.merge(aging) FROM part) AS any_order FROM part;
SELECT credit.merge(aging) IS NULL AS of_no_rows FROM part WHERE false;
SELECT credit.merge(aging) IS NULL AS of_null FROM part WHERE customer = 5;
SELECT a.aging OPERATOR(credit.+) b.aging AS sum, (a.aging OPERATOR(credit.+) b.aging) OPERATOR(credit.=) (b.aging OPERATOR(credit.+) a.aging) AS commutes
FROM part AS a, part AS b WHERE (a.customer, b.customer) = (1, 2);
SELECT aging OPERATOR(credit.+) NULL IS NULL AS plus_null FROM part WHERE customer = 1;
-- Adding leaves the arguments as they were.
SELECT aging FROM part WHERE customer = 1;
SELECT pg_temp.error($$SELECT aging OPERATOR(credit.+) credit.aging(1, '2026-01-01', '2026-01-01', '0,30') FROM part WHERE customer = 1 GROUP BY aging$$);
SELECT pg_temp.error($$SELECT credit.merge(a) FROM (VALUES ((SELECT credit.aging(1, '2026-01-01', '2026-01-01', '0,30'))), ((SELECT credit.aging(1, '2026-01-01', '2026-01-01', '0,31')))) AS v(a)$$);
SELECT pg_temp.error($$SELECT credit.merge(a) FROM (SELECT credit.aging(1e38, '2026-01-01', '2026-01-01') FROM generate_series(1, 2) AS g GROUP BY g) AS v(a)$$);

--
-- Equality: decimals that say nothing do not count
--
CREATE TEMP TABLE same (a credit.aging, b credit.aging);
INSERT INTO same VALUES
	('0;undated=0;1.50/1/0.00;2.00/1/20.00', '0;undated=0;1.5/1/0.0;2.0/1/20.0'),
	('0;undated=0;1.50/1/0.00;2.00/1/20.00', '0;undated=0;1.51/1/0.00;2.00/1/20.00'),
	('0;undated=0;1.50/1/0.00;2.00/1/20.00', '0;undated=0;1.5/1/0.0;2.0/1/20.1'),
	('0;undated=0;1.50/1/0.00;2.00/1/20.00', '0;undated=0;1.5/2/0.0;2.0/1/20.0'),
	('0;undated=0;1.50/1/0.00;2.00/1/20.00', '0;undated=1;1.5/1/0.0;2.0/1/20.0'),
	('0;undated=0;1.50/1/0.00;2.00/1/20.00', '1;undated=0;1.50/1/0.00;2.00/1/20.00;past_due=2.00/1/20.00'),
	('1;undated=0;1/1/1;2/1/20;past_due=2/1/20', '1;undated=0;1/1/1;2/1/20;past_due=3/2/21'),
	('0;undated=0;170141183460469231731687303715884105727/1/0;0/0/0', '0;undated=0;17014118346046923173168730371588410572.7/1/0.0;0.0/0/0.0');
SELECT a OPERATOR(credit.=) b AS eq, b OPERATOR(credit.=) a AS qe, a OPERATOR(credit.<>) b AS ne,
	credit.aging_hash(a) = credit.aging_hash(b) AS hash_eq, x = y AS row_eq
FROM same, LATERAL (SELECT same.a AS v) AS x, LATERAL (SELECT same.b AS v) AS y;
SELECT count(*) FROM (SELECT a FROM same UNION SELECT b FROM same) AS u;

--
-- Accessors
--
CREATE TEMP TABLE v AS
SELECT credit.aging(amount, due, '2026-06-15') AS a
FROM (VALUES (500.00, date '2026-06-21'), (1000.00, '2026-05-01'), (250.50, '2026-01-01'), (-0.5, '2026-01-01')) AS v(amount, due);
SELECT credit.total(a), credit.past_due(a), credit.bucket(a, 1), credit.bucket(a, 5), credit.amounts(a), credit.counts(a),
	credit.undated(a), credit.average_days_past_due(a), credit.oldest(a), credit.aging_buckets(a) FROM v;
SELECT b.* FROM v, credit.buckets(a) AS b;
SELECT b.* FROM credit.buckets('-30,30;undated=0;1/1/-40;2/1/0;3/1/93;past_due=3/1/93') AS b;
SELECT pg_temp.error(format('SELECT credit.bucket(a, %s) FROM v', n)) FROM unnest('{0,-1,6}'::int[]) AS n;
SELECT a::numeric[], a::jsonb = to_jsonb(a) AS same, a::json FROM v;
SELECT jsonb_pretty(a::jsonb) FROM v;
SELECT a::jsonb FROM (SELECT credit.aging(NULL, NULL, '2026-01-01', '15')) AS q(a);
-- Weighted by amount, rounded half away from zero.
SELECT description, credit.average_days_past_due(a), credit.past_due(a)
FROM (VALUES ('(100 x 10 + 300 x 30) / 400', '0;undated=0;0/0/0;400/2/10000'::credit.aging),
	('1 / 200 = 0.005', '0;undated=0;0/0/0;200/1/1'),
	('1 / 201', '0;undated=0;0/0/0;201/1/1'),
	('1 / 199', '0;undated=0;0/0/0;199/1/1'),
	('2 / 3', '0;undated=0;0.0/0/0.0;0.3/1/0.2'),
	('-1 / 200', '0;undated=0;0/0/0;200/1/-1'),
	('1 / -200', '0;undated=0;0/0/0;-200/1/1'),
	('-1 / -200', '0;undated=0;0/0/0;-200/1/-1'),
	('credit 30 days past due', '0;undated=0;0/0/0;-100/1/-3000'),
	('credit makes up for all', '0;undated=0;0/0/0;0/2/300'),
	('nothing past due', '0;undated=0;100/1/-500;0/0/0'),
	('just under 0.005', '0;undated=0;0/0/0;170141183460469231731687303715884105727/1/850705917302346158658436518579420528'),
	('just over 0.005', '0;undated=0;0/0/0;170141183460469231731687303715884105727/1/850705917302346158658436518579420529'))
	AS x(description, a);
-- Oldest: an item or an amount makes a bucket count.
SELECT a, credit.oldest(a)
FROM unnest(ARRAY['0,30;undated=0;0/0/0;0/0/0;0/0/0', '0,30;undated=0;1/1/0;0/0/0;0/0/0', '0,30;undated=0;0/0/0;0/1/0;0/0/0',
	'0,30;undated=0;0/0/0;0/0/0;1/0/31', '0,30;undated=0;0/0/0;0/0/0;-1/1/-31']::credit.aging[]) AS a;
