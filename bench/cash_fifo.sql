-- First in, first out: payments of many customers over their open invoices, the oldest due first, and what it costs to
-- compute and to write.
--
-- In bare tables, three ways with the same outcome: a PL/pgSQL loop that takes payment by payment and pays open invoices
-- until the money is gone, as applications do it (over one customer in `part`, times `part`); a join where running sums
-- overlap; and credit.allocate().  Computing is without a row written; written are the allocations and what is open.
--
-- In a ledger: apply_cash() over receipts that name nothing, with matches, payments, allocations and all that a ledger
-- keeps, its parts apart; the same payments and allocations by the running sums in two statements, which keep no
-- match, lock nothing and look at no rules; and the loop with post_payment() and allocate() (over one customer in `part`).
--
--	psql -v customers=50000 -v payments=1000000 -v invoices=3000000 -v part=50 -f bench/cash_fifo.sql
--
-- needs a database with the extension and a superuser; it makes and drops the schemas bench_fifo and bench_ledger.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?customers}
\else
	\set customers 5000
\endif
\if :{?payments}
\else
	\set payments 100000
\endif
\if :{?invoices}
\else
	\set invoices 300000
\endif
\if :{?part}
\else
	\set part 20
\endif
SET client_min_messages = warning;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '256MB';
DROP SCHEMA IF EXISTS bench_fifo, bench_ledger CASCADE;
CREATE SCHEMA bench_fifo;
SELECT setseed(0.5) \g /dev/null

-- About four fifths of what was invoiced is paid.
CREATE TABLE bench_fifo.plan AS
SELECT 'invoice' AS kind, id, 1 + id % :customers AS customer_id, date '2025-01-01' + floor(random() * 300)::int AS day,
	round((1 + floor(random() * 200000))::numeric / 100, 2) AS amount
FROM generate_series(1, :invoices) id
UNION ALL
SELECT 'payment', id, 1 + id % :customers, date '2025-06-01' + (id / :customers)::int % 20, round((1 + floor(random() * 200000))::numeric / 100 * 0.8 * :invoices / :payments, 2)
FROM generate_series(1, :payments) id;

CREATE TABLE bench_fifo.timing (place int, what text, way text, ms numeric, wal numeric, rows bigint, of_all numeric DEFAULT 1);
CREATE PROCEDURE bench_fifo.measure(p_place int, p_what text, p_way text, p_statement text, p_of_all numeric DEFAULT 1, p_undo boolean DEFAULT false) LANGUAGE plpgsql AS $$
DECLARE
	began timestamptz;
	wal pg_lsn;
	n bigint;
	taken bench_fifo.timing;
BEGIN
	BEGIN
		began := clock_timestamp();
		wal := pg_current_wal_insert_lsn();
		EXECUTE p_statement INTO n;
		taken := ROW(p_place, p_what, p_way, extract(epoch FROM clock_timestamp() - began) * 1000, pg_current_wal_insert_lsn() - wal, n, p_of_all);
		IF p_undo THEN
			RAISE EXCEPTION USING ERRCODE = 'P9999';
		END IF;
	EXCEPTION WHEN SQLSTATE 'P9999' THEN
		NULL;
	END;
	INSERT INTO bench_fifo.timing SELECT taken.*;
END $$;

-- ---- bare tables ----

SET search_path = bench_fifo;
CREATE TABLE invoice AS SELECT id, customer_id, day AS due_date, amount, amount AS open FROM plan WHERE kind = 'invoice';
CREATE TABLE payment AS SELECT id, customer_id, day AS paid_on, amount, amount AS open FROM plan WHERE kind = 'payment';
ALTER TABLE invoice ADD PRIMARY KEY (id);
ALTER TABLE payment ADD PRIMARY KEY (id);
CREATE INDEX ON invoice (customer_id, due_date, id) WHERE open > 0;
CREATE INDEX ON payment (customer_id, paid_on, id) WHERE open > 0;
CREATE TABLE allocation (id bigserial PRIMARY KEY, payment_id int, invoice_id int, amount numeric);
CREATE INDEX ON allocation (payment_id);
CREATE INDEX ON allocation (invoice_id);
VACUUM ANALYZE invoice;
VACUUM ANALYZE payment;

CREATE VIEW by_kernel AS
SELECT payment_ids[credit_no] AS payment_id, invoice_ids[debit_no] AS invoice_id, a.amount
FROM (SELECT customer_id, array_agg(id) AS payment_ids, array_agg(open) AS credits
	  FROM (SELECT * FROM payment WHERE open > 0 ORDER BY customer_id, paid_on, id) p GROUP BY customer_id) p
	JOIN (SELECT customer_id, array_agg(id) AS invoice_ids, array_agg(open) AS debits
		  FROM (SELECT * FROM invoice WHERE open > 0 ORDER BY customer_id, due_date, id) i GROUP BY customer_id) i USING (customer_id),
	credit.allocate(credits, debits) a;
CREATE VIEW by_running_sums AS
SELECT p.id AS payment_id, i.id AS invoice_id, least(p.upper, i.upper) - greatest(p.lower, i.lower) AS amount
FROM (SELECT customer_id, id, sum(open) OVER w - open AS lower, sum(open) OVER w AS upper
	  FROM payment WHERE open > 0 WINDOW w AS (PARTITION BY customer_id ORDER BY paid_on, id ROWS UNBOUNDED PRECEDING)) p
	JOIN (SELECT customer_id, id, sum(open) OVER w - open AS lower, sum(open) OVER w AS upper
		  FROM invoice WHERE open > 0 WINDOW w AS (PARTITION BY customer_id ORDER BY due_date, id ROWS UNBOUNDED PRECEDING)) i
		ON i.customer_id = p.customer_id AND p.lower < i.upper AND i.lower < p.upper;

CREATE FUNCTION write_all(way text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('INSERT INTO allocation (payment_id, invoice_id, amount) SELECT * FROM %I', way);
	GET DIAGNOSTICS n = ROW_COUNT;
	UPDATE payment p SET open = open - a.amount FROM (SELECT payment_id, sum(amount) AS amount FROM allocation GROUP BY 1) a WHERE a.payment_id = p.id;
	UPDATE invoice i SET open = open - a.amount FROM (SELECT invoice_id, sum(amount) AS amount FROM allocation GROUP BY 1) a WHERE a.invoice_id = i.id;
	RETURN n;
END $$;

CREATE FUNCTION loop_over(part int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	p record;
	i record;
	part_paid numeric;
	n bigint := 0;
BEGIN
	FOR p IN SELECT * FROM payment WHERE customer_id % part = 0 ORDER BY paid_on, id LOOP
		FOR i IN SELECT * FROM invoice v WHERE v.customer_id = p.customer_id AND v.open > 0 ORDER BY v.due_date, v.id FOR UPDATE LOOP
			part_paid := least(p.open, i.open);
			INSERT INTO allocation (payment_id, invoice_id, amount) VALUES (p.id, i.id, part_paid);
			UPDATE invoice SET open = open - part_paid WHERE id = i.id;
			p.open := p.open - part_paid;
			n := n + 1;
			EXIT WHEN p.open = 0;
		END LOOP;
		UPDATE payment SET open = p.open WHERE id = p.id;
	END LOOP;
	RETURN n;
END $$;

CALL measure(0, 'warming up', 'credit.allocate()', 'SELECT count(*) FROM by_kernel');
CALL measure(1, 'bare tables, computing', 'credit.allocate()', 'SELECT count(amount) FROM by_kernel');
CALL measure(1, 'bare tables, computing', 'running sums', 'SELECT count(amount) FROM by_running_sums');
CALL measure(1, 'bare tables, computing', 'credit.allocate()', 'SELECT count(amount) FROM by_kernel');
CALL measure(1, 'bare tables, computing', 'running sums', 'SELECT count(amount) FROM by_running_sums');
CALL measure(2, 'bare tables, written', 'credit.allocate()', $$SELECT write_all('by_kernel')$$, p_undo => true);
CALL measure(2, 'bare tables, written', 'running sums', $$SELECT write_all('by_running_sums')$$, p_undo => true);
CALL measure(2, 'bare tables, written', 'loop per payment', format('SELECT loop_over(%s)', :part), 1.0 / :part, p_undo => true);
SELECT count(*) AS differences FROM (
	(TABLE by_kernel EXCEPT ALL TABLE by_running_sums) UNION ALL (TABLE by_running_sums EXCEPT ALL TABLE by_kernel)) d;

-- ---- a ledger ----

SELECT credit.create_ledger('bench_ledger', 'USD') \g /dev/null
SET search_path = bench_ledger, public;
INSERT INTO customer (customer_id, name) SELECT c, 'Customer ' || c FROM generate_series(1, :customers) c;
INSERT INTO document (customer_id, kind, number, doc_date, due_date, amount)
SELECT customer_id, 'invoice', 'INV-' || 1000000 + id, '2025-01-01', day, amount FROM bench_fifo.plan WHERE kind = 'invoice' ORDER BY customer_id, day, id;
SELECT set_cash_rules('all', '{oldest_first}') \g /dev/null
INSERT INTO bank_receipt (source, account, statement_id, sequence, booking_date, amount, currency, customer_id, payer_name, remittance_text, digest)
SELECT 'manual', 'US1', 'S' || day, id::text, day, amount, 'USD', customer_id, 'Customer ' || customer_id, 'thank you', sha256(id::text::bytea)
FROM bench_fifo.plan WHERE kind = 'payment' ORDER BY day, id;
VACUUM ANALYZE;

-- What a set-based application would write by itself, with the ledger's triggers doing their part.
CREATE FUNCTION bench_fifo.write_sums() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	INSERT INTO document (customer_id, kind, number, doc_date, amount, posting_date)
	SELECT customer_id, 'payment', 'P' || id, day, amount, day FROM bench_fifo.plan WHERE kind = 'payment' ORDER BY customer_id, day, id;
	INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
	SELECT p.customer_id, p.item_id, i.item_id, least(p.upper, i.upper) - greatest(p.lower, i.lower), current_date
	FROM (SELECT customer_id, item_id, -sum(open_amount) OVER w + open_amount AS lower, -sum(open_amount) OVER w AS upper
		  FROM item WHERE open_amount < 0 WINDOW w AS (PARTITION BY customer_id ORDER BY posting_date, item_id ROWS UNBOUNDED PRECEDING)) p
		JOIN (SELECT customer_id, item_id, sum(open_amount) OVER w - open_amount AS lower, sum(open_amount) OVER w AS upper
			  FROM item WHERE open_amount > 0 WINDOW w AS (PARTITION BY customer_id ORDER BY due_date, item_id ROWS UNBOUNDED PRECEDING)) i
			ON i.customer_id = p.customer_id AND p.lower < i.upper AND i.lower < p.upper;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
CREATE FUNCTION bench_fifo.loop_ledger(part int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	r record;
	i record;
	payment bigint;
	credit_item bigint;
	left_over numeric;
	n bigint := 0;
BEGIN
	FOR r IN SELECT * FROM bank_receipt b WHERE b.customer_id % part = 0 ORDER BY b.booking_date, b.bank_receipt_id LOOP
		payment := post_payment(r.customer_id, 'P' || r.bank_receipt_id, r.booking_date, r.amount);
		SELECT c.item_id INTO credit_item FROM item c WHERE c.customer_id = r.customer_id AND c.document_id = payment;
		left_over := r.amount;
		FOR i IN SELECT * FROM item v WHERE v.customer_id = r.customer_id AND v.open_amount > 0 ORDER BY v.due_date, v.item_id LOOP
			PERFORM allocate(r.customer_id, credit_item, i.item_id, least(left_over, i.open_amount));
			left_over := left_over - least(left_over, i.open_amount);
			n := n + 1;
			EXIT WHEN left_over = 0;
		END LOOP;
	END LOOP;
	RETURN n;
END $$;

CALL bench_fifo.measure(3, 'ledger', 'running sums, no matches', 'SELECT bench_fifo.write_sums()', p_undo => true);
CALL bench_fifo.measure(3, 'ledger', 'loop per payment, no matches', format('SELECT bench_fifo.loop_ledger(%s)', :part), 1.0 / :part, p_undo => true);
VACUUM document, item, allocation, exposure;
CALL bench_fifo.measure(4, 'ledger, of which: who pays', 'apply_cash()', $$SELECT sum(cardinality(drafts)) FROM plan_cash_run(ARRAY(SELECT bank_receipt_id FROM bank_receipt), 1000)$$);
CALL bench_fifo.measure(4, 'ledger, of which: what, computing', 'apply_cash()', $$
	SELECT sum(jsonb_array_length(m.allocations)) FROM plan_cash_run(ARRAY(SELECT bank_receipt_id FROM bank_receipt), 1000) p
		CROSS JOIN LATERAL match_oldest_first(p.drafts) m$$);
SELECT clock_timestamp() AS began, pg_current_wal_insert_lsn() AS wal \gset
CALL apply_cash('fifo', false) \gset
INSERT INTO bench_fifo.timing SELECT 3, 'ledger', 'apply_cash()', extract(epoch FROM clock_timestamp() - :'began') * 1000, pg_current_wal_insert_lsn() - :'wal', (SELECT count(*) FROM allocation);
UPDATE bench_fifo.timing t SET ms = t.ms - w.ms FROM bench_fifo.timing w WHERE t.what LIKE '%computing' AND t.place = 4 AND w.what LIKE '%who pays';

\echo
\pset footer off
SELECT :customers AS customers, :payments AS payments, :invoices AS invoices, :applied AS applied, :proposed + :failed AS not_applied;
SELECT what, way, round(min(ms / of_all) / 1000, 2) AS seconds, max(round(rows / of_all)) AS allocations,
	round(1000 * :payments / min(ms / of_all)) AS payments_per_second, round(max(wal / of_all) / 1048576) AS wal_mb,
	round(min(ms / of_all) / min(min(ms / of_all)) FILTER (WHERE way IN ('credit.allocate()', 'apply_cash()')) OVER (PARTITION BY what), 1) AS times_as_long
FROM bench_fifo.timing WHERE place > 0 GROUP BY place, what, way ORDER BY place, seconds;
SELECT problem, count(*) FROM verify_ledger() GROUP BY 1;
DROP SCHEMA bench_ledger CASCADE;
DROP SCHEMA bench_fifo CASCADE;
