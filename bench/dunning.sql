-- Dunning all customers in one statement against dunning them one by one, and contact_allowed() against a growing history.
--
--   psql -X -d DATABASE -f bench/dunning.sql
--   psql -X -d DATABASE -v customers=200000 -v sample=500 -f bench/dunning.sql
--
-- The database needs the extension; the ledger is made and dropped.  Every customer has five invoices, of which three are
-- past due.  Compared, in milliseconds and bytes of WAL per customer:
--
--   find        dunning_items(): which items reach which level, and what is spared
--   batch       a run without fees: letters, items, texts in the outbox
--   fees        a run with a fee for each letter, posted as a document
--   one by one  dun_customers() of a sample, each customer in a statement of its own, as a loop does
--   interest    an interest run over all, and interest one by one
--
-- and in microseconds per call, contact_allowed() of a person with 10, 1,000 and 100,000 contacts.

\if :{?customers} \else \set customers 20000 \endif
\if :{?sample} \else \set sample 200 \endif
\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
SET work_mem = '256MB';
SET jit = off;
DROP SCHEMA IF EXISTS bench_dunning CASCADE;
SELECT credit.create_ledger('bench_dunning', 'USD', time_zone => 'UTC') \g /dev/null
SET search_path = bench_dunning, public;
INSERT INTO customer (customer_id, name) SELECT c, 'Customer ' || c FROM generate_series(1, :customers) c;
INSERT INTO document (customer_id, kind, number, doc_date, due_date, amount)
SELECT c, 'invoice', 'I' || n, '2025-01-01'::date + 30 * n, '2025-01-31'::date + 30 * n, 100 + c % 50 FROM generate_series(1, :customers) c, generate_series(0, 4) n;
SELECT set_dunning_policy('std', 'USD', '[{"days": 5, "template": "reminder"}, {"days": 10, "days_from": "last_level", "template": "second_reminder", "fee": 5}]', p_valid_from => '2025-01-01') \g /dev/null
SELECT set_interest_policy('std', 'USD', 12, p_valid_from => '2025-01-01') \g /dev/null
VACUUM ANALYZE;

CREATE TABLE took (what text, customers bigint, ms numeric, wal numeric);
CREATE FUNCTION took(what text, customers bigint, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
	wal pg_lsn := pg_current_wal_insert_lsn();
BEGIN
	EXECUTE statement;
	INSERT INTO took VALUES (what, customers, extract(epoch FROM clock_timestamp() - start) * 1000, pg_current_wal_insert_lsn() - wal);
END $$;
SELECT took('find', :customers, $$SELECT count(*) FROM dunning_items('2025-04-10')$$) \g /dev/null
SELECT start_dunning('2025-04-10') AS run \gset
SELECT count(took('one by one', 1, format('SELECT dun_customers(%s, ARRAY[%s]::bigint[])', :run, c))) FROM generate_series(1, :customers, :customers / :sample) c \g /dev/null
SELECT took('batch', :customers - :sample, $$SELECT count(*) FROM run_dunning('2025-04-10')$$) \g /dev/null
VACUUM ANALYZE;
SELECT took('batch with fees', :customers, $$SELECT count(*) FROM run_dunning('2025-04-25')$$) \g /dev/null
SELECT start_interest('2025-04-25') AS run \gset
SELECT count(took('interest one by one', 1, format('SELECT charge_interest(%s, ARRAY[%s]::bigint[])', :run, c))) FROM generate_series(1, :customers, :customers / :sample) c \g /dev/null
SELECT took('interest', :customers - :sample, $$SELECT count(*) FROM run_interest('2025-04-25')$$) \g /dev/null

SELECT t.what, sum(t.customers) AS customers, round(sum(t.ms)) AS ms, round(sum(t.ms) / sum(t.customers), 4) AS ms_each, round(sum(t.customers) / sum(t.ms) * 1000) AS customers_per_s,
	round(sum(t.wal) / sum(t.customers)) AS wal_each, round((SELECT sum(o.ms) / sum(o.customers) FROM took o
		WHERE o.what = CASE WHEN t.what LIKE 'interest%' THEN 'interest one by one' ELSE 'one by one' END) / (sum(t.ms) / sum(t.customers)), 1) AS times_faster
FROM took t GROUP BY t.what ORDER BY min(t.ctid);

-- Contacts come in by bulk here: it is reading them that is measured.
ALTER TABLE contact DISABLE TRIGGER contact_guard;
INSERT INTO customer_contact (customer_id, name, kind, jurisdiction, time_zone) SELECT c, 'Person', 'consumer', 'US-NY', 'America/New_York' FROM generate_series(1, 3) c;
INSERT INTO contact (customer_id, customer_contact_id, contacted_at, direction, channel, outcome_code)
SELECT p.customer_id, p.customer_contact_id, '2025-04-01 12:00-04'::timestamptz - make_interval(hours => n * 30), 'out', 'phone', 'no_answer'
FROM customer_contact p, LATERAL generate_series(1, CASE p.customer_id WHEN 1 THEN 10 WHEN 2 THEN 1000 ELSE 100000 END) n;
ALTER TABLE contact ENABLE TRIGGER contact_guard;
VACUUM ANALYZE contact;
CREATE FUNCTION ask(person bigint, times integer) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	FOR n IN 1 .. times LOOP
		PERFORM contact_allowed(person, 'phone', '2025-04-02 12:00-04');
	END LOOP;
	RETURN round(extract(epoch FROM clock_timestamp() - start) * 1000000 / times);
END $$;
SELECT ask(1, 20) \g /dev/null
SELECT (SELECT count(*) FROM contact c WHERE c.customer_contact_id = p.customer_contact_id) AS contacts, ask(p.customer_contact_id, 300) AS microseconds_each
FROM customer_contact p ORDER BY 1;
DROP SCHEMA bench_dunning CASCADE;
