-- Random cards and applicants against the same rules in plain SQL, which know the bins from the tables that the cards
-- are made from.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
SET jit = off;
SELECT setseed(0.42);

-- One to six attributes; points of a few sizes and decimals, so that many tie.
CREATE TEMP TABLE trial AS
SELECT id, 1 + floor(random() * 6)::int AS nattributes, floor(random() * 4)::int AS decimals, floor(random() * 20 - 5)::numeric AS start,
	round(random()::numeric * 100, 1) AS base, 1 + floor(random() * 60)::numeric AS odds, round(1 + random()::numeric * 30, 2) AS pdo,
	floor(random() * 6)::int AS max_reasons, random() < 0.8 AS graded
FROM generate_series(1, 300) AS id;

CREATE TEMP TABLE attribute AS
SELECT id, no, CASE WHEN random() < 0.7 THEN 'number' ELSE 'category' END AS kind, 1 + floor(random() * 14)::int AS nbins,
	random() < 0.6 AS has_null, random() < 0.7 AS has_else, floor(random() * 6)::int AS bound_decimals,
	CASE WHEN random() < 0.8 THEN 'reason ' || floor(random() * 4)::int END AS reason
FROM trial, generate_series(1, nattributes) AS no;
-- A card must leave no number out.
UPDATE attribute SET has_else = true WHERE kind = 'number';

-- The bins: by bound, and of the same bound "<" before "<="; or categories of a bin.
CREATE TEMP TABLE listed AS
SELECT id, no, row_number() OVER (PARTITION BY id, no ORDER BY bound, inclusive, n) AS bin, kind, bound, inclusive,
	ARRAY(SELECT format('c%s.%s', n, c) FROM generate_series(1, 1 + n % 3) AS c) AS categories
FROM (SELECT DISTINCT ON (id, no, bound, inclusive) id, no, n, kind, bound, inclusive
	FROM (SELECT id, no, n, kind, CASE WHEN kind = 'number' THEN round((random() * 20 - 10)::numeric, bound_decimals) ELSE n END AS bound, random() < 0.5 AS inclusive
		FROM attribute, generate_series(1, nbins) AS n) AS b) AS d;
CREATE TEMP TABLE bin AS
SELECT id, no, bin, kind, bound, inclusive, categories, points, CASE WHEN random() < 0.2 THEN 'bin reason ' || floor(random() * 3)::int END AS reason
FROM (SELECT id, no, bin, kind, bound, inclusive, categories FROM listed
	UNION ALL SELECT id, no, 1000, 'else', NULL, NULL, NULL FROM attribute WHERE has_else
	UNION ALL SELECT id, no, 1001, 'null', NULL, NULL, NULL FROM attribute WHERE has_null) AS b,
	LATERAL (SELECT round((random() * 60 - 10)::numeric, floor(random() * 3 + bin * 0)::int)) AS p (points);
CREATE TEMP TABLE grade AS
SELECT id, no, 'G' || no AS grade, CASE WHEN no < 5 THEN 120 - 30 * no + id % 7 / 2.0 END AS from_score FROM trial, generate_series(1, 5) AS no WHERE graded;

CREATE TEMP TABLE card AS
SELECT id, format('start %s decimals %s base %s odds %s pdo %s; %s%s', start, decimals, base, odds, pdo,
	(SELECT string_agg(format('%s: %s%s', 'a' || no, bins, ' "' || reason || '"'), '; ' ORDER BY no)
		FROM (SELECT no, a.reason, string_agg(concat(
				CASE b.kind WHEN 'number' THEN concat('<', CASE WHEN inclusive THEN '=' END, bound)
					WHEN 'category' THEN (SELECT string_agg(quote_literal(c), ',') FROM unnest(categories) AS c) ELSE b.kind END,
				' => ', points, ' ("' || b.reason || '")'), ', ' ORDER BY bin) AS bins
			FROM attribute AS a JOIN bin AS b USING (id, no) WHERE id = trial.id GROUP BY no, a.reason) AS a),
	(SELECT '; grades: ' || string_agg(CASE WHEN no < 5 THEN format('%s>=%s', grade, from_score) ELSE 'else ' || grade END, ', ' ORDER BY no)
		FROM grade WHERE id = trial.id))::credit.scorecard AS card
FROM trial;

-- The card shows the bins that it was made from, and its text reads back.
SELECT count(*) > 5000 AS many, count(*) FILTER (WHERE (a.points, a.reason) IS DISTINCT FROM (b.points, coalesce(b.reason, t.reason, 'a' || b.no))
		OR (a.condition = b.kind) IS DISTINCT FROM (b.kind IN ('else', 'null'))
		OR b.kind = 'number' AND (a.to_value, a.to_inclusive) IS DISTINCT FROM (b.bound, b.inclusive)
		OR b.kind = 'category' AND a.categories IS DISTINCT FROM b.categories
		OR a.from_value IS DISTINCT FROM before.to_value OR a.from_inclusive IS DISTINCT FROM NOT before.to_inclusive AND b.kind <> 'null') AS differ
FROM card CROSS JOIN credit.attributes(card) AS a
	LEFT JOIN credit.attributes(card) AS before ON before.attribute = a.attribute AND before.bin = a.bin - 1 AND a.condition <> 'null'
	LEFT JOIN (SELECT *, row_number() OVER (PARTITION BY id, no ORDER BY bin) AS n FROM bin) AS b ON b.id = card.id AND a.attribute = 'a' || b.no AND a.bin = b.n
	LEFT JOIN attribute AS t ON t.id = b.id AND t.no = b.no;
SELECT count(*) AS cards, count(*) FILTER (WHERE card::text::credit.scorecard::text <> card::text OR NOT card::text::credit.scorecard OPERATOR(credit.=) card) AS differ FROM card;

CREATE INDEX ON listed (id, no);
CREATE INDEX ON bin (id, no);
ANALYZE trial, attribute, listed, bin, grade, card;

-- Applicants: missing values, values on a bound and very near to it, others, huge ones; categories the card has or has not.
CREATE TEMP TABLE value AS
SELECT id, applicant, no, kind, CASE
		WHEN has_null AND r < 0.1 OR kind <> 'number' THEN NULL
		WHEN r < 0.7 THEN near + (array[0, 0, 0.1, -0.1, 1e-7, -1e-7, 1e-40, -1e-40, 0.00005])[1 + floor(random() * 9)::int]
		WHEN r < 0.75 THEN (array[1e18, -1e18, 1e60, -1e60, 0, 123456789012345678.9])[1 + floor(random() * 6)::int]
		ELSE round((random() * 24 - 12)::numeric, floor(random() * 9)::int) END AS number,
	CASE WHEN has_null AND r < 0.1 OR kind <> 'category' THEN NULL WHEN has_else AND r < 0.3 THEN 'unknown' ELSE picked END AS category
FROM trial JOIN attribute USING (id), generate_series(1, 20) AS applicant,
	LATERAL (SELECT random() + 0 * applicant * no AS r) AS r,
	LATERAL (SELECT bound AS near, categories[1 + floor(random() * cardinality(categories))::int] AS picked FROM listed
		WHERE id = trial.id AND no = attribute.no AND r.r IS NOT NULL ORDER BY random() LIMIT 1) AS n;
ANALYZE value;

-- What the rules say: the first bin that fits.
CREATE TEMP TABLE fitting AS
SELECT DISTINCT ON (id, applicant, no) id, applicant, no, points, coalesce(b.reason, a.reason, 'a' || no) AS reason,
	(SELECT max(points) FROM bin AS m WHERE m.id = b.id AND m.no = b.no) - points AS lost
FROM value AS v JOIN bin AS b USING (id, no) JOIN attribute AS a USING (id, no)
WHERE CASE b.kind WHEN 'number' THEN number < bound OR inclusive AND number = bound
	WHEN 'category' THEN category = ANY (categories)
	WHEN 'else' THEN number IS NOT NULL OR category IS NOT NULL
	ELSE number IS NULL AND category IS NULL END
ORDER BY id, applicant, no, bin;
CREATE INDEX ON fitting (id, applicant);
ANALYZE fitting;
CREATE TEMP TABLE expected AS
SELECT id, applicant, score, (SELECT grade FROM grade AS g WHERE g.id = s.id AND (from_score IS NULL OR score >= from_score) ORDER BY no LIMIT 1) AS grade,
	round(1 / (1 + exp((score - (base - pdo / ln(2.0::numeric) * ln(odds))) / (pdo / ln(2.0::numeric)))), 6) AS pd,
	ARRAY(SELECT reason FROM (SELECT reason, min(rank) AS rank FROM (SELECT reason, row_number() OVER (ORDER BY lost DESC, no) AS rank FROM fitting AS f
			WHERE f.id = s.id AND f.applicant = s.applicant AND lost > 0) AS r GROUP BY reason) AS r ORDER BY rank LIMIT max_reasons) AS reasons
FROM (SELECT id, applicant, floor((start + sum(points)) * 10 ^ decimals::numeric + 0.5) / 10 ^ decimals::numeric AS score, base, odds, pdo, max_reasons
	FROM fitting JOIN trial USING (id) GROUP BY id, applicant, start, decimals, base, odds, pdo, max_reasons) AS s;

-- What the kernel does, on every way.
CREATE TEMP TABLE given AS
SELECT id, applicant, jsonb_object_agg('a' || no, CASE WHEN v.kind = 'number' THEN to_jsonb(number) ELSE to_jsonb(category) END) AS object,
	array_agg(CASE WHEN v.kind = 'number' THEN number WHEN category IS NOT NULL THEN coalesce((SELECT n FROM (SELECT c, row_number() OVER (ORDER BY bin, i) AS n
		FROM listed AS l, unnest(categories) WITH ORDINALITY AS u (c, i) WHERE l.id = v.id AND l.no = v.no) AS numbered WHERE c = category), 0) END ORDER BY no) AS numbers
FROM value AS v GROUP BY id, applicant;
CREATE TEMP TABLE actual AS
SELECT id, applicant, nattributes, decimals, (credit.score(card, object, max_reasons)).*, credit.score(card, object, max_reasons)::text AS by_object, credit.score(card, numbers, max_reasons)::text AS by_numbers,
	credit.score_points(card, object) AS object_points, credit.score_points(card, numbers) AS number_points,
	CASE nattributes
		WHEN 1 THEN credit.score_values(card, numbers[1])
		WHEN 2 THEN credit.score_values(card, numbers[1], numbers[2])
		WHEN 3 THEN credit.score_points(card, ARRAY[numbers[1], numbers[2], numbers[3]])
		WHEN 4 THEN credit.score_values(card, VARIADIC numbers)
		WHEN 5 THEN credit.score_values(card, numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
		ELSE credit.score_points(card, ARRAY[numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]]) END AS value_points
FROM given JOIN card USING (id) JOIN trial USING (id);

SELECT count(*) = 6000 AS all_there, count(DISTINCT e.score) > 500 AS scores, count(DISTINCT e.grade) AS grades, max(cardinality(e.reasons)) AS most_reasons,
	count(*) FILTER (WHERE a.score IS DISTINCT FROM e.score OR scale(a.score) <> decimals) AS wrong_score,
	count(*) FILTER (WHERE a.grade IS DISTINCT FROM e.grade) AS wrong_grade,
	count(*) FILTER (WHERE abs(a.pd - e.pd) > 0.000001 OR a.pd IS NULL) AS wrong_pd,
	count(*) FILTER (WHERE a.pd <> e.pd) < 5 AS pd_rounds_alike,
	count(*) FILTER (WHERE a.reasons IS DISTINCT FROM e.reasons) AS wrong_reasons,
	count(*) FILTER (WHERE by_object IS DISTINCT FROM by_numbers) AS ways_differ,
	count(*) FILTER (WHERE object_points IS DISTINCT FROM e.score OR number_points IS DISTINCT FROM e.score OR value_points IS DISTINCT FROM e.score) AS wrong_points
FROM expected AS e FULL JOIN actual AS a USING (id, applicant);

-- The cases are worth something: values on a bound and just beside one, missing ones, categories known and unknown.
SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM listed AS l WHERE l.id = v.id AND l.no = v.no AND number = bound)) > 1000 AS on_bound,
	count(*) FILTER (WHERE number <> round(number, 30)) > 500 AS beside, count(*) FILTER (WHERE number IS NULL AND category IS NULL) > 500 AS missing,
	count(*) FILTER (WHERE category = 'unknown') > 300 AS unknown, count(*) FILTER (WHERE category <> 'unknown') > 1000 AS known
FROM value AS v;
SELECT count(*) AS outside FROM actual JOIN card USING (id) WHERE score NOT BETWEEN credit.minimum_score(card) AND credit.maximum_score(card);
