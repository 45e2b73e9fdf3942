-- credit.payment_terms: laws that hold for any terms and any invoice, tried on random ones.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
\pset format unaligned
SELECT setseed(0.2107);

-- Random days: plain, months, EOM, prox, days then EOM; later with every step of `n`, so that lists of them ascend.
CREATE FUNCTION pg_temp.random_day(n integer) RETURNS text LANGUAGE sql AS $$
	SELECT CASE (random() * 5)::integer
		WHEN 0 THEN format('%s months', n + 1)
		WHEN 1 THEN format('EOM + %s months - %s days', n + 1, (random() * 28)::integer)
		WHEN 2 THEN format('%sth prox + %s months', 4 + (random() * 16)::integer, n)
		WHEN 3 THEN format('%s then EOM + %s months', 1 + (random() * 40)::integer, n)
		WHEN 4 THEN format('EOM + %s days', n * 31)
		ELSE format('%s days', n * 31) END
$$;
CREATE FUNCTION pg_temp.random_terms() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	terms text;
	n integer := 1 + (random() * 7)::integer;
	divisor integer := (random() * 200)::integer + 2 * n;
BEGIN
	CASE (random() * 3)::integer
		WHEN 0 THEN
			terms := 'net ' || pg_temp.random_day((random() * 12)::integer);
		WHEN 1 THEN
			SELECT string_agg(format('%s%% discount %s', 12.5 - i, pg_temp.random_day(i)), ', ' ORDER BY i) INTO terms FROM generate_series(1, n) i;
			terms := terms || ', net ' || pg_temp.random_day(n + 3);
			IF random() < 0.3 THEN terms := terms || ' grace ' || (random() * 99)::integer; END IF;
		ELSE
			SELECT string_agg(format('%s/%s %s', CASE WHEN i < n THEN 1 ELSE divisor - n + 1 END, divisor, regexp_replace(pg_temp.random_day(i), '^EOM.*', '(\&)')), ', ' ORDER BY i) INTO terms
			FROM generate_series(1, n) i;
	END CASE;
	IF terms ~ 'EOM|prox' AND random() < 0.5 THEN terms := terms || ' cutoff ' || 1 + (random() * 30)::integer; END IF;
	RETURN terms || CASE (random() * 6)::integer WHEN 0 THEN ' ROG' WHEN 1 THEN ' dating 03-' || 1 + (random() * 30)::integer
		WHEN 2 THEN ' extra ' || 1 + (random() * 364)::integer ELSE '' END;
END $$;

-- Not all of these make sense: those that do not are left out.
CREATE FUNCTION pg_temp.try_terms(written text) RETURNS credit.payment_terms LANGUAGE plpgsql AS $$
BEGIN
	RETURN written::credit.payment_terms;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN NULL;
END $$;
CREATE TEMP TABLE random_terms AS
SELECT id, written, pg_temp.try_terms(written) AS terms FROM (SELECT id, pg_temp.random_terms() AS written FROM generate_series(1, 6000) id) r;
SELECT count(terms) > 4000 AS many, count(DISTINCT terms::text) > 3000 AS different FROM random_terms;
DELETE FROM random_terms WHERE terms IS NULL;
CREATE TEMP TABLE invoice AS
SELECT id, terms, date '2024-01-01' + (random() * 1500)::integer AS doc_date, date '2028-06-01' AS received, round((random() * 10 ^ (random() * 12))::numeric, 2) - 5 AS amount FROM random_terms;

-- Text: what is printed reads back as the same value, and prints the same.
SELECT count(*) AS wrong FROM random_terms WHERE terms::text::credit.payment_terms OPERATOR(credit.<>) terms OR terms::text::credit.payment_terms::text <> terms::text;
-- Equal values have equal texts and hashes, and different ones different texts.
SELECT count(*) AS wrong FROM random_terms a JOIN random_terms b ON a.id % 50 = b.id % 50
WHERE (a.terms OPERATOR(credit.=) b.terms) <> (a.terms::text = b.terms::text)
	OR (a.terms OPERATOR(credit.=) b.terms AND credit.payment_terms_hash(a.terms) <> credit.payment_terms_hash(b.terms));
SELECT count(DISTINCT credit.payment_terms_hash(terms)) > 0.99 * count(DISTINCT terms::text) AS hashes_spread FROM random_terms;
-- Order: antisymmetric, transitive, and the operators agree with it.
SELECT count(*) AS wrong FROM random_terms a JOIN random_terms b ON a.id % 50 = b.id % 50,
	LATERAL (SELECT credit.payment_terms_cmp(a.terms, b.terms)) c(ab)
WHERE ab <> -credit.payment_terms_cmp(b.terms, a.terms) OR (ab = 0) <> (a.terms OPERATOR(credit.=) b.terms)
	OR (ab < 0) <> (a.terms OPERATOR(credit.<) b.terms) OR (ab <= 0) <> (a.terms OPERATOR(credit.<=) b.terms)
	OR (ab >= 0) <> (a.terms OPERATOR(credit.>=) b.terms) OR (ab > 0) <> (a.terms OPERATOR(credit.>) b.terms);
SELECT count(*) AS wrong FROM random_terms a JOIN random_terms b ON a.id % 400 = b.id % 400 JOIN random_terms c ON c.id % 400 = b.id % 400
WHERE a.terms OPERATOR(credit.<=) b.terms AND b.terms OPERATOR(credit.<=) c.terms AND NOT a.terms OPERATOR(credit.<=) c.terms;

-- Binary COPY there and back.
CREATE TEMP TABLE copied (id integer, terms credit.payment_terms);
DO $$
DECLARE
	file text := current_setting('data_directory') || '/terms_random.copy';
BEGIN
	EXECUTE format('COPY (SELECT id, terms FROM random_terms) TO %L (FORMAT binary)', file);
	EXECUTE format('COPY copied FROM %L (FORMAT binary)', file);
END $$;
SELECT count(*) AS wrong FROM random_terms r FULL JOIN copied c USING (id)
WHERE r.terms IS NULL OR c.terms IS NULL OR r.terms OPERATOR(credit.<>) c.terms OR credit.payment_terms_send(r.terms) <> credit.payment_terms_send(c.terms);

-- Any single byte changed on the wire makes an error, or another valid value; never one that does not read back.
CREATE TEMP TABLE damaged (terms credit.payment_terms);
CREATE FUNCTION pg_temp.receive(wire bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file text := current_setting('data_directory') || '/terms_random.copy';
	received credit.payment_terms;
BEGIN
	DELETE FROM damaged;
	PERFORM lo_from_bytea(4242, '\x5047434f50590aff0d0a00' || '\x0000000000000000'::bytea || '\x0001'::bytea || int4send(length(wire)) || wire || '\xffff'::bytea);
	PERFORM lo_export(4242, file);
	PERFORM lo_unlink(4242);
	EXECUTE format('COPY damaged FROM %L (FORMAT binary)', file);
	SELECT terms INTO received FROM damaged;
	RETURN CASE WHEN received::text::credit.payment_terms OPERATOR(credit.=) received AND credit.payment_terms_send(received) = wire THEN 'valid' ELSE 'broken' END;
EXCEPTION WHEN others THEN
	PERFORM lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid = 4242;
	RETURN SQLSTATE;
END $$;
SELECT wire, pg_temp.receive(wire) FROM (VALUES (''::bytea), ('\x01'), ('\x01000000000000'), (credit.payment_terms_send('net 30')), (credit.payment_terms_send('net 30') || '\x00'),
	(set_byte(credit.payment_terms_send('net 30'), 0, 2)), (set_byte(credit.payment_terms_send('net 30'), 0, 0)), (set_byte(credit.payment_terms_send('net 30'), 2, 7)),
	(set_byte(credit.payment_terms_send('net 30'), 2, 9)), (set_byte(credit.payment_terms_send('net 30'), 14, 33)),
	('\x0100000000000000012711000100002710271100020000'), ('\x010000000000000001271000010000270f271000020000'), (set_byte(credit.payment_terms_send('net 30'), 14, 128))) w(wire);
SELECT DISTINCT pg_temp.receive(set_byte(wire, byte, value)) AS outcome
FROM (SELECT credit.payment_terms_send(t) AS wire FROM unnest('{2/10 EOM,net 30 dating 03-01,1/3 30 1/3 60 1/3 90,3% 10th prox net 60 grace 5 ROG}'::credit.payment_terms[]) t) w,
	generate_series(0, length(wire) - 1) byte, unnest('{0,1,2,3,31,32,64,127,255}'::integer[]) value
ORDER BY 1;

------------------------------------------------------------------------------------------------
-- Dates, against the same rules in plain SQL
------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.month_day(month date, day integer) RETURNS date LANGUAGE sql AS $$
	SELECT least(date_trunc('month', month)::date + day - 1, (date_trunc('month', month) + interval '1 month - 1 day')::date)
$$;
CREATE TEMP TABLE trial AS
SELECT id, kind, months, days, cutoff, date '1999-12-01' + floor(random() * 20000)::integer AS doc_date, 1 + floor(random() * 31)::integer AS day
FROM (SELECT id, (ARRAY['plain', 'months', 'eom', 'prox', 'then eom', 'then prox'])[1 + floor(random() * 6)::integer] AS kind,
		floor(random() * 14)::integer AS months, 1 + floor(random() * 120)::integer AS days, CASE WHEN random() < 0.5 THEN 31 ELSE 1 + floor(random() * 31)::integer END AS cutoff
	FROM generate_series(1, 20000) id) t;
ALTER TABLE trial ADD terms credit.payment_terms, ADD expected date;
UPDATE trial SET terms = (CASE kind
		WHEN 'plain' THEN format('net %s', days)
		WHEN 'months' THEN format('net %s months + %s days', months + 1, days)
		WHEN 'eom' THEN format('net EOM + %s months + %s days cutoff %s', months, days, cutoff)
		WHEN 'prox' THEN format('net %sth prox + %s months + %s days cutoff %s', day, months, days, cutoff)
		WHEN 'then eom' THEN format('net %s then EOM + %s months cutoff %s', days, months, cutoff)
		ELSE format('net %s then %sth prox + %s months cutoff %s', days, day, months, cutoff) END)::credit.payment_terms,
	expected = CASE kind
		WHEN 'plain' THEN doc_date + days
		WHEN 'months' THEN (doc_date + make_interval(months => months + 1))::date + days
		WHEN 'eom' THEN pg_temp.month_day((f.counted + make_interval(months => months))::date, 31) + days
		WHEN 'prox' THEN pg_temp.month_day((date_trunc('month', f.counted) + make_interval(months => months + 1))::date, day) + days
		WHEN 'then eom' THEN pg_temp.month_day((date_trunc('month', f.counted + days) + make_interval(months => months))::date, 31)
		ELSE pg_temp.month_day((date_trunc('month', f.counted + days) + make_interval(months => months + 1))::date, day) END
FROM (SELECT t.id, CASE WHEN extract(day FROM t.doc_date) > t.cutoff THEN (date_trunc('month', t.doc_date) + interval '1 month')::date ELSE t.doc_date END AS counted FROM trial t) f
WHERE f.id = trial.id;
SELECT count(*) AS wrong FROM trial WHERE credit.due_date(terms, doc_date) IS DISTINCT FROM expected;
SELECT count(DISTINCT kind) AS kinds, count(*) FILTER (WHERE extract(day FROM doc_date) > cutoff) > 2000 AS some_after_the_cutoff FROM trial;
-- What counts from another day is what counts from the invoice, of that day.
SELECT count(*) AS wrong FROM trial
WHERE credit.due_date((terms || ' ROG')::credit.payment_terms, doc_date - 50, doc_date) <> expected
	OR credit.due_date((terms || ' extra 50')::credit.payment_terms, doc_date - 50) <> expected
	OR credit.due_date((terms || ' dating ' || to_char(doc_date, 'MM-DD'))::credit.payment_terms, doc_date) <> expected
	OR credit.due_date((terms || ' dating ' || to_char(doc_date, 'MM-DD'))::credit.payment_terms, doc_date - 300) <> expected AND to_char(doc_date, 'MM-DD') <> '02-29';

------------------------------------------------------------------------------------------------
-- Laws
------------------------------------------------------------------------------------------------

-- The later invoice is never due before the earlier, nor its discounts over.
SELECT count(*) AS wrong FROM invoice, generate_series(1, 40, 13) later
WHERE credit.due_date(terms, doc_date, received) > credit.due_date(terms, doc_date + later, received + later)
	OR credit.discount_date(terms, doc_date, received) > credit.discount_date(terms, doc_date + later, received + later);
-- Nothing is due before the invoice (or the receipt), no discount ends after the due date, and grace adds what it says.
SELECT count(*) AS wrong FROM invoice, LATERAL (SELECT CASE WHEN credit.awaits_goods(terms) THEN received ELSE doc_date END) s(start)
WHERE credit.due_date(terms, doc_date, received) < start OR EXISTS (SELECT FROM credit.discounts(terms, doc_date, received) d WHERE d.last_day < start OR d.last_day > credit.due_date(terms, doc_date, received));
SELECT count(*) AS wrong FROM invoice, credit.discounts(terms, doc_date, received) d, LATERAL (SELECT d.last_day + credit.grace_days(terms)) l(last)
WHERE credit.discount_rate(terms, doc_date, last, received) < rate OR credit.discount_rate(terms, doc_date, last + 1, received) >= rate AND NOT EXISTS (
	SELECT FROM credit.discounts(terms, doc_date, received) e WHERE e.rate >= d.rate AND e.last_day > d.last_day);
-- Instalments: the sum is exact, signs agree, each but the last is within half a unit of its share, and all is due with the last.
SELECT count(*) AS wrong FROM invoice, LATERAL (
	SELECT sum(i.amount) AS sum, max(i.due_date) AS last, count(*) AS n, bool_or(sign(i.amount) = -sign(invoice.amount) AND i.amount <> 0) AS turned FROM credit.instalments(terms, doc_date, amount, 2, received) i) i
WHERE i.sum <> amount OR i.turned OR i.n <> credit.instalment_count(terms) OR i.last <> credit.due_date(terms, doc_date, received);
SELECT count(*) AS wrong FROM invoice, credit.instalments(terms, doc_date, amount, 2, received) i, regexp_match(terms::text, '^(1)/(\d+) ') share
WHERE i.no < credit.instalment_count(terms) AND abs(i.amount - invoice.amount * share[1]::numeric / share[2]::numeric) > 0.005;
-- Discounts: both bases agree, to the rounding; a payment of what is left after the discount earns that discount.
SELECT count(*) AS wrong FROM invoice, LATERAL (SELECT credit.discount(terms, doc_date, doc_date, amount, received)) d(discount)
WHERE abs(discount - amount * credit.discount_rate(terms, doc_date, doc_date, received)) > 0.005
	OR abs(credit.discount(terms, doc_date, doc_date, amount - discount, received, 'payment') - discount) > 0.01
	OR credit.discount(terms, doc_date, doc_date, -amount, received) <> -discount;
