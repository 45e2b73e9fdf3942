-- Verifying and rebuilding: whatever is made wrong in a kept figure is found, said exactly, and mended from the documents.
\set SHOW_CONTEXT never
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar, shop CASCADE;
SELECT credit.create_ledger('ar', 'USD');
\pset format unaligned
\pset tuples_only on

SELECT ar.add_customer('Acme', 1), ar.add_customer('Borealis', 2), ar.set_credit_limit(1, 1000), ar.place_hold(1, 'late');
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id integer, customer_id bigint, total numeric, status text);
SELECT ar.watch_orders('shop.orders', 'customer_id', 'total', 'id', $$status <> 'closed'$$);
DO $$ BEGIN
	PERFORM ar.release_hold(1, 1, 'paid');
	INSERT INTO shop.orders VALUES (1, 1, 70, 'open'), (2, 1, 5, 'closed');
	PERFORM ar.place_hold(1, 'late again');
	PERFORM ar.post_invoice(1, 'I-1', '2025-01-01', 100, '2025-01-31');
	PERFORM ar.set_fx_rate('EUR', 1.10, '2025-01-01');
	PERFORM ar.post_invoice(1, 'I-2', '2025-01-01', 50, '2025-01-31', 'EUR');
	PERFORM ar.post_invoice(2, 'I-1', '2025-01-01', 30, '2025-01-31');
	PERFORM ar.post_payment(1, 'P-1', '2025-01-05', 80);
	PERFORM ar.allocate(1, 4, 1, 60, '2025-01-10');
	PERFORM ar.reverse_allocation(1, 1, '2025-01-20');
	PERFORM ar.allocate(1, 4, 1, 25, '2025-01-25');
END $$;
SELECT * FROM ar.verify_ledger();
SELECT ar.rebuild_ledger() AS mended;

-- Does something wrong, says what is found, what rebuilding mends, and what is then left; and takes it all back.
CREATE PROCEDURE pg_temp.wrong(deed text) LANGUAGE plpgsql AS $$
DECLARE
	found record;
	documents text := (SELECT string_agg(d::text || '', '' ORDER BY d.document_id) FROM ar.document d);
BEGIN
	EXECUTE deed;
	FOR found IN SELECT v.* FROM ar.verify_ledger() v ORDER BY v.problem, v.customer_id, v.object LOOP
		RAISE INFO '%: customer %, %: % instead of %', found.problem, found.customer_id, found.object, COALESCE(found.kept, 'none'), COALESCE(found.recomputed, 'none');
	END LOOP;
	RAISE INFO 'mended: %', ar.rebuild_ledger() > 0;
	FOR found IN SELECT v.* FROM ar.verify_ledger() v ORDER BY v.problem, v.customer_id, v.object LOOP
		RAISE INFO 'left is %: customer %, %', found.problem, found.customer_id, found.object;
	END LOOP;
	IF deed !~ 'document' AND documents IS DISTINCT FROM (SELECT string_agg(d::text || '', '' ORDER BY d.document_id) FROM ar.document d) THEN
		RAISE INFO 'documents were changed';
	END IF;
	ROLLBACK;
END $$;
\set VERBOSITY terse

-- Items
CALL pg_temp.wrong($$UPDATE ar.item SET open_amount = open_amount - 1 WHERE item_id = 1$$);
CALL pg_temp.wrong($$UPDATE ar.item SET open_amount = 0 WHERE item_id = 3$$);
CALL pg_temp.wrong($$UPDATE ar.item SET reversed_on = NULL WHERE item_id = 1$$);
CALL pg_temp.wrong($$DELETE FROM ar.item WHERE item_id = 3$$);
CALL pg_temp.wrong($$UPDATE ar.item SET due_date = '2026-01-31' WHERE item_id = 3$$);
CALL pg_temp.wrong($$UPDATE ar.item SET posting_date = '2025-02-01' WHERE item_id = 3$$);
CALL pg_temp.wrong($$UPDATE ar.item SET amount = 40, open_amount = 40 WHERE item_id = 3$$);
-- Exposure
CALL pg_temp.wrong($$UPDATE ar.exposure SET receivable = receivable + 1 WHERE customer_id = 2$$);
CALL pg_temp.wrong($$UPDATE ar.exposure SET unapplied = 0 WHERE customer_id = 1$$);
CALL pg_temp.wrong($$UPDATE ar.exposure SET ordered = 0 WHERE customer_id = 1$$);
CALL pg_temp.wrong($$UPDATE ar.exposure SET open_holds = 0 WHERE customer_id = 1$$);
CALL pg_temp.wrong($$UPDATE ar.exposure SET limit_amount = 9999 WHERE customer_id = 1 AND currency = 'USD'$$);
CALL pg_temp.wrong($$UPDATE ar.exposure SET has_other_currency = false WHERE customer_id = 1$$);
CALL pg_temp.wrong($$DELETE FROM ar.exposure WHERE customer_id = 1 AND currency = 'EUR'$$);
CALL pg_temp.wrong($$DELETE FROM ar.exposure WHERE customer_id = 2$$);
-- What was done behind the triggers' back
CALL pg_temp.wrong($$SET LOCAL session_replication_role = replica; UPDATE shop.orders SET total = 700 WHERE id = 1; SET LOCAL session_replication_role = origin$$);
CALL pg_temp.wrong($$SET LOCAL session_replication_role = replica; DELETE FROM shop.orders; SET LOCAL session_replication_role = origin$$);
CALL pg_temp.wrong($$SET LOCAL session_replication_role = replica;
	INSERT INTO ar.document (customer_id, kind, side, number, doc_date, posting_date, due_date, currency, amount, fx_rate, base_amount)
	VALUES (2, 'invoice', 'debit', 'I-9', '2025-02-01', '2025-02-01', '2025-03-01', 'USD', 11, NULL, NULL),
		(2, 'payment', 'credit', 'P-9', '2025-02-01', '2025-02-01', NULL, 'JPY', 500, 0.0065, 3.25);
	SET LOCAL session_replication_role = origin$$);
CALL pg_temp.wrong($$SET LOCAL session_replication_role = replica; DELETE FROM ar.allocation WHERE amount = 25; SET LOCAL session_replication_role = origin$$);
CALL pg_temp.wrong($$SET LOCAL session_replication_role = replica; DELETE FROM ar.hold_release; SET LOCAL session_replication_role = origin$$);
-- ... which is beyond mending where an allocation itself is wrong: it says so, and leaves it to people.
CALL pg_temp.wrong($$SET LOCAL session_replication_role = replica; UPDATE ar.allocation SET debit_due_date = '2025-01-30' WHERE amount = 25; SET LOCAL session_replication_role = origin$$);
CALL pg_temp.wrong($$SET LOCAL session_replication_role = replica; UPDATE ar.allocation SET applied_on = '2025-01-02' WHERE amount = 25; SET LOCAL session_replication_role = origin$$);
CALL pg_temp.wrong($$SET LOCAL session_replication_role = replica; UPDATE ar.allocation SET amount = 90, applied_on = '2025-01-15' WHERE amount = 25; SET LOCAL session_replication_role = origin$$);

SELECT * FROM ar.verify_ledger();
SET client_min_messages = warning;
DROP SCHEMA ar, shop CASCADE;
