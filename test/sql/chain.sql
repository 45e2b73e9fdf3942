-- The audit chain: whatever is changed, slipped in or taken out is found.
\set SHOW_CONTEXT never
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar CASCADE;
SELECT credit.create_ledger('ar', 'USD');
\pset format unaligned
\pset tuples_only on

-- A document's id and its item's by its number, which in this test is unique; what a statement is answered.
CREATE FUNCTION pg_temp.doc(num text) RETURNS bigint LANGUAGE sql AS $$SELECT document_id FROM ar.document WHERE number = num$$;
CREATE FUNCTION pg_temp.item(num text, inst integer DEFAULT 1) RETURNS bigint LANGUAGE sql AS $$
	SELECT item_id FROM ar.item WHERE document_id = pg_temp.doc(num) AND instalment_no = inst$$;
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RAISE 'NOT REFUSED' USING ERRCODE = 'P9999';
EXCEPTION WHEN SQLSTATE 'P9999' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || SQLERRM, 'detail: ' || NULLIF(detail, ''), 'hint: ' || NULLIF(hint, ''));
END $$;
-- What verify_chain() says after a deed that is then undone; past the triggers, as an owner or a bad disk can.
CREATE FUNCTION pg_temp.tamper(deed text, mark bigint DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	found text[];
BEGIN
	BEGIN
		SET LOCAL session_replication_role = replica;
		EXECUTE deed;
		SET LOCAL session_replication_role = origin;
		found := ARRAY(SELECT concat_ws(' | ', v.problem, 'customer ' || v.customer_id, v.object, v.detail) FROM ar.verify_chain(p_mark => mark) v);
		RAISE 'undone' USING ERRCODE = 'P9999';
	EXCEPTION WHEN SQLSTATE 'P9999' THEN NULL;
	END;
	RETURN QUERY SELECT f FROM unnest(CASE WHEN found = '{}' THEN '{NOT FOUND}' ELSE found END) f;
END $$;

-- Something of everything.
SELECT ar.add_customer('Acme', 1), ar.add_customer('Borealis', 2), ar.add_customer('Cygnus', 3);
DO $$ BEGIN
	PERFORM ar.set_credit_limit(1, 1000, '2025-01-01'), ar.place_hold(1, 'late');
	PERFORM ar.release_hold(1, 1, 'paid');
	PERFORM ar.post_invoice(1, 'I-1', '2025-01-10', 100, '2025-02-09', p_lines => '[{"quantity": 1, "unit_price": 60}, {"quantity": 1, "unit_price": 40}]');
	PERFORM ar.post_payment(1, 'P-1', '2025-01-20', 60, p_clears_on => '2025-01-30'), ar.post_deposit(1, 'D-1', '2025-01-20', 10, 'SO');
	PERFORM ar.apply_payment(1, pg_temp.doc('P-1'), p_applied_on => '2025-01-20');
	PERFORM ar.set_due_date(1, pg_temp.item('I-1'), '2025-03-01', 'agreed', p_effective_on => '2025-01-20');
	PERFORM ar.confirm_clearing(1, pg_temp.doc('P-1'), '2025-01-25'), ar.release_deposit(1, pg_temp.doc('D-1'), 'cancelled');
	PERFORM ar.post_invoice(2, 'I-2', '2025-01-10', 7, '2025-02-09');
	PERFORM ar.merge_customers(2, 1, 'one firm', '2025-02-01');
END $$;
INSERT INTO ar.document (customer_id, kind, number, doc_date, amount) SELECT c, 'payment', 'L-' || n, '2025-03-01', n FROM unnest('{1,3}'::bigint[]) c, generate_series(1, 3) n;
-- One link for each statement and customer; a load is one.
SELECT customer_id, chain_seq, source, cardinality(entry_ids) FROM ar.chain_link ORDER BY 1, 2;
SELECT count(*) FROM ar.verify_chain();

-- By hand, from what the reference says: a link is SHA-256 of the link before and of the SHA-256 of its rows' digests, and the head is the last one.
SELECT bool_and(k.hash = sha256(k.before || sha256(k.digests))) AS links, bool_and(k.hash = e.chain_hash OR NOT k.last) AS head
FROM (SELECT l.hash, lag(l.hash, 1, '') OVER (ORDER BY l.chain_seq) AS before, l.chain_seq = max(l.chain_seq) OVER () AS last,
		(SELECT string_agg(credit.entry_digest('document', d), '' ORDER BY d.document_id) FROM ar.document d WHERE d.document_id = ANY (l.entry_ids) AND d.customer_id = 3) AS digests
	FROM ar.chain_link l WHERE l.customer_id = 3) k, ar.exposure e WHERE e.customer_id = 3;
-- The digest covers the value, not how it is written down.
SELECT credit.chain_columns('document');
SELECT pg_temp.try($$SELECT credit.chain_columns('item')$$);

-- A row changed, in each table of the chain and in any of its columns.
SELECT pg_temp.tamper($$UPDATE ar.document SET amount = 100.01 WHERE number = 'I-1'$$);
SELECT pg_temp.tamper($$UPDATE ar.document SET recorded_by = 'somebody' WHERE number = 'I-1'$$);
SELECT pg_temp.tamper($$UPDATE ar.document SET reference = '' WHERE number = 'L-2' AND customer_id = 3$$);
SELECT pg_temp.tamper($$UPDATE ar.document SET due_date = due_date + 30 WHERE number = 'I-2'$$);
SELECT pg_temp.tamper($$UPDATE ar.document_line SET quantity = 2, unit_price = 30 WHERE line_no = 1$$);
SELECT pg_temp.tamper($$UPDATE ar.allocation SET applied_on = applied_on + 1 WHERE allocation_id = 1$$);
SELECT pg_temp.tamper($$UPDATE ar.due_date_change SET approved_by = 'the boss'$$);
SELECT pg_temp.tamper($$UPDATE ar.clearing SET cleared_on = '2025-01-24'$$);
SELECT pg_temp.tamper($$UPDATE ar.deposit_release SET reason = 'x'$$);
SELECT pg_temp.tamper($$UPDATE ar.customer_merge SET reason = 'x'$$);
SELECT pg_temp.tamper($$UPDATE ar.credit_limit SET amount = 2000$$);
SELECT pg_temp.tamper($$UPDATE ar.hold SET placed_at = placed_at - interval '1 day'$$);
SELECT pg_temp.tamper($$UPDATE ar.hold_release SET released_by = 'nobody'$$);
-- A row that is gone, one that was slipped in, and one that was exchanged for another.
SELECT pg_temp.tamper($$DELETE FROM ar.allocation WHERE allocation_id = 1$$);
SELECT pg_temp.tamper($$DELETE FROM ar.document WHERE number = 'L-1' AND customer_id = 3$$);
SELECT regexp_replace(pg_temp.tamper($$INSERT INTO ar.hold (customer_id, reason) VALUES (3, 'x')$$), 'hold \d+', 'hold N');
SELECT pg_temp.tamper($$UPDATE ar.document SET document_id = 999 WHERE number = 'L-1' AND customer_id = 3$$);
SELECT pg_temp.tamper($$UPDATE ar.document SET amount = 4 - amount WHERE number IN ('L-1', 'L-3') AND customer_id = 3$$);
-- The chain itself: a link changed, gone in the middle or at the end, its rows in another order or counted twice; the head.
SELECT pg_temp.tamper($$UPDATE ar.chain_link SET hash = sha256('x') WHERE customer_id = 1 AND chain_seq = 4$$);
SELECT pg_temp.tamper($$DELETE FROM ar.chain_link WHERE customer_id = 1 AND chain_seq = 4$$);
SELECT pg_temp.tamper($$DELETE FROM ar.chain_link WHERE customer_id = 3$$);
SELECT pg_temp.tamper($$UPDATE ar.chain_link SET entry_ids = ARRAY[entry_ids[3], entry_ids[2], entry_ids[1]] WHERE customer_id = 3$$);
SELECT pg_temp.tamper($$UPDATE ar.chain_link SET entry_ids = entry_ids || entry_ids[1] WHERE customer_id = 3$$);
SELECT pg_temp.tamper($$UPDATE ar.chain_link SET entry_ids = entry_ids[1:2] WHERE customer_id = 3$$);
SELECT pg_temp.tamper($$UPDATE ar.exposure SET chain_hash = sha256('x') WHERE customer_id = 3$$);
SELECT pg_temp.tamper($$UPDATE ar.exposure SET chain_seq = 7 WHERE customer_id = 3$$);
-- Of one customer only.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE ar.document SET amount = 8 WHERE number = 'I-2';
SELECT c, (SELECT count(*) FROM ar.verify_chain(c)) FROM unnest('{1,2,3,99,NULL}'::bigint[]) c;
ROLLBACK;

-- Who owns everything rewrites row, link and head alike.  The chain fits again; a mark does not, nor its copy elsewhere.
SELECT ar.take_mark('year end') AS mark \gset
SELECT customer_id, chain_seq FROM ar.mark_head ORDER BY 1;
SELECT $$UPDATE ar.document SET amount = amount + 1 WHERE customer_id = 3;
	UPDATE ar.chain_link SET hash = sha256(sha256((SELECT string_agg(credit.entry_digest('document', d), '' ORDER BY d.document_id) FROM ar.document d WHERE d.customer_id = 3)))
		WHERE customer_id = 3;
	UPDATE ar.exposure SET chain_hash = (SELECT hash FROM ar.chain_link WHERE customer_id = 3) WHERE customer_id = 3$$ AS forgery \gset
SELECT pg_temp.tamper(:'forgery');
SELECT pg_temp.tamper(:'forgery', :mark);
SELECT pg_temp.try(format('SELECT * FROM ar.verify_chain(p_mark => %s)', :mark + 1));
-- A history that went on since still fits its mark.
SELECT ar.post_payment(3, 'L-4', '2025-03-02', 4) IS NOT NULL;
SELECT count(*) FROM ar.verify_chain(p_mark => :mark);
SELECT pg_temp.try($$SELECT ar.take_mark('')$$);
SELECT pg_temp.try($$SELECT ar.take_mark(NULL)$$);
SELECT pg_temp.try(format('%s ar.chain_link', verb)) FROM unnest('{DELETE FROM,TRUNCATE}'::text[]) verb;
SELECT pg_temp.try('UPDATE ar.mark_head SET chain_seq = 0');
SELECT pg_temp.try($$SELECT * FROM ar.aging_at('2025-03-31', p_mark => 99)$$);
SELECT pg_temp.try(format($$SELECT * FROM ar.aging_at('2025-03-31', p_known_at => 'infinity', p_mark => %s)$$, :mark));
-- As known at the mark: without what came later, whatever its dates.
DO $$ BEGIN PERFORM ar.post_invoice(3, 'I-9', '2025-01-01', 50, '2025-01-31'); END $$;
SELECT 'now', a.total, a.amounts, a.unapplied FROM ar.aging_at('2025-03-31', p_customer_id => 3) a
UNION ALL SELECT 'then', a.total, a.amounts, a.unapplied FROM ar.aging_at('2025-03-31', p_customer_id => 3, p_mark => :mark) a;
-- A transaction that is rolled back, or a savepoint, leaves no link.
BEGIN;
SAVEPOINT a;
SELECT ar.post_payment(3, 'L-5', '2025-03-02', 4) IS NOT NULL;
ROLLBACK TO a;
SELECT ar.post_payment(3, 'L-6', '2025-03-02', 4) IS NOT NULL;
COMMIT;
SELECT max(chain_seq) FROM ar.chain_link WHERE customer_id = 3;

SELECT * FROM ar.verify_ledger();
SELECT * FROM ar.verify_chain();
SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
