-- Oldest-first allocation of every customer's payments to their invoices, three
-- ways: credit.allocate() over arrays, running sums joined where they overlap,
-- and a PL/pgSQL loop that walks both sides with cursors.  The three must agree
-- row for row; then each is timed in turn, round after round, and the medians
-- of one run are compared with each other.
--
--	psql -v customers=10000 -v payments=200000 -v invoices=600000 -v rounds=5 -f bench/allocation.sql
--
-- needs a database with the extension, where it makes and drops the schema
-- bench_allocation.  One process, no JIT: parallel workers on a small machine
-- measure the machine.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?customers}
\else
	\set customers 10000
\endif
\if :{?payments}
\else
	\set payments 200000
\endif
\if :{?invoices}
\else
	\set invoices 600000
\endif
\if :{?rounds}
\else
	\set rounds 5
\endif

SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET work_mem = '256MB';
SET client_min_messages = warning;

DROP SCHEMA IF EXISTS bench_allocation CASCADE;
CREATE SCHEMA bench_allocation;
SET search_path = bench_allocation;
SELECT setseed(0.5) \g /dev/null

-- About four fifths of what was invoiced has been paid.
CREATE TABLE invoice AS
SELECT id, 1 + id % :customers AS customer_id, date '2025-01-01' + floor(random() * 540)::int AS due_date,
	round((1 + floor(random() * 200000))::numeric / 100, 2) AS amount
FROM generate_series(1, :invoices) AS id;
CREATE TABLE payment AS
SELECT id, 1 + id % :customers AS customer_id, date '2025-01-01' + floor(random() * 540)::int AS paid_on,
	round((1 + floor(random() * 200000))::numeric / 100 * 0.8 * :invoices / :payments, 2) AS amount
FROM generate_series(1, :payments) AS id;
CREATE INDEX ON invoice (customer_id, due_date, id) INCLUDE (amount);
CREATE INDEX ON payment (customer_id, paid_on, id) INCLUDE (amount);
VACUUM ANALYZE invoice;
VACUUM ANALYZE payment;

-- The kernel sorts the debits itself; the credits come in order from the index.
CREATE VIEW by_kernel AS
SELECT payment_ids[credit_no] AS payment_id, invoice_ids[debit_no] AS invoice_id, a.amount
FROM (SELECT customer_id, array_agg(id) AS payment_ids, array_agg(amount) AS credits
	  FROM (SELECT * FROM payment ORDER BY customer_id, paid_on, id) AS p GROUP BY customer_id) AS p
	JOIN (SELECT customer_id, array_agg(id) AS invoice_ids, array_agg(amount) AS debits,
			array_agg(due_date) AS due_dates
		  FROM (SELECT * FROM invoice ORDER BY customer_id, id) AS i GROUP BY customer_id) AS i USING (customer_id),
	credit.allocate(credits, debits, due_dates) AS a;

CREATE VIEW by_running_sums AS
SELECT p.id AS payment_id, i.id AS invoice_id, least(p.upper, i.upper) - greatest(p.lower, i.lower) AS amount
FROM (SELECT customer_id, id, sum(amount) OVER w - amount AS lower, sum(amount) OVER w AS upper
	  FROM payment WINDOW w AS (PARTITION BY customer_id ORDER BY paid_on, id ROWS UNBOUNDED PRECEDING)) AS p
	JOIN (SELECT customer_id, id, sum(amount) OVER w - amount AS lower, sum(amount) OVER w AS upper
		  FROM invoice WINDOW w AS (PARTITION BY customer_id ORDER BY due_date, id ROWS UNBOUNDED PRECEDING)) AS i
		ON i.customer_id = p.customer_id AND p.lower < i.upper AND i.lower < p.upper;

CREATE FUNCTION walk() RETURNS TABLE (payment_id int, invoice_id int, amount numeric)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	payments CURSOR FOR SELECT p.id, p.customer_id, p.amount FROM payment AS p ORDER BY p.customer_id, p.paid_on, p.id;
	invoices CURSOR FOR SELECT i.id, i.customer_id, i.amount FROM invoice AS i ORDER BY i.customer_id, i.due_date, i.id;
	p record;
	i record;
BEGIN
	OPEN payments;
	OPEN invoices;
	FETCH payments INTO p;
	FETCH invoices INTO i;
	WHILE p.id IS NOT NULL AND i.id IS NOT NULL LOOP
		IF p.customer_id < i.customer_id THEN
			FETCH payments INTO p;
		ELSIF i.customer_id < p.customer_id THEN
			FETCH invoices INTO i;
		ELSE
			payment_id := p.id;
			invoice_id := i.id;
			amount := least(p.amount, i.amount);
			RETURN NEXT;
			p.amount := p.amount - amount;
			i.amount := i.amount - amount;
			IF p.amount = 0 THEN
				FETCH payments INTO p;
			END IF;
			IF i.amount = 0 THEN
				FETCH invoices INTO i;
			END IF;
		END IF;
	END LOOP;
	CLOSE payments;
	CLOSE invoices;
END
$$;
CREATE VIEW by_plpgsql AS SELECT * FROM walk();

\echo
SELECT :customers AS customers, :payments AS payments, :invoices AS invoices,
	(SELECT count(*) FROM by_kernel) AS allocations,
	(SELECT count(*) FROM (SELECT payment_id, invoice_id, amount FROM by_running_sums
		EXCEPT ALL SELECT payment_id, invoice_id, amount FROM by_kernel) AS d)
	+ (SELECT count(*) FROM (SELECT payment_id, invoice_id, amount FROM by_kernel
		EXCEPT ALL SELECT payment_id, invoice_id, amount FROM by_running_sums) AS d)
	+ (SELECT count(*) FROM (SELECT payment_id, invoice_id, amount FROM by_plpgsql
		EXCEPT ALL SELECT payment_id, invoice_id, amount FROM by_kernel) AS d)
	+ (SELECT count(*) FROM (SELECT payment_id, invoice_id, amount FROM by_kernel
		EXCEPT ALL SELECT payment_id, invoice_id, amount FROM by_plpgsql) AS d) AS differences;

-- `gather` is the part of by_kernel that reads and collects: what is left is the allocation.
CREATE VIEW gather AS
SELECT cardinality(payment_ids) AS payment_id, cardinality(invoice_ids) AS invoice_id, credits[1] + debits[1] AS amount
FROM (SELECT customer_id, array_agg(id) AS payment_ids, array_agg(amount) AS credits
	  FROM (SELECT * FROM payment ORDER BY customer_id, paid_on, id) AS p GROUP BY customer_id) AS p
	JOIN (SELECT customer_id, array_agg(id) AS invoice_ids, array_agg(amount) AS debits,
			array_agg(due_date) AS due_dates
		  FROM (SELECT * FROM invoice ORDER BY customer_id, id) AS i GROUP BY customer_id) AS i USING (customer_id);

CREATE TABLE timing (way text, ms numeric);
CREATE PROCEDURE time_all(rounds int) LANGUAGE plpgsql AS $$
DECLARE
	way text;
	started timestamptz;
BEGIN
	FOR round IN 0 .. rounds LOOP
		FOREACH way IN ARRAY '{by_kernel,gather,by_running_sums,by_plpgsql}'::text[] LOOP
			started := clock_timestamp();
			EXECUTE format('SELECT count(payment_id), count(invoice_id), sum(amount) FROM %I', way);
			-- The first round only warms the caches.
			IF round > 0 THEN
				INSERT INTO timing VALUES (way, extract(epoch FROM clock_timestamp() - started) * 1000);
			END IF;
		END LOOP;
	END LOOP;
END
$$;
CALL time_all(:rounds);

SELECT way, rounds, round(median) AS median_ms, round(fastest) AS fastest_ms,
	round(median / first_value(median) OVER (ORDER BY way <> 'by_kernel'), 2) AS times_kernel
FROM (SELECT way, count(*) AS rounds, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS median, min(ms) AS fastest
	  FROM timing GROUP BY way) AS t
ORDER BY way = 'gather', median;

DROP SCHEMA bench_allocation CASCADE;
