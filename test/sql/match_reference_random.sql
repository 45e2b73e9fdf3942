-- Document numbers hidden in random texts, written in random ways: each is
-- found where it stands, nothing else is, and the order of the numbers changes
-- nothing.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
SELECT setseed(0.53);

-- Numbers of four makes; 1,000 texts name up to five of their own and know 30 others.
CREATE TEMP TABLE number AS
SELECT text_id, no, make, n, named, CASE make
		WHEN 0 THEN 'INV-' || lpad(n::text, 6, '0')
		WHEN 1 THEN 'RE-2026/' || lpad(n::text, 5, '0')
		WHEN 2 THEN n::text || '-RX'
		ELSE (10000000 + n)::text END AS number
FROM (SELECT text_id, no, floor(random() * 4)::int AS make, 1000 + no * 2700 + floor(random() * 2700)::int AS n,
		no <= named_numbers AS named
	FROM (SELECT text_id, floor(random() * 6)::int AS named_numbers FROM generate_series(1, 1000) AS text_id) AS t,
		generate_series(1, 35) AS no) AS t;

-- The ways people write them.
CREATE TEMP TABLE written AS
SELECT text_id, no, CASE floor(random() * 5)::int
		WHEN 0 THEN number
		WHEN 1 THEN lower(number)
		WHEN 2 THEN translate(number, '-/', '  ')
		WHEN 3 THEN translate(number, '-/', '/-')
		ELSE regexp_replace(number, '(^|[^0-9])0+', '\1') END AS written,
	(array['payment for ', 'invoice date 31.01.2026, ', 'EUR 1.234,56 ', 'IBAN DE89 3704 0044 0532 0130 00; ', 'Überweisung: ',
		'tel. +49 30 1234567 / ', 'thank you & regards, ', ''])[1 + floor(random() * 8)::int] AS noise
FROM number WHERE named;

CREATE TEMP TABLE remittance AS
SELECT text_id, coalesce(string_agg(noise || written || '; ', '' ORDER BY no), 'nothing at all') || 'total USD 99,999.99' AS text
FROM (SELECT DISTINCT text_id FROM number) AS t LEFT JOIN written USING (text_id) GROUP BY text_id;

CREATE TEMP TABLE found AS
SELECT text_id, m.*
FROM remittance JOIN (SELECT text_id, array_agg(number ORDER BY no) AS numbers FROM number GROUP BY text_id) AS n USING (text_id),
	credit.match_reference(text, numbers, 1) AS m;

SELECT count(*) > 2000 AS many, count(*) FILTER (WHERE f.number_no IS NULL) AS not_found,
	count(*) FILTER (WHERE w.no IS NULL) AS found_but_not_named,
	count(*) FILTER (WHERE f.found <> w.written) AS elsewhere, count(*) FILTER (WHERE f.similarity <> 1) AS unsure,
	count(*) FILTER (WHERE f.kind <> CASE WHEN w.written = number THEN 'exact' ELSE 'normalised' END) AS wrong_kind
FROM written AS w FULL JOIN found AS f ON f.text_id = w.text_id AND f.number_no = w.no
	LEFT JOIN number AS n ON n.text_id = w.text_id AND n.no = w.no;

-- The span says where the text found is.
SELECT count(*) AS wrong_place FROM found JOIN remittance USING (text_id) WHERE substr(text, start, length) <> found;

-- Places do not overlap.
SELECT count(*) AS overlaps FROM found AS a JOIN found AS b USING (text_id)
WHERE a.number_no < b.number_no AND a.start < b.start + b.length AND b.start < a.start + a.length;

-- Keys find them too: the set-based way is the same.
SELECT count(*) AS differ
FROM (SELECT text_id, no FROM remittance AS r JOIN number AS n USING (text_id)
	  WHERE credit.reference_key(number) = ANY (credit.reference_keys(text))
	  EXCEPT SELECT text_id, number_no FROM found
	  UNION ALL
	  (SELECT text_id, number_no FROM found
	   EXCEPT SELECT text_id, no FROM remittance AS r JOIN number AS n USING (text_id)
	   WHERE credit.reference_key(number) = ANY (credit.reference_keys(text)))) AS d;

-- With the numbers in another order, misread and similar ones included.
WITH permuted AS (
	SELECT text_id, array_agg(number ORDER BY no) AS forth, array_agg(number ORDER BY no DESC) AS back FROM number GROUP BY text_id
), typo AS (
	-- One digit of each number is off.
	SELECT text_id, text || regexp_replace(text, '([0-9])([0-9])(?=[0-9]*\M)', '\2\1', 'g') AS text FROM remittance
), forth AS (
	SELECT text_id, forth[number_no] AS number, start, length, similarity, kind, candidates
	FROM typo JOIN permuted USING (text_id), credit.match_reference(text, forth, 0.7)
), back AS (
	SELECT text_id, back[number_no] AS number, start, length, similarity, kind, candidates
	FROM typo JOIN permuted USING (text_id), credit.match_reference(text, back, 0.7)
)
SELECT (SELECT count(*) FROM forth WHERE kind = 'fuzzy') > 100 AS some_fuzzy,
	(SELECT count(*) FROM (TABLE forth EXCEPT ALL TABLE back) AS d) + (SELECT count(*) FROM (TABLE back EXCEPT ALL TABLE forth) AS d) AS differ;

-- One edit: the number is the only one so similar, and is found as such.
CREATE TEMP TABLE edited AS
SELECT i, number, overlay(number PLACING (9 - substr(number, p, 1)::int)::text FROM p FOR 1) AS edited
FROM (SELECT i, 'ORD' || (1234567 + i * 7654321::bigint % 87654321) AS number, 4 + (i % 7) AS p FROM generate_series(1, 300) AS i) AS o;
SELECT count(*), count(*) FILTER (WHERE m.number_no IS DISTINCT FROM 1 OR m.kind <> 'fuzzy'
		OR m.similarity <> credit.similarity_edits(number, edited)) AS wrong
FROM edited LEFT JOIN LATERAL credit.match_reference('ref ' || edited || ' thanks', array[number, 'ORD1', 'XY' || i]) AS m ON true;

-- The bit-parallel distance of match_reference is the distance of the classic matrix.
CREATE TEMP TABLE pair AS
SELECT i, (SELECT string_agg(substr('ABC0123', 1 + floor(random() * 7)::int, 1), '') FROM generate_series(1, 5 + i % 20)) || '7Z' AS a,
	(SELECT string_agg(substr('ABC0123', 1 + floor(random() * 7)::int, 1), '') FROM generate_series(1, 5 + i % 17)) || '7Z' AS b
FROM generate_series(1, 3000) AS i;
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE m.similarity IS DISTINCT FROM credit.similarity_edits(credit.reference_key(a), credit.reference_key(b))) AS wrong
FROM pair LEFT JOIN LATERAL credit.match_reference(a, array[b], 0.01) AS m ON true
WHERE m.kind = 'fuzzy' AND m.length = length(a);

-- Any RF reference hidden in a text, printed in groups.
SELECT count(*) AS not_found
FROM (SELECT 'X' || i * 99991 AS n FROM generate_series(1, 500) AS i) AS x,
	LATERAL (SELECT 'pay ' || trim(regexp_replace(credit.creditor_reference(n), '(.{4})', '\1 ', 'g')) || ' now' AS text) AS t
WHERE NOT EXISTS (SELECT FROM credit.match_reference(text, array[n], 1))
	OR NOT EXISTS (SELECT FROM credit.match_reference(text, array[credit.creditor_reference(n)], 1));
