-- credit.aging against plain SQL on random items, under every plan: parallel, spilled, grouping sets, windows.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

SELECT setseed(0.25);
CREATE TABLE any_table AS
SELECT n AS id, (random() * 400)::integer AS customer, 'region ' || n % 5 AS region,
	CASE WHEN n % 97 > 0 THEN round((random() * 9000 - 1000)::numeric, n % 4) END AS amount,
	CASE WHEN n % 31 > 0 THEN date '2026-06-15' + 40 - (random() * 180)::integer END AS due
FROM generate_series(1, 20000) AS n;
ANALYZE any_table;

-- What people write by hand.
CREATE TEMP TABLE by_hand AS
SELECT customer,
	ARRAY[coalesce(sum(amount) FILTER (WHERE due IS NULL OR date '2026-06-15' - due <= 0), 0),
		coalesce(sum(amount) FILTER (WHERE date '2026-06-15' - due BETWEEN 1 AND 30), 0),
		coalesce(sum(amount) FILTER (WHERE date '2026-06-15' - due BETWEEN 31 AND 60), 0),
		coalesce(sum(amount) FILTER (WHERE date '2026-06-15' - due BETWEEN 61 AND 90), 0),
		coalesce(sum(amount) FILTER (WHERE date '2026-06-15' - due > 90), 0)] AS amounts,
	ARRAY[count(amount) FILTER (WHERE due IS NULL OR date '2026-06-15' - due <= 0),
		count(amount) FILTER (WHERE date '2026-06-15' - due BETWEEN 1 AND 30),
		count(amount) FILTER (WHERE date '2026-06-15' - due BETWEEN 31 AND 60),
		count(amount) FILTER (WHERE date '2026-06-15' - due BETWEEN 61 AND 90),
		count(amount) FILTER (WHERE date '2026-06-15' - due > 90)] AS counts,
	count(amount) FILTER (WHERE due IS NULL) AS undated,
	coalesce(sum(amount), 0) AS total,
	coalesce(sum(amount) FILTER (WHERE due < date '2026-06-15'), 0) AS past_due,
	round(sum(amount * (date '2026-06-15' - due)) FILTER (WHERE due < date '2026-06-15')
		/ nullif(sum(amount) FILTER (WHERE due < date '2026-06-15'), 0), 2) AS average
FROM any_table GROUP BY customer;
CREATE TEMP TABLE aged AS
SELECT customer, credit.aging(amount, due, '2026-06-15') AS a, credit.aging(amount, due, '2026-06-15', '-20,15,45') AS b
FROM any_table GROUP BY customer;
SELECT count(*), bool_and(credit.amounts(a) = amounts) AS amounts, bool_and(credit.counts(a) = counts) AS counts,
	bool_and(credit.undated(a) = undated) AS undated, bool_and(credit.total(a) = total) AS total,
	bool_and(credit.past_due(a) = past_due) AS past_due, bool_and(credit.average_days_past_due(a) IS NOT DISTINCT FROM average) AS average,
	bool_and(credit.past_due(b) = past_due AND credit.total(b) = total AND credit.average_days_past_due(b) IS NOT DISTINCT FROM average) AS other_buckets
FROM by_hand JOIN aged USING (customer);
-- Nothing falls between buckets, whatever the date.
SELECT bool_and(credit.total(a) = total) AS conserved
FROM (SELECT as_of, credit.aging(amount, due, as_of) AS a, sum(amount) AS total
	FROM any_table, generate_series(date '2025-01-01', '2028-01-01', interval '3 months') AS g, LATERAL (SELECT g::date AS as_of) AS d
	GROUP BY as_of) AS q;

-- In parallel: workers hand over partial values, as they are.
CREATE TEMP TABLE serial AS
SELECT credit.aging(amount, due, '2026-06-15') AS a, credit.aging(amount, due, '2026-06-15', '0') AS b,
	credit.aging(amount, due, '2026-06-15', '7,77', id % 3 - 1) AS c
FROM any_table;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF)
SELECT credit.aging(amount, due, '2026-06-15') AS a, credit.aging(amount, due, '2026-06-15', '0') AS b,
	credit.aging(amount, due, '2026-06-15', '7,77', id % 3 - 1) AS c
FROM any_table;
SELECT p.a::text = s.a::text AS a, p.b::text = s.b::text AS b, p.c::text = s.c::text AS c
FROM serial AS s, (SELECT credit.aging(amount, due, '2026-06-15') AS a, credit.aging(amount, due, '2026-06-15', '0') AS b,
	credit.aging(amount, due, '2026-06-15', '7,77', id % 3 - 1) AS c
	FROM any_table) AS p;
-- By group; a bucket of one bound is small enough for a short header between workers.
SELECT bool_and(p.a OPERATOR(credit.=) aged.a) AS a, bool_and(credit.past_due(p.b) = credit.past_due(aged.a)) AS b
FROM aged JOIN (SELECT customer, credit.aging(amount, due, '2026-06-15') AS a, credit.aging(amount, due, '2026-06-15', '0') AS b
	FROM any_table GROUP BY customer) AS p USING (customer);
CREATE TABLE any_snapshot AS SELECT * FROM aged;
EXPLAIN (COSTS OFF) SELECT credit.merge(a) FROM any_snapshot;
SELECT credit.merge(any_snapshot.a) OPERATOR(credit.=) (SELECT a FROM serial) AS merged FROM any_snapshot;
SET max_parallel_workers_per_gather = 0;

-- A hash table larger than its memory goes to disk and comes back.
CREATE FUNCTION pg_temp.spilled(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
	RETURN plan::text ~ '"HashAgg Batches": ([2-9]|\d\d)';
END $$;
SET enable_sort = off;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT pg_temp.spilled($$SELECT customer, due, credit.aging(amount, due, '2026-06-15') FROM any_table GROUP BY customer, due$$);
SELECT bool_and(again.a OPERATOR(credit.=) aged.a) AS same
FROM aged JOIN (SELECT customer, credit.merge(a) AS a FROM
	(SELECT customer, due, credit.aging(amount, due, '2026-06-15') AS a FROM any_table GROUP BY customer, due) AS d GROUP BY customer) AS again USING (customer);
RESET hash_mem_multiplier;
RESET work_mem;
RESET enable_sort;
SET enable_hashagg = off;
SELECT bool_and(again.a OPERATOR(credit.=) aged.a) AS sorted
FROM aged JOIN (SELECT customer, credit.aging(amount, due, '2026-06-15') AS a FROM any_table GROUP BY customer) AS again USING (customer);
RESET enable_hashagg;

-- Grouping sets, hashed and sorted: the total is the sum of the regions.
SELECT count(*), bool_and(g.a OPERATOR(credit.=) CASE WHEN g.region IS NULL THEN serial.a ELSE r.a END) AS same
FROM serial, (SELECT region, credit.aging(amount, due, '2026-06-15') AS a FROM any_table GROUP BY CUBE (region)) AS g
	LEFT JOIN (SELECT region, credit.aging(amount, due, '2026-06-15') AS a FROM any_table GROUP BY region) AS r USING (region);
SET enable_hashagg = off;
SELECT bool_and(g.a OPERATOR(credit.=) CASE WHEN g.region IS NULL THEN serial.a ELSE r.a END) AS same
FROM serial, (SELECT region, credit.aging(amount, due, '2026-06-15') AS a FROM any_table GROUP BY CUBE (region)) AS g
	LEFT JOIN (SELECT region, credit.aging(amount, due, '2026-06-15') AS a FROM any_table GROUP BY region) AS r USING (region);
RESET enable_hashagg;

-- As a window function: every row keeps its own value although the state goes on.
SELECT id, credit.aging(amount, due, '2026-06-15', '0,30') OVER (ORDER BY id)
FROM (VALUES (1, 5, date '2026-06-01'), (2, 2.50, '2026-01-01'), (3, NULL, '2026-01-01'), (4, 1, NULL), (5, -5, '2026-06-01')) AS v(id, amount, due);
CREATE TEMP TABLE windowed AS
SELECT id, credit.aging(amount, due, '2026-06-15') OVER running AS running,
	credit.aging(amount, due, '2026-06-15') OVER (ORDER BY id ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING) AS moving,
	credit.merge(one) OVER running AS merged
FROM (SELECT id, amount, due, credit.aging(amount, due, '2026-06-15') AS one FROM any_table WHERE id <= 120 GROUP BY id, amount, due) AS t
WINDOW running AS (ORDER BY id);
SELECT count(*), bool_and(running OPERATOR(credit.=) (SELECT credit.aging(amount, due, '2026-06-15') FROM any_table AS t WHERE t.id <= w.id)) AS running,
	bool_and(merged OPERATOR(credit.=) running) AS merged,
	bool_and(moving OPERATOR(credit.=) (SELECT credit.aging(amount, due, '2026-06-15') FROM any_table AS t WHERE t.id BETWEEN w.id - 3 AND least(w.id + 1, 120))) AS moving
FROM windowed AS w;

-- Open then = open now + what was applied since, which brings its amount back but no new item.
SELECT credit.merge(part) OPERATOR(credit.=) (SELECT a FROM serial) AS rolled_back
FROM (SELECT credit.aging(amount - round(amount / 3, 3), due, '2026-06-15', '0,30,60,90', 1) FROM any_table
	UNION ALL SELECT credit.aging(round(amount / 3, 3), due, '2026-06-15', '0,30,60,90', 0) FROM any_table) AS p(part);

DROP TABLE any_table, any_snapshot;
