-- credit.aging: text and binary forms, and values as the server stores them.
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

-- One of each kind: no item, 1 to 33 buckets, past due inside a bucket, scales 0 to 38, extremes.
CREATE TEMP TABLE value (id integer, a credit.aging);
INSERT INTO value
SELECT 1, credit.aging(NULL, NULL, '2026-06-15')
UNION ALL SELECT 2, credit.aging(n * 1.25 - 100, date '2026-06-15' - n + 100, '2026-06-15') FROM generate_series(1, 300) AS n
UNION ALL SELECT 3, credit.aging(-n, date '2026-06-15' - n, '2026-06-15', '0') FROM generate_series(1, 9) AS n
UNION ALL SELECT 4, credit.aging(n, date '2026-06-15' - n, '2026-06-15', '5,8') FROM generate_series(1, 9) AS n
UNION ALL SELECT 5, credit.aging(n, date '2026-06-15' - n, '2026-06-15', array_agg) FROM generate_series(-9, 99) AS n,
	(SELECT array_agg(b * 2)::credit.aging_buckets FROM generate_series(0, 31) AS b) AS b(array_agg)
UNION ALL SELECT 6, credit.aging(0.00000000000000000000000000000000000001, NULL, '2026-06-15')
UNION ALL SELECT 7, credit.aging(-170141183460469231731687303715884105727, '2026-06-14', '2026-06-15', '1', -2147483648)
UNION ALL SELECT 8, '-2147483648,2147483646;undated=-9223372036854775808;0.0/9223372036854775807/-0.1;17014118346046923173168730371588410572.7/-9223372036854775808/-17014118346046923173168730371588410572.8;0.0/0/0.0;past_due=1.0/1/1.0';
SELECT id, a FROM value WHERE id IN (1, 3, 4, 6, 7, 8) ORDER BY id;

-- Text there and back is the same text and the same bytes; no setting changes it.
SELECT bool_and(a::text::credit.aging::text = a::text) AS text,
	bool_and(credit.aging_send(a::text::credit.aging) = credit.aging_send(a)) AS bytes,
	bool_and(a::text::credit.aging OPERATOR(credit.=) a) AS value FROM value;
SET extra_float_digits = 0; SET bytea_output = 'escape'; SET DateStyle = 'German';
SELECT a FROM value WHERE id = 4;
RESET extra_float_digits; RESET bytea_output; RESET DateStyle;
-- Canonical out, lenient in only as far as the bounds go.
SELECT ' 0 , 030 ;undated=00;-0.00/01/0.00;0.00/-0/-0.00;0.00/0/0.00'::credit.aging;

CREATE TEMP TABLE wrong AS
SELECT * FROM unnest(ARRAY['', '0,30', '0;undated=0', '0;undated=0;1/1/1', '0;undated=0;1/1/1;2/1/2;3/1/3', '0;undated=0;1/1/1;2/1/2;',
	'0;undated=0;1/1/1;2/1/2 ', '0;undated=;1/1/1;2/1/2', '0;undated=0;1/1/1;2.0/1/2.0', '0;undated=0;1.00/1/1.0;2/1/2',
	'0;undated=0;1/1.0/1;2/1/2', '0;undated=0;1e2/1/1;2/1/2', '0;undated=0;NaN/1/1;2/1/2', '0;undated=0;1./1/1;2/1/2', '0;undated=0;.5/1/1;2/1/2',
	'0;undated=0;+1/1/1;2/1/2', '0;undated=0;1//1;2/1/2', '0;undated=0;1/9223372036854775808/1;2/1/2',
	'0;undated=0;170141183460469231731687303715884105728/1/1;2/1/2', '0;undated=0;-170141183460469231731687303715884105729/1/1;2/1/2',
	'0;undated=0;0.000000000000000000000000000000000000001/1/1;2/1/2', '0;undated=0;1/1/1;2/1/2;past_due=2/1/2',
	'5;undated=0;1/1/1;2/1/2', '30,0;undated=0;1/1/1;2/1/2;3/1/3', ';undated=0;1/1/1', '0,x;undated=0;1/1/1;2/1/2', '0 undated=0;1/1/1;2/1/2'])
	WITH ORDINALITY AS w(input, id);
SELECT input, pg_temp.error(format('SELECT %L::credit.aging', input)) FROM wrong ORDER BY id;
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
SELECT bool_or(pg_temp.is_valid(input, 'credit.aging')) AS any_valid FROM wrong;
SELECT bool_and(pg_temp.is_valid(a::text, 'credit.aging')) AS all_valid FROM value;

-- Binary COPY there and back, both types.
\getenv abs_builddir PG_ABS_BUILDDIR
\set file :abs_builddir '/results/aging_io.bin'
ALTER TABLE value ADD buckets credit.aging_buckets;
UPDATE value SET buckets = credit.aging_buckets(a);
CREATE TEMP TABLE copied (LIKE value);
COPY value TO :'file' (FORMAT binary);
COPY copied FROM :'file' (FORMAT binary);
SELECT count(*), bool_and(v.a::text = c.a::text) AS text, bool_and(credit.aging_send(v.a) = credit.aging_send(c.a)) AS bytes,
	bool_and(v.buckets::text = c.buckets::text) AS buckets
FROM value AS v JOIN copied AS c USING (id);

-- The wire format, byte for byte: version, flags, scale, number of bounds, bounds, undated, then per bucket
-- sum, items, amount x days.
SELECT encode(credit.aging_send('0,30;undated=2;-1.5/3/-4.5;0.0/0/0.0;0.1/1/3.1'), 'hex');
SELECT encode(credit.aging_buckets_send('-1,30'), 'hex');

-- Anything else on the wire is refused.  A bytea in a binary COPY is its bare bytes, so any can be sent.
CREATE TEMP TABLE wire (bytes bytea);
CREATE FUNCTION pg_temp.receive(hex text, type text, file text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	received text;
BEGIN
	DELETE FROM wire;
	INSERT INTO wire VALUES (decode(replace(hex, ' ', ''), 'hex'));
	EXECUTE format('COPY wire TO %L (FORMAT binary)', file);
	EXECUTE format('CREATE TEMP TABLE received (value %s)', type);
	received := pg_temp.error(format('COPY received FROM %L (FORMAT binary)', file));
	IF received = 'no error' THEN
		SELECT value::text INTO received FROM received;
	END IF;
	DROP TABLE received;
	RETURN received;
END $$;
\set head '00000000 0000000000000000'
\set sums '0000000000000000000000000000000f 0000000000000001 00000000000000000000000000000000 00000000000000000000000000000001 0000000000000002 00000000000000000000000000000003'
SELECT note, pg_temp.receive(hex, 'credit.aging', :'file') FROM (VALUES
	('as sent',           '01 00 01 01 ' || :'head' || :'sums'),
	('version 2',         '02 00 01 01 ' || :'head' || :'sums'),
	('unknown flag',      '01 02 01 01 ' || :'head' || :'sums'),
	('wrong flag',        '01 01 01 01 ' || :'head' || :'sums'),
	('missing flag',      '01 00 01 01 00000005 0000000000000000' || :'sums'),
	('scale 39',          '01 00 27 01 ' || :'head' || :'sums'),
	('no bounds',         '01 00 01 00 ' || :'sums'),
	('33 bounds',         '01 00 01 21 ' || :'head' || :'sums'),
	('unsorted',          '01 00 01 02 00000005 00000000 0000000000000000' || :'sums'),
	('too short',         '01 00 01 01 ' || :'head' || left(:'sums', -2)),
	('too long',          '01 00 01 01 ' || :'head' || :'sums' || '00'),
	('empty',             '')) AS w(note, hex);
SELECT note, pg_temp.receive(hex, 'credit.aging_buckets', :'file') FROM (VALUES
	('as sent', '00000000 0000001e'), ('unsorted', '0000001e 00000000'), ('too short', '000000'), ('empty', ''),
	('33 bounds', (SELECT string_agg(lpad(to_hex(n), 8, '0'), '') FROM generate_series(1, 33) AS n))) AS w(note, hex);

-- Stored values: a short header, compressed, out of line.  None may be changed by what is computed from it.
CREATE TEMP TABLE stored (id integer, padding text, a credit.aging);
ALTER TABLE stored ALTER padding SET STORAGE PLAIN;
INSERT INTO stored SELECT 1, '', a FROM value WHERE id = 3;
INSERT INTO stored SELECT 2, repeat('x', 1500), a FROM value WHERE id = 5;
ALTER TABLE stored ALTER a SET STORAGE EXTERNAL;
INSERT INTO stored SELECT 3, repeat('x', 1500), a FROM value WHERE id = 5;
SELECT id, pg_column_compression(a) IS NOT NULL AS compressed FROM stored ORDER BY id;
SELECT pg_relation_size(reltoastrelid) > 0 AS out_of_line FROM pg_class WHERE oid = 'stored'::regclass;
SELECT pg_column_size(a) AS short, pg_column_size(a::text::credit.aging) AS full FROM stored WHERE id = 1;
SELECT s.id, s.a::text = v.a::text AS read, credit.total(s.a) = credit.total(v.a) AS total FROM stored AS s JOIN value AS v ON v.id = CASE s.id WHEN 1 THEN 3 ELSE 5 END ORDER BY 1;
SELECT s.id, credit.total(credit.merge(s.a)) = 3 * credit.total(min(s.a::text)::credit.aging) AS merged
FROM stored AS s, generate_series(1, 3) GROUP BY s.id ORDER BY s.id;
-- A strict transition function of somebody else's aggregate starts from the stored bytes themselves.
CREATE AGGREGATE pg_temp.add_up(credit.aging) (SFUNC = credit.aging_plus, STYPE = credit.aging);
SELECT s.id, pg_temp.add_up(s.a) OPERATOR(credit.=) credit.merge(s.a) AS added_up FROM stored AS s, generate_series(1, 3) GROUP BY s.id ORDER BY s.id;
-- Called by hand, a transition function leaves its argument alone.
SELECT id, credit.aging_accum(a, 5, '2026-06-15', '2026-06-15', credit.aging_buckets(a)) OPERATOR(credit.<>) a AS changed,
	a::text = (SELECT v.a::text FROM value AS v WHERE v.id = CASE s.id WHEN 1 THEN 3 ELSE 5 END) AS left_alone
FROM stored AS s ORDER BY id;
SELECT credit.aging_combine(NULL, NULL) IS NULL AS nothing, credit.aging_combine(a, NULL)::text = a::text AS left_only, credit.aging_combine(NULL, a)::text = a::text AS right_only FROM stored ORDER BY id;
