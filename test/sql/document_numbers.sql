-- Numbers from ranges: gapless or not, per kind and year, and their end.
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
CREATE FUNCTION pg_temp.invoice(customer bigint, day date, num text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	id bigint := ar.post_invoice(customer, num, day, 1, day);
BEGIN
	RETURN (SELECT d.number FROM ar.document d WHERE d.document_id = id);
END $$;

-- Without a range a number must be given.
SELECT pg_temp.try($$SELECT pg_temp.invoice(1, '2025-01-01')$$);

-- One range for every year, across customers, with the year in its prefix; a year of its own goes first.
SELECT ar.set_number_range('invoice', 'INV-%Y-'), ar.set_number_range('invoice', 'S', 2026, 4, 100);
SELECT pg_temp.invoice(1, '2025-12-31'), pg_temp.invoice(2, '2025-12-31'), pg_temp.invoice(1, '2026-01-01'), pg_temp.invoice(1, '2024-06-01');
-- A number given by hand is taken as it is.
SELECT pg_temp.invoice(1, '2025-12-31', 'by hand'), pg_temp.invoice(1, '2025-12-31');
-- Gapless: what a transaction that fails has taken is given back.
BEGIN;
SELECT pg_temp.invoice(1, '2025-12-31');
ROLLBACK;
SELECT pg_temp.try($$SELECT ar.post_invoice(1, NULL, '2025-12-31', -1, '2025-12-31')$$);
SELECT pg_temp.invoice(1, '2025-12-31');
SELECT kind, year, next_number FROM ar.number_range ORDER BY year;
-- With gaps: nobody waits, and the number is gone.
SELECT ar.set_number_range('payment', 'P', p_digits => 3, p_gapless => false);
SELECT ar.post_payment(1, NULL, '2025-01-01', 1) IS NOT NULL;
BEGIN;
SELECT ar.post_payment(1, NULL, '2025-01-01', 1) IS NOT NULL;
ROLLBACK;
SELECT ar.post_payment(1, NULL, '2025-01-01', 1) IS NOT NULL;
SELECT number FROM ar.document WHERE kind = 'payment' ORDER BY 1;
-- Documents that follow from others take numbers from the range of their kind.
SELECT ar.set_number_range('refund', 'R');
SELECT ar.refund(1, pg_temp.doc('P001')) IS NOT NULL;
SELECT number FROM ar.document WHERE kind = 'refund';
-- Two customers may have one number by hand; of a range they never get the same.
SELECT number, count(*) FROM ar.document WHERE kind = 'invoice' GROUP BY number HAVING count(*) > 1;

-- The end of a range, by its last number or its digits, and what widens it.
SELECT ar.set_number_range('debit_note', 'D', p_digits => 1, p_next_number => 8);
SELECT ar.post_debit_note(1, NULL, '2025-01-01', 1, '2025-01-01') IS NOT NULL, ar.post_debit_note(1, NULL, '2025-01-01', 1, '2025-01-01') IS NOT NULL;
SELECT pg_temp.try($$SELECT ar.post_debit_note(1, NULL, '2025-01-01', 1, '2025-01-01')$$);
SELECT ar.set_number_range('debit_note', 'D', p_digits => 2, p_next_number => 10, p_last_number => 10);
SELECT ar.post_debit_note(1, NULL, '2025-01-01', 1, '2025-01-01') IS NOT NULL;
SELECT pg_temp.try($$SELECT ar.post_debit_note(1, NULL, '2025-01-01', 1, '2025-01-01')$$);
SELECT number FROM ar.document WHERE kind = 'debit_note' ORDER BY document_id;
-- What was given out is not given out again, unless under another prefix; gapless or not is for good.
SELECT pg_temp.try($$SELECT ar.set_number_range('debit_note', 'D', p_next_number => 10)$$);
SELECT pg_temp.try($$SELECT ar.set_number_range('payment', 'P', p_next_number => 3, p_gapless => false)$$);
SELECT pg_temp.try($$SELECT ar.set_number_range('payment', 'P', p_next_number => 4)$$);
SELECT ar.set_number_range('debit_note', 'E', p_next_number => 1);
SELECT ar.post_debit_note(1, NULL, '2025-01-01', 1, '2025-01-01') = pg_temp.doc('E000001');
-- What cannot be.
SELECT pg_temp.try($$SELECT ar.set_number_range('Invoice', 'X')$$);
SELECT pg_temp.try($$SELECT ar.set_number_range(NULL, 'X')$$);
SELECT pg_temp.try($$SELECT ar.set_number_range('fee', NULL)$$);
SELECT pg_temp.try($$SELECT ar.set_number_range('fee', 'X', -1)$$);
SELECT pg_temp.try($$SELECT ar.set_number_range('fee', 'X', p_digits => 0)$$);
SELECT pg_temp.try($$SELECT ar.set_number_range('fee', 'X', p_digits => 19)$$);
SELECT pg_temp.try($$SELECT ar.set_number_range('fee', 'X', p_next_number => 0)$$);
SELECT pg_temp.try($$SELECT ar.set_number_range('fee', 'X', p_gapless => NULL)$$);

SELECT * FROM ar.verify_ledger();
SELECT * FROM ar.verify_chain();
SELECT * FROM credit.check_ledger('ar');
SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
