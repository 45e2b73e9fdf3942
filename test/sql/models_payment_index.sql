-- Payment index: one experience, the weighted mean, and its risk.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

-- Dun & Bradstreet's points (docs.dnb.com, dandb.com/glossary/paydex): days beyond terms of each.
SELECT string_agg(credit.payment_index_of(days)::text, ' ' ORDER BY n) AS "100 90 85 80 70 60 55 50 45 40 30 20"
FROM unnest('{-30,-20,-10,0,15,22,26,30,45,60,90,120}'::integer[]) WITH ORDINALITY AS v (days, n);
-- Its chart between the points: 29 days early is 99, 18 early 89, 8 early 84, 23 late 59, 24 58, 25 57, 27 54, 28 53, 29 52, 33 49, 48 44.
SELECT string_agg(credit.payment_index_of(days)::text, ' ' ORDER BY n) AS "99 89 84 59 58 57 54 53 52 49 44"
FROM unnest('{-29,-18,-8,23,24,25,27,28,29,33,48}'::integer[]) WITH ORDINALITY AS v (days, n);
-- Over 120 days is 0 to 19, from the first hour; nothing leaves 0 to 100.
SELECT days, credit.payment_index_of(days) FROM unnest('{-1000,-30.5,120.0001,121,123,123.0001,126,177,179.9,180,100000}'::numeric[]) AS days;
SELECT credit.payment_index_of(1e30), credit.payment_index_of(-1e30), credit.payment_index_of(1e-38), credit.payment_index_of(1.50000000000000000000000000000000000001);
-- Never better by paying later, and the same as a straight line rounded up.
CREATE TEMP TABLE point AS
SELECT days, index, lead(days) OVER w AS next_days, lead(index) OVER w AS next_index
FROM unnest('{-30,-20,-10,0,15,22,26,30,45,60,90,120,180}'::integer[], '{100,90,85,80,70,60,55,50,45,40,30,20,0}'::integer[]) AS p (days, index) WINDOW w AS (ORDER BY days);
SELECT count(*), bool_and(i <= before) AS falls, bool_and(i = CASE WHEN d > 120 THEN least(19, line) ELSE line END) AS line
FROM (SELECT d, i, lag(i, 1, 100) OVER (ORDER BY d) AS before, ceil(round(p.index - (d - p.days) * (p.index - p.next_index) / (p.next_days - p.days), 12)) AS line
	FROM (SELECT d, credit.payment_index_of(d) AS i FROM generate_series(-30, 179.75, 0.25) AS d) AS s JOIN point AS p ON p.days <= d AND d < p.next_days) AS s;

-- dandb.com: weighted by dollars.  20,000 prompt and 5,000 slow 30 are (20,000 x 80 + 5,000 x 50) / 25,000 = 74; bands 80-100, 50-79, 0-49.
SELECT credit.payment_index(high_credit, days), credit.payment_index_risk(credit.payment_index(high_credit, days)) FROM (VALUES (20000, 0), (5000, 30)) AS v (high_credit, days);
SELECT i, credit.payment_index_risk(i) FROM unnest('{100,80,79.99,79,50,49.99,49,0}'::numeric[]) AS i;

-- What is no experience; how many it takes.
SELECT credit.payment_index(amount, days) AS index, credit.payment_index(amount, days, 2) AS of_two, credit.payment_index(amount, days, 3) AS of_three
FROM (VALUES (10, 0), (10, 15), (NULL, 15), (1000, NULL), (0, 120)) AS v (amount, days);
SELECT credit.payment_index(1, 1) FILTER (WHERE false) AS none, credit.payment_index(NULL, 1) AS no_amount, credit.payment_index(0, 1) AS no_weight FROM generate_series(1, 2);
SELECT credit.payment_index(amount, days) FROM (VALUES (0.01, 0), (0.0200, 15), (3e-20, 120)) AS v (amount, days);
SELECT credit.payment_index(1.7e36, 30), credit.payment_index(amount, 30) FROM (VALUES (1.7e34), (1.7e34)) AS v (amount);

-- Against plain SQL, by group, in parallel, with states that are combined, and as a window.
SELECT setseed(0.5);
CREATE TABLE experience AS
SELECT n, n % 50 AS company, CASE WHEN n % 41 > 0 THEN round((random() * 5000)::numeric, n % 3) END AS amount, CASE WHEN n % 37 > 0 THEN round((random() * 200 - 40)::numeric, n % 2) END AS days
FROM generate_series(1, 10000) AS n;
ANALYZE experience;
CREATE TEMP TABLE by_hand AS
SELECT company, round(sum(amount * credit.payment_index_of(days)) / sum(amount) FILTER (WHERE days IS NOT NULL), 2) AS index, count(*) FILTER (WHERE amount * days IS NOT NULL AND amount > 0) AS experiences
FROM experience GROUP BY company;
SELECT count(*), bool_and(e.index = h.index) AS same, bool_and((e.of_many IS NULL) = (h.experiences < 190) AND e.of_many IS NOT DISTINCT FROM CASE WHEN h.experiences >= 190 THEN h.index END) AS minimum
FROM by_hand AS h JOIN (SELECT company, credit.payment_index(amount, days) AS index, credit.payment_index(amount, days, 190) AS of_many FROM experience GROUP BY company) AS e USING (company);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT credit.payment_index(amount, days), credit.payment_index(amount, days, 3) FROM experience;
SELECT credit.payment_index(amount, days) = (SELECT round(sum(amount * credit.payment_index_of(days)) / sum(amount) FILTER (WHERE days IS NOT NULL), 2) FROM experience) AS parallel,
	credit.payment_index(amount, days, 9000) AS enough, credit.payment_index(amount, days, 9999) AS too_few
FROM experience;
SELECT count(*), bool_and(e.index = h.index) AS by_group
FROM by_hand AS h JOIN (SELECT company, credit.payment_index(amount, days) AS index FROM experience GROUP BY company) AS e USING (company);
RESET max_parallel_workers_per_gather;
SELECT n, credit.payment_index(n, n * 15) OVER (ORDER BY n) FROM generate_series(0, 4) AS n;
DROP TABLE experience;

-- Refused.
\set VERBOSITY sqlstate
SELECT credit.payment_index(-1, 0);
SELECT credit.payment_index('NaN', 0);
SELECT credit.payment_index(1, 'infinity');
SELECT credit.payment_index(1e38, 0);
SELECT credit.payment_index(1, 0, 0);
SELECT credit.payment_index(1, 0, NULL);
SELECT credit.payment_index(1, 0, n) FROM generate_series(1, 2) AS n;
SELECT credit.payment_index_of('NaN');
SELECT credit.payment_index_of(15.00000000000000000000000000000000000001);
SELECT credit.payment_index_risk(100.01);
SELECT credit.payment_index_risk(-1);
-- States that are none, or lie.
SELECT credit.payment_index_accum('\x00', 1, 1);
SELECT credit.payment_index_final(decode(repeat('ff', 48), 'hex'));
SELECT credit.payment_index_combine(decode(repeat('00', 48), 'hex'), decode(repeat('00', 47), 'hex'));
SELECT credit.payment_index_final(decode(repeat('00', 48), 'hex')), credit.payment_index_final(NULL);
SELECT credit.payment_index_final(credit.payment_index_combine(credit.payment_index_accum(NULL, 3, 0), credit.payment_index_accum(credit.payment_index_accum(NULL, 1, 30), 1.00, 60)));
SELECT credit.payment_index_combine(credit.payment_index_accum(NULL, 3, 0, 1), credit.payment_index_accum(NULL, 3, 0, 2));
\set VERBOSITY default
