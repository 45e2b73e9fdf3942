-- Random open items against all their combinations, written out: how many
-- there are, which of them counts, and which is the best.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
SELECT setseed(0.35);

-- Up to 7 items with discounts, up to 11 with few of them, or 16 without any.
-- Few different amounts make duplicates; a third of the trials have credit
-- notes; due dates fall on four days or are missing.
CREATE TEMP TABLE trial AS
SELECT id, n, magnitude, discounts, negatives, dated,
	CASE WHEN random() < 0.5 THEN 0 ELSE floor(random() * 3)::int END AS tolerance
FROM (SELECT id, CASE WHEN id % 60 = 0 THEN 16 WHEN id % 10 = 0 THEN 8 + floor(random() * 4)::int
			ELSE 1 + floor(random() * 7)::int END AS n,
		(array[3,8,20,60])[1 + floor(random() * 4)::int] AS magnitude,
		CASE WHEN id % 60 = 0 THEN 0 WHEN id % 10 = 0 THEN 0.1 ELSE 0.4 END AS discounts,
		random() < 0.33 AS negatives, random() < 0.7 AS dated
	FROM generate_series(1, 800) AS id) AS t;

-- Amounts are in cents.
CREATE TEMP TABLE item AS
SELECT *, row_number() OVER (PARTITION BY id ORDER BY due NULLS LAST, amount DESC, discounted DESC, no) - 1 AS age
FROM (SELECT *, CASE WHEN random() < discounts AND abs(amount) > 1
			THEN sign(amount) * ceil(abs(amount) * 0.7) ELSE amount END AS discounted
	FROM (SELECT id, no, discounts,
			CASE WHEN negatives AND random() < 0.3 THEN -1 ELSE 1 END * (1 + floor(random() * magnitude))::numeric AS amount,
			CASE WHEN dated AND random() < 0.9 THEN date '2026-01-01' + floor(random() * 4)::int END AS due
		FROM trial, generate_series(1, n) AS no) AS i) AS i;

-- What is paid: mostly some of the items, some of them discounted; at times more or less.
ALTER TABLE trial ADD target numeric;
UPDATE trial SET target = coalesce((SELECT sum(CASE WHEN random() < 0.5 THEN amount ELSE discounted END)
		FROM item WHERE item.id = trial.id AND random() < 0.4), 0)
	+ CASE WHEN random() < 0.3 THEN floor(random() * 5)::numeric - 2 ELSE 0 END;
CREATE INDEX ON item (id, age);
ANALYZE trial, item;

-- Every combination within the tolerance.  `picks` are twice the age of each
-- item, one more if it is discounted.
CREATE TEMP TABLE combination AS
WITH RECURSIVE walk AS (
	SELECT id, 0 AS next, 0::numeric AS total, '{}'::int[] AS picks FROM trial
	UNION ALL
	SELECT w.id, next + 1, total + way.value,
		CASE way.no WHEN 0 THEN picks ELSE picks || (2 * next + way.no - 1) END
	FROM walk AS w JOIN item AS i ON i.id = w.id AND i.age = w.next,
		LATERAL (VALUES (0, 0), (1, amount), (2, discounted)) AS way(no, value)
	WHERE way.no < 2 OR discounted <> amount)
SELECT w.id, total, picks FROM walk AS w JOIN trial AS t USING (id)
WHERE next = n AND picks <> '{}' AND abs(total - target) <= tolerance;
ANALYZE combination;

-- Of items that are alike, the one due earlier goes first.
CREATE TEMP TABLE choice AS
SELECT id, total, picks, total = target AS exact, structure,
	CASE WHEN structure <= 4 THEN 1 WHEN structure = 5 THEN 2 WHEN structure = 6 THEN 3 ELSE 4 END AS rank
FROM (SELECT c.*, target,
		CASE WHEN run AND cardinality(picks) = n THEN 1
			WHEN run AND cardinality(picks) > 1 AND cardinality(picks) = npast_due THEN 2
			WHEN run AND cardinality(picks) > 1 THEN 3
			WHEN cardinality(picks) = 1 THEN 4
			WHEN cardinality(picks) = 2 THEN 5
			WHEN cardinality(picks) <= 4 THEN 6
			ELSE 7 END AS structure
	FROM combination AS c JOIN trial AS t USING (id),
		LATERAL (SELECT count(*) FILTER (WHERE due < '2026-01-03') AS npast_due,
				coalesce(max(coalesce(due, 'infinity')) FILTER (WHERE taken)
					< min(coalesce(due, 'infinity')) FILTER (WHERE NOT taken), true)
				AND (bool_and(NOT cheaper) OR bool_and(cheaper OR NOT taken OR amount = discounted)) AS run,
				bool_or(dominated) AS dominated
			FROM (SELECT due, amount, discounted, 2 * age = ANY (picks) OR 2 * age + 1 = ANY (picks) AS taken,
					2 * age + 1 = ANY (picks) AS cheaper,
					NOT (2 * age = ANY (picks) OR 2 * age + 1 = ANY (picks))
						AND EXISTS (SELECT FROM item AS later WHERE later.id = i.id
							AND (later.amount, later.discounted) = (i.amount, i.discounted)
							AND coalesce(later.due, 'infinity') > i.due
							AND (2 * later.age = ANY (picks) OR 2 * later.age + 1 = ANY (picks))) AS dominated
				FROM item AS i WHERE i.id = c.id) AS i) AS s
	WHERE NOT dominated) AS c;

-- The rank that decides: exact evidence, one large exact set, evidence within
-- the tolerance, large sets.  Within the tolerance the exact ones count too.
CREATE TEMP TABLE expected AS
SELECT t.id, v.way, v.solutions,
	CASE WHEN v.solutions = 1 THEN 'unique' WHEN v.solutions > 1 THEN 'ambiguous' ELSE 'none' END AS outcome
FROM trial AS t,
	LATERAL (SELECT * FROM (
			SELECT 1 AS preference, rank AS way, count(*) AS solutions FROM choice AS c
				WHERE c.id = t.id AND exact AND rank < 4 GROUP BY rank
			UNION ALL
			SELECT 2, 4, count(*) FROM choice AS c WHERE c.id = t.id AND exact HAVING count(*) = 1
			UNION ALL
			SELECT 3, 4 + rank, count(*) FROM choice AS c WHERE c.id = t.id AND rank < 4 GROUP BY rank
			UNION ALL
			SELECT 4, 4, count(*) FROM choice AS c WHERE c.id = t.id AND exact HAVING count(*) > 1
			UNION ALL
			SELECT 5, 8, count(*) FROM choice AS c WHERE c.id = t.id
		) AS w ORDER BY preference, way LIMIT 1) AS v;

CREATE TEMP TABLE best AS
SELECT DISTINCT ON (e.id) e.id, structure, target - total AS difference, c.picks
FROM expected AS e JOIN trial USING (id) JOIN choice AS c ON c.id = e.id
	AND CASE WHEN way <= 4 THEN exact ELSE true END AND CASE WHEN way IN (4, 8) THEN true ELSE rank = (way - 1) % 4 + 1 END
ORDER BY e.id, abs(target - total), structure, cardinality(picks), picks;

CREATE TEMP TABLE actual AS
SELECT t.id, m.*, (SELECT array_agg(2 * age + CASE WHEN taken THEN 1 ELSE 0 END ORDER BY age)::int[]
		FROM unnest(m.item_nos, m.discount_taken) AS u(no, taken) JOIN item AS i ON i.id = t.id AND i.no = u.no) AS picks
FROM trial AS t, LATERAL (SELECT array_agg(amount / 100 ORDER BY no) AS amounts,
		array_agg(CASE WHEN discounted <> amount THEN discounted / 100 END ORDER BY no) AS discounted,
		array_agg(due ORDER BY no) AS due_dates FROM item WHERE item.id = t.id) AS i,
	credit.match_amount(target / 100, amounts, tolerance / 100.0, 1000000, discounted,
		CASE WHEN dated THEN due_dates END, '2026-01-03') AS m;

-- The trials are of all kinds.
SELECT e.outcome, count(*) > 50 AS trials, count(*) FILTER (WHERE n = 16) > 0 AS of_16,
	count(*) FILTER (WHERE negatives) > 10 AS negatives, count(*) FILTER (WHERE way > 4) > 10 AS not_exact
FROM expected AS e JOIN trial USING (id) GROUP BY 1 ORDER BY 1;
SELECT way, count(*) > 0 AS found, max(solutions) > 1 AS several FROM expected GROUP BY 1 ORDER BY 1;
SELECT structure, count(*) > 2 AS found FROM best GROUP BY 1 ORDER BY 1;
SELECT max(solutions) > 1000 AS many FROM expected;

-- Outcome and count, and that nothing was left out.
SELECT count(*) AS trials, count(*) FILTER (WHERE a.outcome <> e.outcome) AS wrong_outcome,
	count(*) FILTER (WHERE a.solutions <> e.solutions) AS wrong_count, count(*) FILTER (WHERE capped) AS capped
FROM expected AS e JOIN actual AS a USING (id);

-- The best of them.
SELECT count(*) AS trials, count(*) FILTER (WHERE a.difference * 100 <> b.difference) AS wrong_difference,
	count(*) FILTER (WHERE a.structure <>
		(array['all','past_due','oldest','single','pair','small','any'])[b.structure]) AS wrong_structure,
	count(*) FILTER (WHERE a.picks <> b.picks) AS wrong_items
FROM best AS b JOIN actual AS a USING (id);

-- What is found adds up.
SELECT count(*) AS does_not_add_up
FROM actual AS a JOIN trial AS t USING (id)
WHERE item_nos IS NOT NULL AND target - difference * 100 <>
	(SELECT sum(CASE WHEN taken THEN discounted ELSE amount END)
	 FROM unnest(item_nos, discount_taken) AS u(no, taken) JOIN item AS i ON i.id = a.id AND i.no = u.no);

-- With a cap the outcome is the same, the count is cut, and that is said.
SELECT count(*) FILTER (WHERE m.outcome <> a.outcome) AS wrong_outcome,
	count(*) FILTER (WHERE m.solutions <> least(a.solutions, 3)) AS wrong_count,
	count(*) FILTER (WHERE m.capped <> (a.solutions > 3)) AS wrongly_said, count(*) FILTER (WHERE m.capped) > 50 AS many_capped
FROM trial AS t JOIN actual AS a USING (id), LATERAL (SELECT array_agg(amount / 100 ORDER BY no) AS amounts,
		array_agg(CASE WHEN discounted <> amount THEN discounted / 100 END ORDER BY no) AS discounted,
		array_agg(due ORDER BY no) AS due_dates FROM item WHERE item.id = t.id) AS i,
	credit.match_amount(target / 100, amounts, tolerance / 100.0, 3, discounted,
		CASE WHEN dated THEN due_dates END, '2026-01-03') AS m;

-- The order of the items changes nothing: the same amounts, due dates and
-- discounts are found when they come in another order.
SELECT count(*) AS trials, count(*) FILTER (WHERE (m.outcome, m.structure, m.difference, m.solutions, m.capped)
		IS DISTINCT FROM (a.outcome, a.structure, a.difference, a.solutions, a.capped)) AS wrong_answer,
	count(*) FILTER (WHERE (SELECT array_agg((amount, due, discounted, taken) ORDER BY due, amount, discounted, taken)
			FROM unnest(m.item_nos, m.discount_taken) AS u(no, taken)
				JOIN item AS i ON i.id = t.id AND i.no = t.n + 1 - u.no)
		IS DISTINCT FROM (SELECT array_agg((amount, due, discounted, taken) ORDER BY due, amount, discounted, taken)
			FROM unnest(a.item_nos, a.discount_taken) AS u(no, taken)
				JOIN item AS i ON i.id = t.id AND i.no = u.no)) AS other_items
FROM trial AS t JOIN actual AS a USING (id), LATERAL (SELECT array_agg(amount / 100 ORDER BY no DESC) AS amounts,
		array_agg(CASE WHEN discounted <> amount THEN discounted / 100 END ORDER BY no DESC) AS discounted,
		array_agg(due ORDER BY no DESC) AS due_dates FROM item WHERE item.id = t.id) AS i,
	credit.match_amount(target / 100, amounts, tolerance / 100.0, 1000000, discounted,
		CASE WHEN dated THEN due_dates END, '2026-01-03') AS m;
