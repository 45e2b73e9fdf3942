-- Lines of documents: what a line must be, and that the lines make the document.
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

-- Two of 50.00 and three of 9.95 at 19 percent: 100.00 + 19.00, 29.85 + 5.67 (5.6715), together 154.52.
SELECT ar.post_invoice(1, 'I-1', '2025-01-10', 154.52, '2025-02-09', p_lines => '[
	{"product": "A1", "description": "Anvil", "quantity": 2, "unit_price": 50, "tax_rate": 19},
	{"product": "B2", "quantity": 3, "unit_price": 9.95, "tax_rate": 19}]') IS NOT NULL;
SELECT line_no, product, description, quantity, unit_price, net_amount, tax_rate, tax_amount, line_total FROM ar.document_line ORDER BY line_no;
-- Given figures must fit; the tax by one minor unit, for it may be rounded per document: 1.90 + 1.90 + 1.90 is 5.70, of 30.01 it is 5.70.
SELECT ar.post_invoice(1, 'I-2', '2025-01-10', 35.71, '2025-02-09', p_lines => '[
	{"quantity": 1, "unit_price": 10.00, "tax_rate": 19, "tax_amount": 1.90, "line_total": 11.90},
	{"quantity": 1, "unit_price": 10.00, "tax_rate": 19, "net_amount": 10.00},
	{"quantity": 1, "unit_price": 10.01, "tax_rate": 19, "tax_amount": 1.90}]') IS NOT NULL;
-- Prices have the decimals they have; yen have none, and a negative or zero quantity is a credit note's.
SELECT ar.post_debit_note(1, 'D-1', '2025-01-10', 0.33, '2025-02-09', p_lines => '[{"quantity": 1000, "unit_price": 0.000333}]') IS NOT NULL;
SELECT ar.post_invoice(1, 'J-1', '2025-01-10', 1650, '2025-02-09', 'JPY', p_fx_rate => 0.0065, p_lines => '[{"quantity": 1.5, "unit_price": 1000, "tax_rate": 10}]') IS NOT NULL;
SELECT ar.post_credit_note(1, 'K-1', '2025-01-12', 59.50, p_lines => '[{"product": "A1", "quantity": 1, "unit_price": 50, "tax_rate": 19}]') IS NOT NULL;
SELECT d.number, l.line_no, l.net_amount, l.tax_amount, l.line_total FROM ar.document_line l JOIN ar.document d USING (customer_id, document_id) WHERE d.number <> 'I-1' ORDER BY l.document_line_id;

-- What cannot be.  A document is refused with its lines.
CREATE FUNCTION pg_temp.lines(amount numeric, lines text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(pg_temp.try(format($q$SELECT ar.post_invoice(2, 'X', '2025-01-10', %s, '2025-02-09', p_lines => %L)$q$, amount, lines)), 'document \d+', 'document N', 'g')$$;
SELECT pg_temp.lines(100.01, '[{"quantity": 2, "unit_price": 50}]');
SELECT pg_temp.lines(100, '[{"quantity": 2, "unit_price": 50}, {"quantity": 1, "unit_price": 0.01}]');
SELECT pg_temp.lines(100, '[{"quantity": 0, "unit_price": 50}]');
SELECT pg_temp.lines(100, '[{"quantity": -2, "unit_price": -50}]');
SELECT pg_temp.lines(50, '[{"quantity": 2, "unit_price": 50}, {"quantity": -1, "unit_price": 50}]');
SELECT pg_temp.lines(100, '[{"quantity": 2, "unit_price": 0}]');
SELECT pg_temp.lines(100, '[{"quantity": 2}]');
SELECT pg_temp.lines(100, '[{"unit_price": 2}]');
SELECT pg_temp.lines(100, '[{"quantity": "NaN", "unit_price": 2}]');
SELECT pg_temp.lines(100, '[{"quantity": 1e17, "unit_price": 1000}]');
SELECT pg_temp.lines(0.01, '[{"quantity": 0.001, "unit_price": 1}]');
SELECT pg_temp.lines(99.99, '[{"quantity": 2, "unit_price": 50, "net_amount": 99.99}]');
SELECT pg_temp.lines(119.02, '[{"quantity": 2, "unit_price": 50, "tax_rate": 19, "tax_amount": 19.02}]');
SELECT pg_temp.lines(119, '[{"quantity": 2, "unit_price": 50, "tax_rate": 19, "line_total": 118}]');
SELECT pg_temp.lines(90, '[{"quantity": 2, "unit_price": 50, "tax_rate": -10}]');
SELECT pg_temp.lines(100, '[{"quantity": 2, "unit_price": 50, "price": 3}]');
SELECT pg_temp.lines(100, '[{"quantity": "two", "unit_price": 50}]');
SELECT pg_temp.lines(100, '[]');
SELECT pg_temp.lines(100, '{"quantity": 2, "unit_price": 50}');
SELECT pg_temp.lines(100, '[1]');
SELECT pg_temp.lines(100, '[[]]');
SELECT pg_temp.lines(100, 'null');
SELECT count(*) FROM ar.document WHERE customer_id = 2;

-- By COPY: all lines of a document in one statement, for documents that have lines.
INSERT INTO ar.document (customer_id, document_id, kind, number, doc_date, due_date, amount) VALUES (2, 1000, 'invoice', 'I-3', '2025-01-10', '2025-02-09', 30);
\set id 1000
COPY ar.document_line (customer_id, document_id, line_no, product, quantity, unit_price) FROM stdin;
2	1000	1	A1	1	10
2	1000	2	B2	2	10
\.
SELECT :id, line_no, line_total FROM ar.document_line WHERE document_id = :id ORDER BY line_no;
SELECT pg_temp.try(format('INSERT INTO ar.document_line (customer_id, document_id, line_no, quantity, unit_price) VALUES (2, %s, 3, 1, 10)', :id));
SELECT pg_temp.try(format('INSERT INTO ar.document_line (customer_id, document_id, line_no, quantity, unit_price) VALUES (2, %s, 1, 1, 10)', :id));
SELECT pg_temp.try(format('INSERT INTO ar.document_line (customer_id, document_id, line_no, quantity, unit_price) VALUES (1, %s, 1, 1, 10)', :id));
INSERT INTO ar.document (customer_id, document_id, kind, number, doc_date, amount) VALUES (2, 1001, 'payment', 'P-1', '2025-01-10', 5);
SELECT pg_temp.try('INSERT INTO ar.document_line (customer_id, document_id, line_no, quantity, unit_price) VALUES (2, 1001, 1, 5, 1)');
-- Never changed.
SELECT pg_temp.try('UPDATE ar.document_line SET description = NULL');
SELECT pg_temp.try('DELETE FROM ar.document_line');
SELECT pg_temp.try('TRUNCATE ar.document_line');

SELECT * FROM ar.verify_ledger();
SELECT * FROM ar.verify_chain();
SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
