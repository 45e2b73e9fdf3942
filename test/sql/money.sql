-- Amounts: numeric to scaled int128 and back, without numeric's own functions.
-- An aging of one amount shows what was read and what was made of it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

CREATE FUNCTION pg_temp.back(amount numeric) RETURNS numeric
LANGUAGE sql AS $$ SELECT credit.total(credit.aging(amount, '2026-01-01', '2026-01-01')) $$;

CREATE FUNCTION pg_temp.error(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''));
END $$;

-- What comes back shows the same decimals, is equal byte by byte, and hashes alike.
CREATE TEMP TABLE edge (amount numeric);
INSERT INTO edge VALUES
	(0), (0.0), (0.00), (0.00000), (1), (-1), (1.0), (9), (10), (100), (9999), (10000), (10001), (-10000),
	(99990000), (100000000), (1e16), (1e17), (1e18), (9223372036854775807), (9223372036854775808),
	(18446744073709551615), (18446744073709551616), (-9223372036854775808), (-9223372036854775809),
	(0.1), (0.01), (0.001), (0.0001), (0.00001), (0.000000001), (0.00010000), (12.340), (12.3400), (12.34000),
	(9999.9999), (10000.0001), (0.9999), (123456789012.34), (99999999999999.99), (100000000000000.00),
	(1e-38), (-1e-38), (1e38), (-1e38), (0.12345678901234567890123456789012345678),
	(12345678901234567890123456789.123456789), (99999999999999999999999999999999999999),
	(170141183460469231731687303715884105727), (-170141183460469231731687303715884105727),
	(1701411834604692317316873037158841057.27), (1.70141183460469231731687303715884105727);
SELECT count(*), bool_and(pg_temp.back(amount)::text = amount::text) AS text,
	bool_and(numeric_send(pg_temp.back(amount)) = numeric_send(amount)) AS bytes,
	bool_and(hash_numeric(pg_temp.back(amount)) = hash_numeric(amount)) AS hash,
	bool_and(pg_column_size(pg_temp.back(amount)) = pg_column_size(amount)) AS size
FROM edge;
SELECT amount, pg_temp.back(amount) FROM edge
WHERE numeric_send(pg_temp.back(amount)) <> numeric_send(amount);

-- At random, every number of decimals and of digits.
SELECT setseed(0.5);
CREATE TEMP TABLE sample AS
SELECT round((random() - 0.5)::numeric * power(10::numeric, n % 21), n % 18) AS amount
FROM generate_series(1, 20000) AS n;
INSERT INTO sample SELECT trim_scale(amount) FROM sample WHERE random() < 0.3;
SELECT count(*) > 20000 AS many, bool_and(pg_temp.back(amount)::text = amount::text) AS text,
	bool_and(numeric_send(pg_temp.back(amount)) = numeric_send(amount)) AS bytes
FROM sample;

-- Every way a numeric can be held: long form (more than 63 decimals, or a weight beyond 63),
-- compressed, out of line, short header (all rows above), four-byte header (computed).
CREATE TEMP TABLE held (id integer, amount numeric);
ALTER TABLE held ALTER amount SET STORAGE EXTERNAL;
INSERT INTO held VALUES
	(1, ('1.5' || repeat('0', 70))::numeric),
	(2, ('-1.5' || repeat('0', 16000))::numeric),
	(3, ('0.' || repeat('0', 39) || '1')::numeric),
	(4, ('1' || repeat('0', 300))::numeric),
	(5, ('1' || repeat('12345678', 5000))::numeric),
	(6, ('0.' || repeat('12345678', 2000))::numeric);
SELECT id, pg_column_size(amount) > 2000 AS out_of_line FROM held ORDER BY id;
SELECT id, pg_temp.back(amount) FROM held WHERE id <= 2 ORDER BY id;
SELECT id, pg_temp.error(format('SELECT pg_temp.back(amount) FROM held WHERE id = %s', id))
FROM held WHERE id > 2 ORDER BY id;
UPDATE held SET amount = 0 WHERE id = 5;
ALTER TABLE held ALTER amount SET STORAGE MAIN;
-- 49152 bytes of data: a compressed value carries its size where a plain one would say NaN.
UPDATE held SET amount = repeat('1234', 24574)::numeric WHERE id = 5;
SELECT pg_column_compression(amount) IS NOT NULL AS compressed,
	pg_temp.error('SELECT pg_temp.back(amount) FROM held WHERE id = 5') FROM held WHERE id = 5;

-- What is not a number, or does not fit.
SELECT value, pg_temp.error(format('SELECT pg_temp.back(%L)', value))
FROM unnest('{NaN,Infinity,-Infinity,1e39,-1e39,170141183460469231731687303715884105728,-170141183460469231731687303715884105728}'::numeric[]) AS value;
