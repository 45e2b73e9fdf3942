-- Posting: what functions, INSERT and COPY make of a document, one and the same.
\set SHOW_CONTEXT never
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar, inserted, copied CASCADE;
SELECT credit.create_ledger('ar', 'USD'), credit.create_ledger('inserted', 'USD'), credit.create_ledger('copied', 'USD');
DO $$ BEGIN
	PERFORM l.f FROM (VALUES ('JPY', 0.0065), ('KWD', 3.25)) v (c, r),
		LATERAL (SELECT ar.set_fx_rate(c, r, '2026-01-01'), inserted.set_fx_rate(c, r, '2026-01-01'), copied.set_fx_rate(c, r, '2026-01-01')) l (f);
END $$;
RESET client_min_messages;

-- Customers: with an id of one's own, or with the next one.
SELECT ar.add_customer('Acme', 101, 'C-101') AS acme, ar.add_customer('Borealis', 102) AS borealis;
INSERT INTO inserted.customer (customer_id, name, number) VALUES (102, 'Borealis', NULL), (101, 'Acme', 'C-101');
COPY copied.customer (customer_id, name, number) FROM stdin;
102	Borealis	\N
101	Acme	C-101
\.
SELECT ar.add_customer('Cygnus') = ar.add_customer('Delphi') - 1 AS consecutive;
SELECT c.name, count(e.*) AS exposure_rows, sum(e.receivable) AS receivable, count(e.limit_amount) AS limits
FROM ar.customer c LEFT JOIN ar.exposure e USING (customer_id) GROUP BY c.name ORDER BY c.name;

-- An id given by hand never blocks the one the ledger chooses.
SELECT ar.add_customer('By hand', (SELECT max(customer_id) + 1 FROM ar.customer WHERE name = 'Delphi')) IS NOT NULL AS by_hand;
SELECT ar.add_customer('By sequence') IS NOT NULL AS by_sequence;

-- One of every kind, in currencies of two, no and three decimals; currency and posting date left out or given.
SELECT ar.post_invoice(101, 'I-1', '2026-01-10', 1000, '2026-02-09') AS document_id;
SELECT ar.post_invoice(101, 'I-2', '2026-01-31', 250.5, '2026-03-02', p_posting_date => '2026-02-02', p_reference => 'PO 77') AS document_id;
SELECT ar.post_debit_note(101, 'D-1', '2026-02-01', 12.340000, '2026-02-01') AS document_id;
SELECT ar.post_credit_note(101, 'K-1', '2026-02-03', 99.99) AS document_id;
SELECT ar.post_payment(101, 'P-1', '2026-02-05', 500.00) AS document_id;
SELECT ar.post_invoice(102, 'I-1', '2026-01-15', 120000, '2026-02-14', 'JPY') AS document_id;
SELECT ar.post_payment(102, 'P-1', '2026-01-20', 20000.0, 'JPY', '2026-01-21') AS document_id;
SELECT ar.post_invoice(102, 'I-2', '2026-01-15', 7.125, '2026-02-14', 'KWD') AS document_id;
SELECT ar.post_document('invoice', 102, 'I-3', '2026-01-15', 1.1, '2026-02-14', NULL, NULL, 'any kind') AS document_id;

-- The same in one statement, customers in no order.
INSERT INTO inserted.document (customer_id, kind, number, doc_date, posting_date, due_date, currency, amount, reference) VALUES
	(102, 'invoice', 'I-1', '2026-01-15', NULL, '2026-02-14', 'JPY', 120000, NULL),
	(101, 'payment', 'P-1', '2026-02-05', NULL, NULL, NULL, 500.00, NULL),
	(101, 'invoice', 'I-1', '2026-01-10', NULL, '2026-02-09', NULL, 1000, NULL),
	(102, 'payment', 'P-1', '2026-01-20', '2026-01-21', NULL, 'JPY', 20000.0, NULL),
	(101, 'credit_note', 'K-1', '2026-02-03', NULL, NULL, NULL, 99.99, NULL),
	(101, 'invoice', 'I-2', '2026-01-31', '2026-02-02', '2026-03-02', NULL, 250.5, 'PO 77'),
	(102, 'invoice', 'I-3', '2026-01-15', NULL, '2026-02-14', NULL, 1.1, 'any kind'),
	(101, 'debit_note', 'D-1', '2026-02-01', NULL, '2026-02-01', NULL, 12.340000, NULL),
	(102, 'invoice', 'I-2', '2026-01-15', NULL, '2026-02-14', 'KWD', 7.125, NULL);

COPY copied.document (customer_id, kind, number, doc_date, posting_date, due_date, currency, amount, reference) FROM stdin;
102	invoice	I-2	2026-01-15	\N	2026-02-14	KWD	7.125	\N
101	debit_note	D-1	2026-02-01	\N	2026-02-01	\N	12.340000	\N
102	payment	P-1	2026-01-20	2026-01-21	\N	JPY	20000.0	\N
101	invoice	I-1	2026-01-10	\N	2026-02-09	\N	1000	\N
101	payment	P-1	2026-02-05	\N	\N	\N	500.00	\N
101	invoice	I-2	2026-01-31	2026-02-02	2026-03-02	\N	250.5	PO 77
102	invoice	I-3	2026-01-15	\N	2026-02-14	\N	1.1	any kind
102	invoice	I-1	2026-01-15	\N	2026-02-14	JPY	120000	\N
101	credit_note	K-1	2026-02-03	\N	\N	\N	99.99	\N
\.

-- What is posted, as the ledger keeps it: items carry the sign and the decimals of their currency.
SELECT d.customer_id, d.kind, d.number, d.doc_date, d.posting_date, d.currency, i.instalment_no AS inst, i.amount, i.open_amount, i.due_date
FROM ar.document d JOIN ar.item i USING (customer_id, document_id)
ORDER BY d.customer_id, d.kind, d.number;
SELECT customer_id, currency, receivable, unapplied, ordered, has_other_currency FROM ar.exposure
WHERE customer_id IN (101, 102) ORDER BY 1, 2;

-- Written by this login, at this transaction's time.
BEGIN;
SELECT ar.post_payment(102, 'P-9', '2026-03-01', 1.10) IS NOT NULL AS posted;
SELECT recorded_at = now() AS now, recorded_by = session_user AS by_us FROM ar.document WHERE number = 'P-9';
ROLLBACK;

-- Three ways in, one result: nothing differs but the keys.
CREATE FUNCTION pg_temp.posted(ledger text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		SELECT 'document ' || ROW(customer_id, kind, number, doc_date, posting_date, due_date, currency, amount, reference)::text
		FROM %1$I.document
		UNION ALL
		SELECT 'item ' || ROW(i.customer_id, d.kind, d.number, i.instalment_no, i.currency, i.amount, i.open_amount, i.doc_date,
			i.posting_date, i.due_date, i.reversed_on)::text
		FROM %1$I.item i JOIN %1$I.document d USING (customer_id, document_id)
		UNION ALL
		-- But the audit chain, which has a link for each statement.
		SELECT 'exposure ' || (to_jsonb(e) - 'chain_seq' - 'chain_hash')::text FROM %1$I.exposure e WHERE e.customer_id IN (101, 102)$q$, ledger);
END $$;
SELECT l AS ledger, (SELECT count(*) FROM pg_temp.posted(l)) AS rows,
	(SELECT count(*) FROM (SELECT pg_temp.posted('ar') EXCEPT ALL SELECT pg_temp.posted(l)) d) AS missing,
	(SELECT count(*) FROM (SELECT pg_temp.posted(l) EXCEPT ALL SELECT pg_temp.posted('ar')) d) AS extra
FROM unnest('{ar,inserted,copied}'::text[]) l;

-- Posting date and document date part: the balance follows the one, the days can follow the other.
SELECT d AS as_of, a.total, a.amounts
FROM unnest('{2026-01-09,2026-01-10,2026-02-01,2026-02-02,2026-02-05}'::date[]) d
	LEFT JOIN LATERAL ar.aging_at(d, p_customer_id => 101) a ON true ORDER BY d;
SELECT basis, a.total, a.past_due, a.amounts
FROM unnest('{due_date,doc_date}'::text[]) basis, ar.aging_at('2026-03-02', basis, p_customer_id => 101) a;

-- One number serves once per customer and kind; another kind or customer may have it.
SELECT ar.post_debit_note(101, 'I-1', '2026-03-01', 1, '2026-03-01') IS NOT NULL AS other_kind,
	ar.post_debit_note(102, 'I-1', '2026-03-01', 1, '2026-03-01') IS NOT NULL AS other_customer;
SELECT ar.post_debit_note(102, 'I-1', '2026-03-01', 1, '2026-03-01');

-- A statement is posted whole or not at all, and an upsert that inserts nothing posts nothing.
CREATE TEMP TABLE before AS TABLE ar.exposure;
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount) VALUES
	(101, 'invoice', 'W-1', '2026-03-01', '2026-03-31', 10), (101, 'invoice', 'W-2', '2026-03-01', '2026-03-31', -10);
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount)
	VALUES (101, 'invoice', 'I-1', '2026-03-01', '2026-03-31', 10) ON CONFLICT DO NOTHING;
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount)
	VALUES (101, 'invoice', 'I-1', '2026-03-01', '2026-03-31', 10)
	ON CONFLICT (customer_id, kind, number) DO UPDATE SET amount = excluded.amount;
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM stdin;
101	invoice	W-1	2026-03-01	2026-03-31	10
101	invoice	W-2	2026-03-01	\N	10
\.
DO $$
BEGIN
	PERFORM ar.post_invoice(101, 'W-1', '2026-03-01', 10, '2026-03-31');
	RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN NULL;
END $$;
BEGIN;
SAVEPOINT a;
SELECT ar.post_invoice(101, 'W-1', '2026-03-01', 10, '2026-03-31') IS NOT NULL AS rolled_back;
ROLLBACK TO a;
COMMIT;
SELECT count(*) AS documents FROM ar.document WHERE number LIKE 'W-%';
SELECT count(*) AS exposure_changed FROM (TABLE before EXCEPT TABLE ar.exposure) d;

-- ... and what goes on after a savepoint counts.
BEGIN;
SELECT ar.post_invoice(101, 'W-1', '2026-03-01', 10, '2026-03-31') IS NOT NULL AS kept;
SAVEPOINT a;
SELECT ar.post_invoice(101, 'W-2', '2026-03-01', 20, '2026-03-31') IS NOT NULL AS rolled_back;
ROLLBACK TO a;
SELECT ar.post_invoice(101, 'W-3', '2026-03-01', 40, '2026-03-31') IS NOT NULL AS kept;
COMMIT;
-- ... also where some rows of a statement were posted before one failed.
BEGIN;
SAVEPOINT a;
\set VERBOSITY sqlstate
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount) VALUES
	(101, 'invoice', 'W-4', '2026-03-01', '2026-03-31', 80), (999, 'invoice', 'W-4', '2026-03-01', '2026-03-31', 1);
\set VERBOSITY default
ROLLBACK TO a;
SELECT ar.post_invoice(101, 'W-4', '2026-03-01', 160, '2026-03-31') IS NOT NULL AS kept;
COMMIT;
SELECT e.receivable - b.receivable AS added FROM ar.exposure e JOIN before b USING (customer_id, currency)
WHERE customer_id = 101 AND currency = 'USD';

-- A load of more rows than are written at a time, over many customers and three currencies.
INSERT INTO inserted.customer (customer_id, name) SELECT n, 'Customer ' || n FROM generate_series(1, 50) n;
INSERT INTO inserted.document (customer_id, kind, number, doc_date, due_date, currency, amount)
SELECT 1 + n % 50, CASE WHEN n % 7 = 0 THEN 'payment' ELSE 'invoice' END, 'L-' || n, date '2026-01-01' + n % 90, date '2026-02-01' + n % 90,
	(ARRAY['USD', 'JPY', 'KWD'])[1 + n / 50 % 3], 1 + n % 1000
FROM generate_series(1, 5000) n;
SELECT e.currency, count(*) AS customers, sum(e.receivable) AS receivable, sum(e.unapplied) AS unapplied
FROM inserted.exposure e WHERE e.customer_id <= 50 GROUP BY e.currency ORDER BY e.currency;
SELECT currency, sum(amount) FILTER (WHERE kind = 'invoice') AS receivable, sum(amount) FILTER (WHERE kind = 'payment') AS unapplied
FROM inserted.document WHERE number LIKE 'L-%' GROUP BY currency ORDER BY currency;

-- Every kept figure is what recomputing gives.
SELECT l AS ledger, (SELECT count(*) FROM ar.verify_ledger()) AS ar, (SELECT count(*) FROM inserted.verify_ledger()) AS inserted,
	(SELECT count(*) FROM copied.verify_ledger()) AS copied FROM (VALUES ('problems')) v (l);

-- A ledger in a currency without decimals defaults to it.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS yen CASCADE;
SELECT credit.create_ledger('yen', 'JPY');
RESET client_min_messages;
SELECT yen.add_customer('Kitsune', 1) AS customer, yen.post_invoice(1, '1', '2026-01-01', 5000, '2026-01-31') IS NOT NULL AS posted;
SELECT yen.post_invoice(1, '2', '2026-01-01', 0.5, '2026-01-31');
SELECT currency, receivable FROM yen.exposure;

-- What auditors read is only added to.
UPDATE ar.document SET amount = 1 WHERE customer_id = 101;
DELETE FROM ar.document WHERE customer_id = 101;
TRUNCATE ar.document CASCADE;
\set VERBOSITY sqlstate
UPDATE ar.document SET reference = 'x';
DELETE FROM ar.customer WHERE customer_id = 101;
\set VERBOSITY default
SELECT count(*) AS exposure_changed FROM (SELECT customer_id, currency, unapplied, ordered FROM before EXCEPT SELECT customer_id, currency, unapplied, ordered FROM ar.exposure) d;

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
DROP SCHEMA inserted CASCADE;
DROP SCHEMA copied CASCADE;
DROP SCHEMA yen CASCADE;
