-- Idempotency keys: a request that is repeated posts once, and another one under its key is refused.
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
SELECT ar.add_customer('Acme', 1), ar.add_customer('Borealis', 2);
SELECT ar.set_number_range('invoice', 'INV-');

-- The same request again returns the first document, whoever asks how often, and posts nothing.
SELECT ar.post_invoice(1, 'I-1', '2025-01-10', 100, '2025-02-09', p_idempotency_key => 'k-1') AS id \gset
SELECT ar.post_invoice(1, 'I-1', '2025-01-10', 100, '2025-02-09', p_idempotency_key => 'k-1') = :id;
SELECT ar.post_invoice(1, 'I-1', '2025-01-10', 100.00, '2025-02-09', p_idempotency_key => 'k-1') = :id AS the_same_amount;
-- Also after the document was paid or voided: the request was answered.
SELECT ar.void_document(1, :id, 'test') IS NOT NULL;
SELECT ar.post_invoice(1, 'I-1', '2025-01-10', 100, '2025-02-09', p_idempotency_key => 'k-1') = :id;
-- Without a number: no second number is taken.
SELECT ar.post_invoice(1, NULL, '2025-01-10', 7, '2025-02-09', p_idempotency_key => 'k-2') = ar.post_invoice(1, NULL, '2025-01-10', 7, '2025-02-09', p_idempotency_key => 'k-2');
SELECT next_number FROM ar.number_range;
-- Lines as JSON: white space and the order of fields are nothing.
SELECT ar.post_invoice(1, 'I-3', '2025-01-10', 10, '2025-02-09', p_lines => '[{"quantity": 1, "unit_price": 10}]', p_idempotency_key => 'k-3')
	= ar.post_invoice(1, 'I-3', '2025-01-10', 10, '2025-02-09', p_lines => '[ {"unit_price":10,"quantity":1} ]', p_idempotency_key => 'k-3');
SELECT number, idempotency_key, length(request_digest) FROM ar.document WHERE idempotency_key IS NOT NULL ORDER BY document_id;
SELECT count(*) FROM ar.document_line;

-- Anything else under the key is another request.
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'I-1', '2025-01-10', 100.01, '2025-02-09', p_idempotency_key => 'k-1')$$);
SELECT left(pg_temp.try(format('SELECT ar.post_document(%s, p_idempotency_key => %L)', args, 'k-1')), 5) AS state, args FROM unnest(ARRAY[
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-09'$$,
	$$'debit_note', 1, 'I-1', '2025-01-10', 100, '2025-02-09'$$,
	$$'invoice', 1, 'I-2', '2025-01-10', 100, '2025-02-09'$$,
	$$'invoice', 1, NULL, '2025-01-10', 100, '2025-02-09'$$,
	$$'invoice', 1, 'I-1', '2025-01-11', 100, '2025-02-09'$$,
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-10'$$,
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-09', 'USD'$$,
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-09', NULL, '2025-01-10'$$,
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-09', NULL, NULL, 'PO 7'$$,
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-09', p_terms => 'net 30'$$,
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-09', p_received_on => '2025-01-11'$$,
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-09', p_sold_to_id => 2$$,
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-09', p_order_id => 'SO-1'$$,
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-09', p_lines => '[{"quantity": 1, "unit_price": 100}]'$$,
	$$'invoice', 1, 'I-1', '2025-01-10', 100, '2025-02-09', p_reason => 'x'$$]) args;
-- A key is one customer's.
SELECT ar.post_invoice(2, 'I-1', '2025-01-10', 100, '2025-02-09', p_idempotency_key => 'k-1') <> :id;
-- It may be reused only once the first attempt has failed.
SELECT left(pg_temp.try($$SELECT ar.post_payment(1, 'P-1', '2025-01-10', -5, p_idempotency_key => 'k-4')$$), 5);
SELECT ar.post_payment(1, 'P-1', '2025-01-10', 5, p_idempotency_key => 'k-4') = pg_temp.doc('P-1');
-- Every way to post has it.
SELECT ar.post_credit_note(1, 'K-1', '2025-01-10', 5, p_idempotency_key => 'k-5') = ar.post_credit_note(1, 'K-1', '2025-01-10', 5, p_idempotency_key => 'k-5'),
	ar.post_debit_note(1, 'D-1', '2025-01-10', 5, '2025-01-10', p_idempotency_key => 'k-6') = ar.post_debit_note(1, 'D-1', '2025-01-10', 5, '2025-01-10', p_idempotency_key => 'k-6'),
	ar.post_deposit(1, 'S-1', '2025-01-10', 5, 'SO', p_idempotency_key => 'k-7') = ar.post_deposit(1, 'S-1', '2025-01-10', 5, 'SO', p_idempotency_key => 'k-7');
-- In a load a key may not come twice either; an empty one is none.
SELECT left(pg_temp.try($$INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, idempotency_key) VALUES (1, 'payment', 'P-9', '2025-01-10', 5, 'k-4')$$), 5);
SELECT left(pg_temp.try($$SELECT ar.post_payment(1, 'P-9', '2025-01-10', 5, p_idempotency_key => '')$$), 5);
SELECT count(*) FROM ar.document WHERE customer_id = 1;

SELECT * FROM ar.verify_ledger();
SELECT * FROM ar.verify_chain();
SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
