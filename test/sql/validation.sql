-- Validation of scores: examples from texts, brute force over all pairs, every plan, and what is refused.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

------------------------------------------------------------------------------------------------
-- Examples
------------------------------------------------------------------------------------------------

-- scikit-learn's roc_auc_score: labels 0 0 1 1 of scores .1 .4 .35 .8 make 0.75 (its 1 is the good one here).
SELECT credit.auc(score, bad), credit.gini(score, bad), credit.ks(score, bad) FROM (VALUES (.1, true), (.4, true), (.35, false), (.8, false)) AS v (score, bad);
-- Upside down, all tied, perfect; a ks has no direction.
SELECT credit.auc(-score, bad), credit.gini(-score, bad), credit.ks(-score, bad) FROM (VALUES (.1, true), (.4, true), (.35, false), (.8, false)) AS v (score, bad);
SELECT credit.auc(1, bad), credit.gini(1, bad), credit.ks(1, bad) FROM unnest('{t,t,f}'::boolean[]) AS bad;
SELECT credit.auc(n, n < 4), credit.gini(n, n < 4), credit.ks(n, n < 4) FROM generate_series(1, 9) AS n;
-- geeksforgeeks.org, population stability index: 40, 30, 30% became 35, 25, 40%.
SELECT credit.psi('{0.4,0.3,0.3}'::numeric[], '{0.35,0.25,0.4}'::numeric[]), credit.psi('{400,300,300}'::numeric[], '{7,5,8}'::numeric[]) AS counts;
SELECT credit.psi(bin, is_actual) FROM (VALUES (1, false, 40), (2, false, 30), (3, false, 30), (1, true, 35), (2, true, 25), (3, true, 40)) AS v (bin, is_actual, n), generate_series(1, n);
-- An empty bin counts as 0.0001, or as what is given; shares that have not moved make 0.
SELECT credit.psi('{1,1}'::numeric[], '{1,0}'::numeric[]), round((1 - 0.5) * ln(1 / 0.5) + (0.0001 - 0.5) * ln(0.0001 / 0.5), 10) AS by_hand,
	credit.psi('{1,1}'::numeric[], '{1,0}'::numeric[], 0.01) AS hundredth, round((1 - 0.5) * ln(1 / 0.5) + (0.01 - 0.5) * ln(0.01 / 0.5), 10) AS by_hand,
	credit.psi('{1,2,0}'::numeric[], '{10,20,0}'::numeric[]) AS same;
SELECT credit.psi(bin, is_actual) FROM (VALUES (1, false), (2, false), (1, true)) AS v (bin, is_actual);
-- real-statistics.com, Hosmer-Lemeshow: a statistic of 24.40567 with 10 degrees of freedom has p = 0.006593.
SELECT credit.chi_square_p(24.40567, 10);
-- Tables of the chi-square distribution: 5% and 0.1% points.
SELECT df, round(credit.chi_square_p(five, df), 4) AS five, round(credit.chi_square_p(tenth, df), 5) AS tenth
FROM (VALUES (1, 3.841, 10.828), (2, 5.991, 13.816), (3, 7.815, 16.266), (8, 15.507, 26.124), (30, 43.773, 59.703), (100, 124.342, 149.449)) AS v (df, five, tenth);
SELECT credit.chi_square_p(0, 5) AS sure, credit.chi_square_p('infinity', 5) AS never, credit.chi_square_p(1000, 1000) AS middle, credit.chi_square_p(5000, 999) AS far;
-- Against the sum of all Poisson probabilities (even) and the integral of the density (odd).
SELECT bool_and(abs(credit.chi_square_p(x, df) - tail) < 1e-8)
FROM generate_series(0.5, 40, 0.5) AS x, generate_series(2, 40, 2) AS df,
	LATERAL (SELECT sum(exp(-x / 2) * (x / 2) ^ k / factorial(k)) AS tail FROM generate_series(0, df / 2 - 1) AS k) AS t;
SELECT bool_and(abs(credit.chi_square_p(x, 3) - (1 - integral)::numeric) < 1e-6)
FROM generate_series(1, 20) AS x, LATERAL (SELECT sum(CASE WHEN i IN (0, 2000) THEN 1 WHEN i % 2 = 1 THEN 4 ELSE 2 END * 2 * t * t * exp(-t * t / 2)) * sqrt(x) / 6000 / sqrt(2 * pi()) AS integral
	FROM generate_series(0, 2000) AS i, LATERAL (SELECT sqrt(x) * i / 2000 AS t) AS at) AS simpson;

------------------------------------------------------------------------------------------------
-- Random customers: all pairs
------------------------------------------------------------------------------------------------

SELECT setseed(0.75);
CREATE TABLE validated AS
SELECT n, n % 8 AS kind, CASE WHEN n % 29 > 0 THEN pd END AS pd,
	CASE n % 8 WHEN 0 THEN round(850 - 550 * pd) WHEN 1 THEN 5 WHEN 2 THEN round(10 * pd - 5) WHEN 3 THEN 1 / pd WHEN 4 THEN pd * 1e-300 WHEN 5 THEN sign(pd - 0.3) / 0.0000001 ELSE -pd END AS score,
	CASE WHEN n % 31 > 0 THEN CASE WHEN n % 8 = 7 THEN false ELSE random() < pd END END AS bad
FROM (SELECT n, (random() ^ 2)::double precision AS pd FROM generate_series(1, 4000) AS n) AS p;
ANALYZE validated;
CREATE TEMP TABLE by_pairs AS
SELECT g.kind, avg(CASE WHEN g.score > b.score THEN 1 WHEN g.score = b.score THEN 0.5 ELSE 0 END) AS auc
FROM validated AS g JOIN validated AS b USING (kind) WHERE NOT g.bad AND b.bad GROUP BY g.kind;
CREATE TEMP TABLE by_window AS
SELECT kind, max(abs(bads_below / nullif(bads, 0) - goods_below / nullif(goods, 0))) AS ks
FROM (SELECT kind, count(*) FILTER (WHERE bad) OVER below::numeric AS bads_below, count(*) FILTER (WHERE NOT bad) OVER below::numeric AS goods_below,
		count(*) FILTER (WHERE bad) OVER kinds AS bads, count(*) FILTER (WHERE NOT bad) OVER kinds AS goods
	FROM validated WHERE score IS NOT NULL AND bad IS NOT NULL WINDOW kinds AS (PARTITION BY kind), below AS (PARTITION BY kind ORDER BY score)) AS r GROUP BY kind;
SELECT kind, abs(c.auc - p.auc) < 1e-12 AS auc, abs(c.gini - (2 * p.auc - 1)) < 1e-12 AS gini, abs(c.ks - w.ks) < 1e-12 AS ks, a = c.auc AS by_numeric
FROM by_pairs AS p JOIN by_window AS w USING (kind)
	JOIN (SELECT kind, credit.auc(score, bad), credit.gini(score, bad), credit.ks(score, bad), credit.auc(CASE WHEN kind IN (0, 1, 2, 5) THEN score::numeric ELSE NULL END, bad) AS a
		FROM validated GROUP BY kind) AS c USING (kind) ORDER BY kind;
-- Of one kind there are no bads.
SELECT credit.auc(score, bad), credit.gini(score, bad), credit.ks(score, bad), count(*) > 400 AS many FROM validated WHERE kind = 7;
-- Decimals of any length are the doubles that a cast makes of them.
SELECT bool_and(credit.score_accum(NULL::bytea, x, true) = credit.score_accum(NULL::bytea, x::double precision, true)) AS same, count(*)
FROM (SELECT CASE n % 3 WHEN 0 THEN random()::numeric WHEN 1 THEN round((random() * 2000 - 1000)::numeric, n % 15) ELSE random()::numeric * (10::numeric ^ (n % 60 - 30)) END AS x
	FROM generate_series(1, 3000) AS n UNION ALL VALUES (0), (-0.0), (9007199254740993), (-9007199254740992), (1e22), (1e23), (1e-400), ('infinity'), (-1e400)) AS v (x)
WHERE abs(x) < 1e300 AND (x = 0 OR abs(x) > 1e-300);

------------------------------------------------------------------------------------------------
-- Hosmer-Lemeshow against plain SQL
------------------------------------------------------------------------------------------------

-- Group j ends at the customer in place (n - 1) j / g of those in order, counted from 0.
CREATE FUNCTION pg_temp.by_hand(which integer, decimals integer, g integer) RETURNS TABLE (statistic numeric, groups bigint) LANGUAGE sql AS $$
	WITH c AS (SELECT round(pd::numeric, decimals) AS pd, bad FROM validated WHERE kind = which AND pd IS NOT NULL AND bad IS NOT NULL),
		o AS (SELECT array_agg(pd ORDER BY pd) AS pds, count(*)::integer AS n FROM c),
		e AS (SELECT j, pds[(n - 1) * j / g + 1] AS upto FROM o, generate_series(1, g) AS j),
		s AS (SELECT (SELECT min(j) FROM e WHERE c.pd <= e.upto) AS j, count(*) AS n, count(*) FILTER (WHERE bad) AS o, sum(pd) AS p FROM c GROUP BY 1)
	SELECT sum(CASE WHEN o = p THEN 0 WHEN p IN (0, n) THEN 'infinity' ELSE (o - p) ^ 2 / (p * (1 - p / n)) END), count(*) FROM s
$$;
SELECT kind, decimals, g, m.groups, m.df = m.groups - 2 AS df, (m.statistic = h.statistic OR abs(m.statistic - h.statistic) < 1e-6 * h.statistic) AND m.groups = h.groups AS by_hand, m.p_value = credit.chi_square_p(m.statistic, m.df) AS p
FROM (VALUES (0, 9, 10), (0, 2, 10), (1, 1, 10), (1, 3, 10), (2, 9, 3), (3, 1, 7), (4, 9, 400), (6, 9, 1000)) AS v (kind, decimals, g),
	LATERAL (SELECT (credit.hosmer_lemeshow(round(pd::numeric, decimals), bad, g)).* FROM validated AS c WHERE c.kind = v.kind) AS m, pg_temp.by_hand(kind, decimals, g) AS h;
SELECT credit.hosmer_lemeshow(pd, bad) = credit.hosmer_lemeshow(pd, bad, 10) AS ten, (credit.hosmer_lemeshow(pd, bad)).p_value > 0.001 AS true_probabilities_pass,
	(credit.hosmer_lemeshow(pd / 2, bad)).p_value AS halved_fail FROM validated WHERE kind <> 7;
-- Sure of all, and right; sure, and wrong once; too few groups; no bads at all is no reason to be silent.
SELECT credit.hosmer_lemeshow(n % 3 / 2.0, n % 3 = 2 OR n % 6 = 1), credit.hosmer_lemeshow(CASE WHEN n < 10 THEN 0 ELSE n / 100.0 END, n = 3 OR n > 80) FROM generate_series(0, 99) AS n;
SELECT credit.hosmer_lemeshow(0.5, true), credit.hosmer_lemeshow(NULL::numeric, true), (credit.hosmer_lemeshow(n / 10.0, false, 3)).groups FROM generate_series(1, 9) AS n;

------------------------------------------------------------------------------------------------
-- Any plan, any size
------------------------------------------------------------------------------------------------

CREATE TABLE many AS
SELECT n, n % 3 AS part, random() AS pd, round(random() * 500) AS points, random() < 0.3 AS bad FROM generate_series(1, 30000) AS n;
ANALYZE many;
-- All different (a sorted run), few (a hash table), and nearly all different with few groups of each.
CREATE TEMP TABLE serial AS
SELECT credit.auc(pd, bad) AS auc, credit.gini(points, bad) AS gini, credit.ks(round(pd::numeric, 4), bad) AS ks, credit.psi(round(points / 50), bad) AS psi, credit.hosmer_lemeshow(pd, bad, 20) AS hl FROM many;
SELECT round(auc, 10) = (SELECT round((sum(rank) FILTER (WHERE NOT bad) - goods * (goods + 1) / 2) / (goods * bads), 10)
	FROM (SELECT bad, rank() OVER (ORDER BY pd)::numeric AS rank, count(*) FILTER (WHERE NOT bad) OVER () AS goods, count(*) FILTER (WHERE bad) OVER () AS bads FROM many) AS r GROUP BY goods, bads) AS auc_of_run
FROM serial;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT credit.auc(pd, bad), credit.hosmer_lemeshow(pd, bad, 20) FROM many;
SELECT (SELECT s FROM serial AS s) = ROW(credit.auc(pd, bad), credit.gini(points, bad), credit.ks(round(pd::numeric, 4), bad), credit.psi(round(points / 50), bad), credit.hosmer_lemeshow(pd, bad, 20)) AS parallel
FROM many;
-- Workers with many scores and workers with few.
SELECT credit.auc(CASE WHEN n < 29000 THEN 1 ELSE pd END, bad) = (SELECT credit.auc(score, bad) FROM (SELECT CASE WHEN n < 29000 THEN 1 ELSE pd END AS score, bad FROM many ORDER BY pd) AS o) AS uneven FROM many;
RESET max_parallel_workers_per_gather;
-- Any way of combining parts: run with run, hash table with run, with nothing.
CREATE AGGREGATE pg_temp.state(double precision, boolean) (SFUNC = credit.score_accum, STYPE = bytea, COMBINEFUNC = credit.score_combine, PARALLEL = SAFE);
SELECT bool_and(credit.score_auc(credit.score_combine(credit.score_combine(a, b), c)) = auc) AS one_way,
	bool_and(credit.score_auc(credit.score_combine(c, credit.score_combine(NULL, credit.score_combine(b, a)))) = auc) AS another,
	bool_and(credit.score_ks(credit.score_combine(credit.score_combine(credit.score_combine(a, NULL), c), b)) = ks) AS third
FROM (SELECT credit.auc(pd, bad) AS auc, credit.ks(pd, bad) AS ks FROM many) AS whole,
	(VALUES (0, 100), (100, 2500), (5000, 20000), (10000, 10000), (0, 0)) AS v (x, y),
	LATERAL (SELECT pg_temp.state(pd, bad) FILTER (WHERE n <= x) AS a, pg_temp.state(pd, bad) FILTER (WHERE n > x AND n <= y) AS b, pg_temp.state(pd, bad) FILTER (WHERE n > y) AS c FROM many) AS s;
-- As a window: each row its own value although the state goes on; hashed by group.
SELECT bool_and(w.auc IS NOT DISTINCT FROM (SELECT credit.auc(points, bad) FROM many AS m WHERE m.n <= w.n)) AS running
FROM (SELECT n, credit.auc(points, bad) OVER (ORDER BY n) AS auc FROM many WHERE n <= 100) AS w;
SELECT count(*), bool_and(auc = (SELECT credit.auc(points, bad) FROM many AS m WHERE m.part = g.part)) AS by_group FROM (SELECT part, credit.auc(points, bad) AS auc FROM many GROUP BY part) AS g;

------------------------------------------------------------------------------------------------
-- Nothing, and what is refused
------------------------------------------------------------------------------------------------

SELECT credit.auc(1, true) AS auc, credit.gini(1, false) AS gini, credit.ks(NULL::numeric, true) AS ks, credit.psi(1, NULL) AS psi, credit.hosmer_lemeshow(0.5, NULL) AS hl FROM generate_series(1, 3);
SELECT credit.auc(1.0, true) AS auc, credit.gini(1, true) AS gini, credit.ks(1, true) AS ks, credit.psi(1, true) AS psi, credit.hosmer_lemeshow(0.5, true) AS hl FROM generate_series(1, 0);
-- Infinite scores are the best and the worst, also those too large for a double; a zero has no sign.
SELECT credit.auc(score::double precision, bad), credit.auc(score::numeric, bad) FROM (VALUES ('-infinity', true), ('0', false), ('-0', true), ('infinity', false)) AS v (score, bad);
SELECT credit.auc(score, bad) FROM (VALUES (1e400, false), (1e308, true), (-1e400, true)) AS v (score, bad);
\set VERBOSITY sqlstate
SELECT credit.auc('NaN'::double precision, true);
SELECT credit.gini('NaN'::numeric, true);
SELECT credit.hosmer_lemeshow(1.01, true);
SELECT credit.hosmer_lemeshow(-0.01, true);
SELECT credit.hosmer_lemeshow(0.5, true, 2);
SELECT credit.hosmer_lemeshow(0.5, true, 1001);
SELECT credit.hosmer_lemeshow(0.5, true, NULL);
SELECT credit.hosmer_lemeshow(0.5, true, n) FROM generate_series(3, 4) AS n;
SELECT credit.chi_square_p(-1, 1);
SELECT credit.chi_square_p('NaN', 1);
SELECT credit.chi_square_p(1, 0);
SELECT credit.chi_square_p(1, 1001);
SELECT credit.psi('{1,2}'::numeric[], '{1}'::numeric[]);
SELECT credit.psi('{1,NULL}'::numeric[], '{1,2}'::numeric[]);
SELECT credit.psi('{1,-2}'::numeric[], '{1,2}'::numeric[]);
SELECT credit.psi('{1,NaN}'::numeric[], '{1,2}'::numeric[]);
SELECT credit.psi('{1,2}'::numeric[], '{0,0}'::numeric[]);
SELECT credit.psi('{}'::numeric[], '{}'::numeric[]);
SELECT credit.psi('{1e308,1e308}'::numeric[], '{1,1}'::numeric[]);
SELECT credit.psi('{{1,2}}'::numeric[], '{1,2}'::numeric[]);
SELECT credit.psi('{1,2}'::numeric[], '{1,2}'::numeric[], 0);
SELECT credit.psi('{1,2}'::numeric[], '{1,2}'::numeric[], 1);
-- Bytes that are no state, or lie: never more than a wrong answer.
SELECT credit.score_auc('\x');
SELECT credit.score_auc(decode(repeat('00', 28), 'hex'));
SELECT credit.score_auc(decode(repeat('00', 29), 'hex'));
SELECT credit.score_accum(decode(repeat('ff', 268), 'hex'), 1.0, true);
SELECT credit.score_accum(decode('00000000ffffffff08000000' || repeat('ff', 256), 'hex'), 1.0, true);
SELECT credit.score_accum(decode('00000000ffffffff09000000' || repeat('00', 256), 'hex'), 1.0, true);
SELECT length(credit.score_combine(decode('000000000500000004000000' || repeat('ff', 256), 'hex'), NULL));
SELECT credit.score_combine(credit.score_accum(NULL, 0.5, true, 3), credit.score_accum(NULL, 0.5, true, 4));
SELECT length(credit.score_combine(credit.score_accum(NULL, 0.5, true), decode('00000000ffffffff08000000' || repeat('ff', 256), 'hex')));
SELECT credit.score_auc(decode('000000000000000010000000' || repeat('00000000000ff03fff000000ff000000', 16), 'hex')), credit.score_ks(decode('00000000ffffffff08000000' || repeat('00000000000ff03fff000000ff000000', 16), 'hex'));
SELECT credit.score_combine(decode('000000000000000010000000' || repeat('00000000000ff03fffffffff00000000', 16), 'hex'), credit.score_accum(NULL, 0.5, true));
\set VERBOSITY default
DROP TABLE validated, many;
