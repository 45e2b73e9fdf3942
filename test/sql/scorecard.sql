-- credit.scorecard: the card as a value.  Text, errors, binary, comparing, reading it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

-- Error, whatever the server's version, with SQLSTATE.
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

-- Text in, canonical text out; and that reads back as the same value.
CREATE TEMP TABLE good AS SELECT * FROM unnest(ARRAY[
	$$base 600 odds 50 pdo 20; utilisation: <0.3 => 60, <0.7 => 45, else 10, null => 20 "high use of limit"; region: 'north','east' => 15, else 5, null => 0 "region"; grades: A>=680, B>=640, C>=600, else D$$,
	$$  PDO 20.50 ODDS 50:1 BASE 600 START 100 DECIMALS 2 ;a:<1=>2,ELSE=>3;$$,
	E'a:\n\t<1.50 => +2.0, -- \n'::text,
	$$a: <-.5 => .5, <=-0.5 => -0.25, <0 => 007, else 0$$,
	$$a: <0.3 => 1, >=0.3 <=0.7 => 2, >0.7 <0.9 => 3, >=0.9 => 4$$,
	$$a: null => 1, <1 => 2, else 3$$,
	$$a: 'x' => 1, null 0, 'y', 'z' => 2 ("its own"), else -1 "all others'"$$,
	$$a: else 5; "b c": else 1; "": else 2$$,
	$$a: else 5; "b ""c": else 1; "Grades": else 2; base: else 3; größe_2.1: else 4$$,
	$$base: <1 => 1, else 2$$,
	$$a: 'it''s', '', 'a,b;c' => 1 "say ""no"" (or not)"$$,
	$$a: else 1; grades: A+>=70.5, A->=60, "B 1">=-3, "else">=-4, else "<"$$,
	$$a: else 1 ""; b: else 2 ("") "x"$$,
	$$a: <123456789012345678 => 999999999.999999, <=999999999999999999 => 1, else -999999999.999999$$,
	$$a: <0.123456789012345678 => 1, else 2$$,
	$$a: <99999999999999999.5 => 1, else 2$$,
	$$start 0 decimals 0; a: else 1$$,
	$$a: <1.000000000000000000000000000000 => 1, else 2$$]) WITH ORDINALITY AS g(input, id);
CREATE FUNCTION pg_temp.read(input text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN input::credit.scorecard::text;
EXCEPTION WHEN others THEN
	RETURN pg_temp.error(format('SELECT %L::credit.scorecard', input));
END $$;
SELECT pg_temp.read(input) FROM good ORDER BY id;
SELECT count(*) AS differ FROM good, pg_temp.read(input) AS text
WHERE text !~ '^2' AND (text::credit.scorecard::text <> text OR NOT text::credit.scorecard OPERATOR(credit.=) input::credit.scorecard);
SELECT 'x' || pg_temp.read(input) = 'x' || input AS example_unchanged FROM good WHERE id = 1;

-- What is wrong, which word it is, and where.
CREATE TEMP TABLE wrong AS SELECT * FROM unnest(ARRAY[
	'', '  ', ';', 'a', 'a:', 'a: ;', 'a: 5', 'a: else', 'a: else x', 'a: <', 'a: <1', 'a: <1 =>', 'a: <1 => 2,', 'a: else 1 else 2', 'a: <1 => 1 "x", else 2', 'a: <1 => 2 x',
	'a: else 1,,', 'a: else 1;; b: else 2', 'a: else 1 "x', 'a: else 1 ("x"', 'a: else 1 (x)', 'a: else 1 "x" "y"', '"": else 1', 'a b: else 1',
	'a: ''x', 'a: ''x'' 5', 'a: ''x'', <1 => 2', 'a: <1 => 1e5, else 2', 'a: <1 => --1, else 2', 'a: <. => 1, else 2', 'a: <NaN => 1, else 2',
	'base 600; a: else 1', 'base 600 odds 50 pdo 20', 'base 600 odds 50 pdo; a: else 1', 'base 600 odds 50 pdo 20 x 1; a: else 1', 'a: else 1; base 600 odds 50 pdo 20',
	'base 600 odds 50 pdo 0; a: else 1', 'base 600 odds 50 pdo -20; a: else 1', 'base 600 odds 0 pdo 20; a: else 1', 'base 600 odds -1 pdo 20; a: else 1',
	'base 600 odds 50:2 pdo 20; a: else 1', 'base 600 base 600 odds 50 pdo 20; a: else 1', 'decimals 7; a: else 1', 'decimals 0.5; a: else 1', 'decimals -1; a: else 1',
	-- Overlaps and gaps
	'a: <1 => 1, <1 => 2, else 3', 'a: <1 => 1, <1.00 => 2, else 3', 'a: <2 => 1, <1 => 2, else 3', 'a: <=1 => 1, <1 => 2, else 3', 'a: else 1, <2 => 3', 'a: else 1, else 2',
	'a: null => 1, null => 2, else 3', 'a: <1 => 1, >=0.5 <2 => 2, else 3', 'a: <1 => 1, >=1.5 <2 => 2, else 3', 'a: <1 => 1, >1 => 2', 'a: <=1 => 1, >=1 => 2',
	'a: >=0 <1 => 1, else 2', 'a: >=0 => 1', 'a: <1 => 1, <2 => 2', 'a: <1 => 1, <2 => 2, null => 3', 'a: null => 1', 'a: <1 => 1, >=1 => 2, else 3',
	-- What may come once
	'a: else 1; a: else 2', 'a: else 1; "a": else 2', 'a: ''x'' => 1, ''y'',''x'' => 2', 'a: ''x'',''x'' => 1', 'a: else 1; grades: A>=1, else B; grades: A>=2, else B',
	'a: else 1; grades: A>=1, A>=0, else B', 'a: else 1; grades: A>=1, else A',
	-- Grades
	'grades: A>=1, else B', 'a: else 1; grades: A>=1, B>=1, else C', 'a: else 1; grades: A>=1, B>=2, else C', 'a: else 1; grades: A>=1', 'a: else 1; grades: else A, B>=1',
	'a: else 1; grades: A>1, else B', 'a: else 1; grades: A=1', 'a: else 1; grades: else',
	-- Sizes
	'a: <1 => 1000000000, else 2', 'a: <1 => -1000000000, else 2', 'a: <1 => 0.0000001, else 2', 'a: <1234567890123456789 => 1, else 2', 'a: <99999999999999999999999999 => 1, else 2',
	'a: <0.0000000000000000001 => 1, else 2', 'a: <123456789012345678 => 1, <123456789012345678.5 => 2, else 3', 'a: <0.000000000000000001 => 1, <10 => 2, else 3',
	repeat('x', 64) || ': else 1', 'a: else 1; grades: ' || repeat('x', 64) || '>=1, else B', 'a: else 1 "' || repeat('x', 1001) || '"', 'a: ''' || repeat('x', 1001) || ''' => 1'])
	WITH ORDINALITY AS w(input, id);
SELECT left(input, 70), pg_temp.error(format('SELECT %L::credit.scorecard', input)) FROM wrong ORDER BY id;
-- The position counts characters, not bytes; of a long word some is shown.
SELECT pg_temp.error($$SELECT 'größe: <1 => 1, ä'::credit.scorecard$$);
SELECT pg_temp.error(format('SELECT %L::credit.scorecard', 'a: <1 => 1, ' || repeat('ä', 100)));

-- The most there may be of everything, and one more.
CREATE FUNCTION pg_temp.card(what text, n integer) RETURNS text LANGUAGE sql AS $$
	SELECT CASE what
		WHEN 'attributes' THEN string_agg(format('a%s: else 1', i), '; ')
		WHEN 'bins' THEN 'a: ' || string_agg(format('<%s => 1, ', i), '' ORDER BY i) || 'else 0'
		WHEN 'categories' THEN 'a: ' || string_agg(format('''%s''', i), ', ') || ' => 1'
		WHEN 'grades' THEN 'a: else 1; grades: ' || string_agg(format('G%s>=%s, ', i, -i), '' ORDER BY i) || 'else Z' END
	FROM generate_series(1, n) AS i
$$;
SELECT what, pg_temp.error(format('SELECT %L::credit.scorecard', pg_temp.card(what, most))), pg_temp.error(format('SELECT %L::credit.scorecard', pg_temp.card(what, most + 1)))
FROM (VALUES ('attributes', 256), ('bins', 9999), ('categories', 10000), ('grades', 99)) AS m (what, most);

-- Soft errors where the server has them (16 and later), ordinary ones before.
CREATE FUNCTION pg_temp.is_valid(input text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	valid boolean;
BEGIN
	IF current_setting('server_version_num')::integer >= 160000 THEN
		EXECUTE 'SELECT pg_input_is_valid($1, ''credit.scorecard'')' INTO valid USING input;
		RETURN valid;
	END IF;
	RETURN pg_temp.error(format('SELECT %L::credit.scorecard', input)) = 'no error';
END $$;
SELECT bool_or(pg_temp.is_valid(input)) AS any_valid FROM wrong;
SELECT pg_temp.is_valid('a: else 1');

-- Comparing: by what a card says, not how it was written.
CREATE TEMP TABLE card (id integer, card credit.scorecard);
INSERT INTO card VALUES (1, 'a: <1.0 => 1, else 2'), (2, ' a:<1=>1.00,>=1=>2'), (3, 'a: <=1 => 1, else 2'), (4, 'a: <1 => 1, else 2 "x"'),
	(5, 'a: ''x'',''y'' => 1'), (6, 'a: ''y'',''x'' => 1'), (7, NULL);
SELECT a.id, b.id, a.card OPERATOR(credit.=) b.card AS eq, a.card OPERATOR(credit.<>) b.card AS ne
FROM card AS a JOIN card AS b ON a.id = 1 OR (a.id = 5 AND b.id = 6) ORDER BY a.id, b.id;
SET enable_sort = off;
SELECT count(*) FROM (SELECT card FROM card GROUP BY card) AS g;
SELECT string_agg(a.id || '=' || b.id, ' ' ORDER BY a.id, b.id) FROM card AS a JOIN card AS b ON a.card OPERATOR(credit.=) b.card WHERE a.id < b.id;
RESET enable_sort;

-- Binary: the same card comes back; what is no card does not.
CREATE TEMP TABLE sent AS SELECT id, input::credit.scorecard AS card FROM good WHERE pg_temp.is_valid(input);
CREATE TEMP TABLE copied (LIKE sent);
\getenv abs_builddir PG_ABS_BUILDDIR
\set file :abs_builddir '/results/scorecard.bin'
COPY sent TO :'file' (FORMAT binary);
COPY copied FROM :'file' (FORMAT binary);
SELECT count(*) AS cards, count(*) FILTER (WHERE NOT s.card OPERATOR(credit.=) c.card) AS differ FROM sent AS s JOIN copied AS c USING (id);
SELECT encode(credit.scorecard_send('a: else 1'), 'hex');
-- A bytea in a binary COPY is its bare bytes, so any can be sent.
CREATE TEMP TABLE wire (bytes bytea);
CREATE FUNCTION pg_temp.receive(bytes bytea, file text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	received text;
BEGIN
	DELETE FROM wire;
	INSERT INTO wire VALUES (bytes);
	EXECUTE format('COPY wire TO %L (FORMAT binary)', file);
	CREATE TEMP TABLE received (value credit.scorecard);
	received := pg_temp.error(format('COPY received FROM %L (FORMAT binary)', file));
	IF received = 'no error' THEN
		SELECT value::text INTO received FROM received;
	END IF;
	DROP TABLE received;
	RETURN received;
END $$;
SELECT note, pg_temp.receive(bytes, :'file') FROM (VALUES
	('as sent', '\x01'::bytea || 'a: else 1'), ('another spelling', '\x01'::bytea || 'a:else=>1;'), ('version 2', '\x02'::bytea || 'a: else 1'),
	('no version', 'a: else 1'::bytea), ('no card', '\x01'::bytea || 'a: <1 => 1'), ('no text', '\x01'::bytea), ('empty', ''::bytea),
	('zero byte', '\x01'::bytea || 'a: else 1' || '\x00'::bytea)) AS w (note, bytes);

-- Small cards, cards in a row with others, cards that are compressed or stored apart: all are read alike.
CREATE TEMP TABLE stored (id integer, card credit.scorecard);
INSERT INTO stored VALUES (1, 'a: else 1'), (2, 'a: else 2');
INSERT INTO stored SELECT 10 + n, ('a: ' || string_agg(format('''%s%s'' => %s', repeat('x', 900), i, i * n), ', ' ORDER BY i) || ', else 0')::credit.scorecard
FROM generate_series(1, 2) AS n, generate_series(1, 3 * n) AS i GROUP BY n;
INSERT INTO stored SELECT 20, ('a: ' || string_agg(format('''%s'' => %s', md5(i::text) || md5((-i)::text), i * 3), ', ' ORDER BY i) || ', else 0')::credit.scorecard
FROM generate_series(1, 400) AS i;
SELECT id, pg_column_compression(card) IS NOT NULL AS compressed, credit.score_points(card, '{0}'::numeric[]) AS score FROM stored ORDER BY id;
SELECT pg_relation_size(reltoastrelid) > 0 AS stored_apart FROM pg_class WHERE oid = 'stored'::regclass;
SELECT pg_column_size(card) - pg_column_size(card::text::credit.scorecard) AS short_header FROM stored WHERE id = 1;
SELECT id, credit.score_points(card, ARRAY[least(2, id)::numeric]) AS score FROM stored, generate_series(1, 2) WHERE id > 2 ORDER BY id;
-- Each in turn, and again.
SELECT string_agg(credit.score_points(card, '{1}'::numeric[])::text, ' ' ORDER BY n, id) FROM stored, generate_series(1, 2) AS n WHERE id > 2;

-- Reading a card
\pset format aligned
\pset tuples_only off
SELECT input::credit.scorecard AS card FROM good WHERE id = 1 \gset
SELECT * FROM credit.attributes(:'card');
SELECT * FROM credit.attributes('a: <=-1.5 => 0.5 ("below"), <0 => 1, <=0 => 2, else 3, null => 4 "near zero"; b: else 1; c: ''x'' => 1 ("of x")');
SELECT * FROM credit.grades(:'card');
SELECT count(*) FROM credit.grades('a: else 1');
SELECT credit.minimum_score(:'card'), credit.maximum_score(:'card');
SELECT credit.minimum_score('start 100 decimals 1; a: <1 => -3.25, else 7.75, null => -4'), credit.maximum_score('start 100 decimals 1; a: <1 => -3.25, else 7.75, null => -4');
SELECT credit.grade(:'card', 680), credit.grade(:'card', 679.999999), credit.grade(:'card', -1e9), credit.grade('a: else 1', 5) IS NULL AS none;
SELECT * FROM credit.scaling('a: else 1');
SELECT credit.pd('a: else 1', 5) IS NULL AS no_pd, credit.odds('a: else 1', 5) IS NULL AS no_odds;
SELECT credit.pd(:'card', 1e6), credit.pd(:'card', -1e6), credit.odds(:'card', -1e6);
SELECT pg_temp.error(format('SELECT credit.odds(%L, 1e6)', :'card'));
SELECT pg_temp.error(format('SELECT credit.pd(%L, ''NaN'')', :'card'));
SELECT pg_temp.error(format('SELECT credit.grade(%L, 1e20)', :'card'));
SELECT pg_temp.error(format('SELECT credit.grade(%L, 0.0000001)', :'card'));
