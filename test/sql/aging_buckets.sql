-- credit.aging_buckets: upper bounds in days past due, inclusive.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

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

-- Text in, canonical text out.
SELECT input, input::credit.aging_buckets
FROM unnest(ARRAY['0,30,60,90', ' 0 , 30,60 ,  90 ', '0', '-30,0,30', '-2147483648', '2147483646',
	'007,08', E'0,\t30\n', '1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32']) AS input;

CREATE TEMP TABLE wrong AS
SELECT * FROM unnest(ARRAY['', '  ', ',', '0,', ',0', '0,,30', 'x', '0;30', '0,30x', '1.5', '+5', '- 5', '0 30', '30,0', '0,30,30',
	'2147483648', '2147483647', '-2147483649', '99999999999999999999', '0,2147483647',
	'1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33']) WITH ORDINALITY AS w(input, id);
SELECT input, pg_temp.error(format('SELECT %L::credit.aging_buckets', input)) FROM wrong ORDER BY id;

-- Soft errors where the server has them (16 and later), ordinary ones before.
CREATE FUNCTION pg_temp.is_valid(input text, type text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	valid boolean;
BEGIN
	IF current_setting('server_version_num')::integer >= 160000 THEN
		EXECUTE 'SELECT pg_input_is_valid($1, $2)' INTO valid USING input, type;
		RETURN valid;
	END IF;
	RETURN pg_temp.error(format('SELECT %L::%s', input, type)) = 'no error';
END $$;
SELECT bool_or(pg_temp.is_valid(input, 'credit.aging_buckets')) AS any_valid FROM wrong;
SELECT pg_temp.is_valid('0, 30', 'credit.aging_buckets');

-- Labels and days.
SELECT n, credit.bucket_label('0,30,60,90', n), credit.bucket_label('29,59,89', n) AS current_30
FROM generate_series(1, 4) AS n;
SELECT credit.bucket_label('0,30,60,90', 5) AS last;
SELECT n, credit.bucket_label('-60,-30,-29,0,1,30', n) FROM generate_series(1, 7) AS n;
SELECT credit.bucket_label('-2147483648,2147483646', n) FROM generate_series(1, 3) AS n;
SELECT n, pg_temp.error(format('SELECT credit.bucket_label(''0,30'', %s)', n)) FROM unnest('{0,4,-1,2147483647}'::int[]) AS n;
SELECT days, credit.bucket_of('0,30,60,90', days)
FROM unnest('{-2147483648,-1,0,1,30,31,60,61,90,91,2147483647}'::int[]) AS days;
SELECT credit.bucket_label(NULL, 1), credit.bucket_of('0,30', NULL);

-- Every day is in exactly one bucket, and the label says which.
SELECT bool_and(n = 1 + (SELECT count(*) FROM unnest(b::integer[]) AS bound WHERE days > bound)) AS all_found
FROM (VALUES ('0,30,60,90'::credit.aging_buckets), ('-7,0,7'), ('5'), ('-10,-9,-8')) AS v(b),
	generate_series(-100, 100) AS days, credit.bucket_of(b, days) AS n;

-- Casts.
SELECT ARRAY[0, 30, 60]::credit.aging_buckets, '0,30,60'::credit.aging_buckets::integer[];
SELECT pg_temp.error('SELECT ' || array_literal || '::credit.aging_buckets')
FROM unnest(ARRAY['''{}''::int[]', 'ARRAY[0,NULL]', 'ARRAY[[0,30],[60,90]]', 'ARRAY[30,0]']) AS array_literal;
SELECT '[5:7]={0,30,60}'::integer[]::credit.aging_buckets AS any_subscripts;
SELECT pg_temp.error('SELECT array_fill(1, ARRAY[33])::credit.aging_buckets');

-- Comparing, sorting, grouping.
CREATE TEMP TABLE plan (id integer GENERATED ALWAYS AS IDENTITY, buckets credit.aging_buckets UNIQUE);
INSERT INTO plan (buckets) VALUES ('0,30,60,90'), ('0,30'), ('0'), ('-30,0'), ('0,30,60,91'), ('0,31');
SELECT string_agg(buckets::text, ' < ' ORDER BY buckets) FROM plan;
SELECT pg_temp.error($$INSERT INTO plan (buckets) VALUES ('0, 30')$$);
SET enable_seqscan = off;
SELECT id FROM plan WHERE buckets OPERATOR(credit.=) '0,30';
RESET enable_seqscan;
SET enable_sort = off;
SELECT count(*) FROM (SELECT buckets FROM plan, generate_series(1, 3) GROUP BY buckets) AS g;
RESET enable_sort;
SELECT a.buckets, b.buckets, a.buckets OPERATOR(credit.<) b.buckets AS lt, a.buckets OPERATOR(credit.<=) b.buckets AS le,
	a.buckets OPERATOR(credit.=) b.buckets AS eq, a.buckets OPERATOR(credit.<>) b.buckets AS ne,
	a.buckets OPERATOR(credit.>=) b.buckets AS ge, a.buckets OPERATOR(credit.>) b.buckets AS gt
FROM plan AS a, plan AS b WHERE a.id = 2 AND b.id <= 3 ORDER BY b.id;
