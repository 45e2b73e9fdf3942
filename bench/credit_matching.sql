-- Matching credit notes: what match_all_credit_notes() does, in batches of 1000 customers, against the same pairs posted one
-- by one, as an application does it: for each open note look for the document it names, else for an item of the same amount, and
-- allocate.  For many customers, and for one with 10,000 open items.  Both run on the same ledger and are rolled back; both
-- must leave the same amount open.
--
--	psql -v customers=10000 -f bench/credit_matching.sql
--
-- needs a database with the extension, where it makes and drops the ledger bench_credits.  Each customer has 100 invoices and
-- 10 credit notes: 5 name an invoice, 5 have the amount of one.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?customers}
\else
	\set customers 500
\endif
SET client_min_messages = warning;
SET jit = off;
DROP SCHEMA IF EXISTS bench_credits CASCADE;
SELECT credit.create_ledger('bench_credits', 'USD') \g /dev/null
SET search_path = bench_credits, public;
INSERT INTO customer (customer_id, name) SELECT c, 'Customer ' || c FROM generate_series(1, :customers + 1) c;
INSERT INTO document (customer_id, kind, number, doc_date, due_date, amount)
SELECT c, 'invoice', 'I' || n, '2026-01-01', '2026-02-01', 100 + n FROM generate_series(1, :customers) c, generate_series(1, 100) n;
INSERT INTO document (customer_id, kind, number, doc_date, amount, source_document_id)
SELECT d.customer_id, 'credit_note', 'C' || d.number, '2026-01-02', CASE WHEN d.amount <= 105 THEN 10 ELSE d.amount END, CASE WHEN d.amount <= 105 THEN d.document_id END
FROM document d WHERE d.amount <= 110 ORDER BY d.customer_id;
INSERT INTO document (customer_id, kind, number, doc_date, due_date, amount)
SELECT :customers + 1, 'invoice', 'I' || n, '2026-01-01', '2026-02-01', 100 + n * 0.37 FROM generate_series(1, 5000) n;
INSERT INTO document (customer_id, kind, number, doc_date, amount)
SELECT :customers + 1, 'credit_note', 'C' || n, '2026-01-01', 50 + n * 0.41 FROM generate_series(1, 5000) n;
ANALYZE;

CREATE FUNCTION bench_credits.one_by_one(first_customer bigint, last_customer bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	note record;
	paid record;
BEGIN
	FOR note IN
		SELECT i.customer_id, i.item_id, -i.open_amount AS open_amount, d.source_document_id FROM item i JOIN document d USING (customer_id, document_id)
		WHERE i.open_amount < 0 AND d.kind = 'credit_note' AND i.customer_id BETWEEN first_customer AND last_customer
	LOOP
		SELECT i.item_id, i.open_amount INTO paid FROM item i WHERE i.customer_id = note.customer_id AND i.open_amount > 0
			AND CASE WHEN note.source_document_id IS NULL THEN i.open_amount = note.open_amount ELSE i.document_id = note.source_document_id END LIMIT 1;
		IF FOUND THEN
			PERFORM allocate(note.customer_id, note.item_id, paid.item_id, LEAST(note.open_amount, paid.open_amount));
		END IF;
	END LOOP;
END $$;
CREATE TEMP TABLE taken (customers text, way text, seconds numeric, left_open numeric);
DO $$
DECLARE
	many bigint := (SELECT max(c.customer_id) - 1 FROM customer c);
	way text;
	part record;
	began timestamptz;
	seconds numeric;
	left_open numeric;
BEGIN
	FOR part IN SELECT * FROM (VALUES ('many', 1, many), ('one of 10,000 items', many + 1, many + 1)) v (customers, first, last) LOOP
		FOREACH way IN ARRAY ARRAY['one by one', 'match_credit_notes', 'one by one', 'match_credit_notes'] LOOP
			BEGIN
				began := clock_timestamp();
				IF way = 'one by one' THEN
					PERFORM one_by_one(part.first, part.last);
				ELSE
					PERFORM match_credit_notes_of(ARRAY(SELECT c FROM generate_series(b, LEAST(b + 999, part.last)) c)) FROM generate_series(part.first, part.last, 1000) b;
				END IF;
				seconds := extract(epoch FROM clock_timestamp() - began);
				SELECT sum(i.open_amount) FILTER (WHERE i.open_amount < 0) INTO left_open FROM item i WHERE i.customer_id BETWEEN part.first AND part.last;
				RAISE EXCEPTION 'back' USING ERRCODE = 'P9999';
			EXCEPTION WHEN SQLSTATE 'P9999' THEN
				INSERT INTO taken VALUES (part.customers, way, seconds, left_open);
			END;
		END LOOP;
	END LOOP;
END $$;
\pset footer off
SELECT t.customers, t.way, round(min(t.seconds), 2) AS seconds, round(max(min(t.seconds)) OVER (PARTITION BY t.customers) / min(t.seconds), 1) AS ratio,
	CASE t.customers WHEN 'many' THEN round(10 * (SELECT max(customer_id) - 1 FROM customer) / min(t.seconds)) ELSE round(5000 / min(t.seconds)) END AS notes_per_second,
	COALESCE(min(t.left_open), 0) AS left_open
FROM taken t GROUP BY t.customers, t.way ORDER BY 1, 2;
DROP SCHEMA bench_credits CASCADE;
