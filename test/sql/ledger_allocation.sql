-- Allocating: credit items applied to debit items, by hand, by method, and undone.
\set SHOW_CONTEXT never
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar CASCADE;
SELECT credit.create_ledger('ar', 'USD');
RESET client_min_messages;

-- Items in the order they were posted: 1 to 4 invoices of customer 1, then its payments.
SELECT ar.add_customer('Acme', 1), ar.add_customer('Borealis', 2);
DO $$ BEGIN
	PERFORM ar.post_invoice(1, 'I-1', '2025-01-01', 100.00, '2025-01-31');
	PERFORM ar.post_invoice(1, 'I-2', '2025-01-02', 300.00, '2025-01-20');
	PERFORM ar.post_invoice(1, 'I-3', '2025-01-03', 200.00, '2025-02-28');
	PERFORM ar.set_fx_rate(c, r, '2025-01-01') FROM (VALUES ('EUR', 1.10), ('JPY', 0.0065), ('KWD', 3.25)) v (c, r);
	PERFORM ar.post_invoice(1, 'I-4', '2025-01-04', 50.00, '2025-01-31', 'EUR');
	PERFORM ar.post_payment(1, 'P-1', '2025-01-10', 250.00);
	PERFORM ar.post_credit_note(1, 'K-1', '2025-01-12', 30.00);
	PERFORM ar.post_invoice(2, 'I-1', '2025-01-05', 70.00, '2025-02-04');
	PERFORM ar.post_payment(2, 'P-1', '2025-01-15', 70.00);
END $$;
CREATE TEMP VIEW open AS
SELECT i.customer_id AS c, i.item_id, d.number, i.currency AS cur, i.amount, i.open_amount, i.reversed_on
FROM ar.item i JOIN ar.document d USING (customer_id, document_id) ORDER BY i.item_id;
CREATE TEMP VIEW exposed AS
SELECT customer_id AS c, currency AS cur, receivable, unapplied FROM ar.exposure ORDER BY 1, 2;
TABLE open;
TABLE exposed;

-- By hand, in parts.  What is applied leaves both sides; the balance stays.
SELECT ar.allocate(1, 5, 1, 40, '2025-01-10') AS allocation_id;
SELECT ar.allocate(1, 5, 1, 60.00, '2025-01-11') AS allocation_id;
SELECT ar.allocate(1, 6, 2, 30, '2025-01-12') AS allocation_id;
SELECT number, cur, amount, open_amount FROM open WHERE c = 1;
TABLE exposed;
-- The row carries what rolling a balance back needs.
SELECT allocation_id, credit_item_id, debit_item_id, amount, applied_on, reverses, currency, debit_due_date, debit_doc_date,
	debit_posting_date, credit_posting_date FROM ar.allocation ORDER BY allocation_id;

-- Never more than is open, on either side, and only credit to debit of one customer and currency.
SELECT ar.allocate(1, 5, 2, 150.01, '2025-01-12');
SELECT ar.allocate(1, 5, 1, 0.01, '2025-01-12');
SELECT ar.allocate(1, 1, 5, 10, '2025-01-12');
SELECT ar.allocate(1, 2, 3, 10, '2025-01-12');
SELECT ar.allocate(1, 6, 5, 10, '2025-01-12');
SELECT ar.allocate(1, 5, 4, 10, '2025-01-12');
SELECT ar.allocate(1, 5, 7, 10, '2025-02-12');
-- Never before either document.
SELECT ar.allocate(1, 5, 2, 10, '2025-01-09');
SELECT ar.allocate(2, 8, 7, 10, '2025-01-14');
\set VERBOSITY sqlstate
SELECT ar.allocate(1, 5, 2, 150.01, '2025-01-12');
SELECT ar.allocate(1, 5, 4, 10, '2025-01-12');
SELECT ar.allocate(1, 5, 2, 10, '2025-01-09');
\set VERBOSITY default

-- Refused rows may have used up ids; from here they count from 100.
SELECT setval('ar.allocation_allocation_id_seq', 100, false) AS next_id;

-- Undone by a new row, once; both items are open again from its date.
SELECT ar.reverse_allocation(1, 2, '2025-02-01') AS reversal \gset
SELECT number, cur, amount, open_amount, reversed_on FROM open WHERE c = 1;
TABLE exposed;
SELECT allocation_id = :reversal AS returned, amount, applied_on, reverses FROM ar.allocation WHERE reverses IS NOT NULL;
SELECT ar.reverse_allocation(1, 2, '2025-02-02');
SELECT ar.reverse_allocation(1, 1, '2025-01-09');
SELECT ar.reverse_allocation(1, :reversal, '2025-02-02');
SELECT ar.reverse_allocation(2, 2, '2025-02-02');
-- What a past report showed stays: nothing may be applied to these items before the reversal any more.
SELECT d AS as_of, (SELECT a.unapplied FROM ar.aging_at(d, p_customer_id => 1) a WHERE currency = 'USD') AS unapplied
FROM unnest('{2025-01-10,2025-01-11,2025-01-12,2025-01-31,2025-02-01}'::date[]) d ORDER BY d;
SELECT ar.allocate(1, 5, 3, 10, '2025-01-31');
SELECT ar.allocate(1, 5, 3, 10, '2025-02-01') IS NOT NULL AS applied;
-- Without a date: today, but never before what it undoes.
SELECT ar.reverse_allocation(1, max(allocation_id)) IS NOT NULL AS reversed FROM ar.allocation;
SELECT reversed_on = current_date AS today FROM open WHERE number = 'I-3';

-- A whole statement, rows replayed in their order: the third takes back what the second took.
INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
	VALUES (2, 8, 7, 30, '2025-02-01'), (2, 8, 7, 40, '2025-02-01'), (2, 8, 7, 0.01, '2025-02-01');
SELECT count(*) AS applied FROM ar.allocation WHERE customer_id = 2;
INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
	VALUES (2, 8, 7, 30, '2025-02-01'), (2, 8, 7, 40, '2025-02-01');
SELECT number, amount, open_amount FROM open WHERE c = 2;
INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses)
	SELECT customer_id, credit_item_id, debit_item_id, -amount, '2025-02-02', allocation_id FROM ar.allocation WHERE customer_id = 2;
SELECT number, amount, open_amount, reversed_on FROM open WHERE c = 2;
SELECT setval('ar.allocation_allocation_id_seq', 200, false) AS next_id;
COPY ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on) FROM stdin;
2	8	7	69.5	2025-02-02
2	8	7	0.50	2025-02-03
\.
SELECT number, amount, open_amount FROM open WHERE c = 2;
-- A reversal is whole, of one's own row, and never of another reversal.
INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses)
	SELECT customer_id, credit_item_id, debit_item_id, -amount + 1, '2025-02-05', allocation_id FROM ar.allocation WHERE amount = 69.5;
INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses)
	SELECT customer_id, credit_item_id, debit_item_id, amount, '2025-02-05', allocation_id FROM ar.allocation WHERE amount = 69.5;
INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses)
	SELECT customer_id, credit_item_id, debit_item_id, amount, '2025-02-05', allocation_id FROM ar.allocation WHERE allocation_id = :reversal;

-- Methods.  Each on a customer of its own, with the same four invoices and a payment of 100.00: what is paid, and left.
DO $$
DECLARE
	methods text[] := '{oldest_first,newest_first,largest_first,smallest_first,pro_rata}';
	payment bigint;
BEGIN
	FOR n IN 1 .. 5 LOOP
		PERFORM ar.add_customer(methods[n], 10 + n);
		PERFORM ar.post_invoice(10 + n, 'I-1', '2025-01-01', 60.00, '2025-03-01');
		PERFORM ar.post_invoice(10 + n, 'I-2', '2025-01-01', 90.00, '2025-02-01');
		PERFORM ar.post_invoice(10 + n, 'I-3', '2025-01-01', 40.01, '2025-04-01');
		PERFORM ar.post_invoice(10 + n, 'I-4', '2025-01-01', 40.01, '2025-02-01');
		payment := ar.post_payment(10 + n, 'P-1', '2025-01-15', 100.00);
		PERFORM ar.apply_payment(10 + n, payment, methods[n], '2025-01-15');
	END LOOP;
END $$;
SELECT c.name AS method, string_agg(i.amount - i.open_amount || ' of ' || i.amount, ', ' ORDER BY d.number) AS paid
FROM ar.customer c JOIN ar.document d USING (customer_id) JOIN ar.item i USING (customer_id, document_id)
WHERE c.customer_id BETWEEN 11 AND 15 AND d.kind = 'invoice'
GROUP BY c.customer_id, c.name ORDER BY c.customer_id;
SELECT c AS customer, number, open_amount FROM open WHERE c BETWEEN 11 AND 15 AND number = 'P-1';

-- A payment of more than is open pays everything and keeps the rest; applied again it finds nothing.
SELECT ar.post_payment(11, 'P-2', '2025-02-20', 1000) AS payment \gset
SELECT ar.apply_payment(11, :payment, p_applied_on => '2025-02-20') AS applied;
SELECT ar.apply_payment(11, :payment, p_applied_on => '2025-02-20') AS again;
SELECT number, open_amount FROM open WHERE c = 11;
SELECT receivable, unapplied FROM exposed WHERE c = 11;
-- A credit note is applied the same way; what is posted or reversed after the date, or in another currency, is left alone.
DO $$ BEGIN
	PERFORM ar.add_customer('Delphi', 20);
	PERFORM ar.post_invoice(20, 'early', '2025-01-01', 10, '2025-01-31');
	PERFORM ar.post_invoice(20, 'late', '2025-03-02', 10, '2025-03-02');
	PERFORM ar.post_invoice(20, 'euro', '2025-01-01', 10, '2025-01-31', 'EUR');
	PERFORM ar.post_invoice(20, 'reversed', '2025-01-01', 10, '2025-01-02');
	PERFORM ar.post_payment(20, 'P-1', '2025-01-05', 10);
END $$;
SELECT ar.allocate(20, p.item_id, r.item_id, 10, '2025-01-06') AS allocation FROM open p, open r WHERE p.number = 'P-1' AND p.c = 20 AND r.number = 'reversed' \gset
SELECT ar.reverse_allocation(20, :allocation, '2025-03-05') IS NOT NULL AS reversed;
SELECT ar.post_credit_note(20, 'K-1', '2025-02-15', 100) AS credit_note \gset
SELECT ar.apply_payment(20, :credit_note, 'oldest_first', '2025-03-01') AS applied;
SELECT number, cur, open_amount FROM open WHERE c = 20;
SELECT ar.apply_payment(20, :credit_note, 'oldest_first', '2025-03-05') AS applied;
SELECT number, cur, open_amount FROM open WHERE c = 20;

-- Without a date: today, or the payment's own date when that is later.
DO $$ BEGIN
	PERFORM ar.add_customer('Echo', 21);
	PERFORM ar.post_invoice(21, 'I-1', '2025-01-01', 10, '2025-01-31');
END $$;
SELECT ar.post_payment(21, 'P-1', current_date + 10, 4) AS later, ar.post_payment(21, 'P-2', '2025-01-01', 5) AS earlier \gset
SELECT ar.apply_payment(21, :later) + ar.apply_payment(21, :earlier) AS applied;
SELECT amount, applied_on - current_date AS days_from_today FROM ar.allocation WHERE customer_id = 21 ORDER BY amount;

-- No method, no invoice, no such document.
SELECT ar.apply_payment(21, :later, 'by_magic');
SELECT ar.apply_payment(21, min(document_id)) FROM ar.document WHERE customer_id = 21;
SELECT ar.apply_payment(20, :later);

-- Yen and dinar shares are rounded in their own minor unit, and sum up.
DO $$ BEGIN
	PERFORM ar.add_customer('Foxtrot', 22);
	FOR n IN 1 .. 3 LOOP
		PERFORM ar.post_invoice(22, 'Y-' || n, '2025-01-01', 100, '2025-01-31', 'JPY');
		PERFORM ar.post_invoice(22, 'K-' || n, '2025-01-01', 1.000, '2025-01-31', 'KWD');
	END LOOP;
	PERFORM ar.apply_payment(22, ar.post_payment(22, 'PY', '2025-01-05', 100, 'JPY'), 'pro_rata', '2025-01-05');
	PERFORM ar.apply_payment(22, ar.post_payment(22, 'PK', '2025-01-05', 1, 'KWD'), 'pro_rata', '2025-01-05');
END $$;
SELECT number, cur, amount, open_amount FROM open WHERE c = 22 ORDER BY number;

-- A history nobody planned: whatever it did, every kept figure is what recomputing gives, and no date is over-allocated.
DO $$
DECLARE
	refused integer := 0;
	done integer := 0;
BEGIN
	PERFORM setseed(0.42);
	FOR c IN 30 .. 33 LOOP
		PERFORM ar.add_customer('Random ' || c, c);
		FOR n IN 1 .. 15 LOOP
			PERFORM ar.post_invoice(c, 'I-' || n, date '2025-01-01' + (random() * 30)::integer, (1 + random() * 100)::numeric(9, 2), '2025-03-01');
			PERFORM ar.post_payment(c, 'P-' || n, date '2025-01-01' + (random() * 30)::integer, (1 + random() * 100)::numeric(9, 2));
		END LOOP;
		FOR n IN 1 .. 100 LOOP
			BEGIN
				IF random() < 0.3 THEN
					PERFORM ar.reverse_allocation(c, a.allocation_id, a.applied_on + (random() * 10)::integer)
					FROM (SELECT * FROM ar.allocation WHERE customer_id = c AND reverses IS NULL ORDER BY random() LIMIT 1) a;
				ELSIF random() < 0.2 THEN
					PERFORM ar.apply_payment(c, i.document_id, 'pro_rata', date '2025-01-15' + (random() * 30)::integer)
					FROM (SELECT * FROM ar.item WHERE customer_id = c AND amount < 0 ORDER BY random() LIMIT 1) i;
				ELSE
					PERFORM ar.allocate(c, k.item_id, d.item_id, (random() * 60)::numeric(9, 2), date '2025-01-15' + (random() * 30)::integer)
					FROM (SELECT * FROM ar.item WHERE customer_id = c AND open_amount < 0 ORDER BY random() LIMIT 1) k,
						(SELECT * FROM ar.item WHERE customer_id = c AND open_amount > 0 ORDER BY random() LIMIT 1) d;
				END IF;
				done := done + 1;
			EXCEPTION WHEN SQLSTATE 'RC007' OR invalid_parameter_value OR unique_violation THEN
				refused := refused + 1;
			END;
		END LOOP;
	END LOOP;
	RAISE NOTICE 'some were done: %, some refused: %', done > 100, refused > 50;
END $$;
SELECT * FROM ar.verify_ledger();
SELECT count(*) AS rebuilt FROM ar.rebuild_ledger() n WHERE n <> 0;

-- Allocations are only added to.
UPDATE ar.allocation SET amount = 1;
DELETE FROM ar.allocation;
TRUNCATE ar.allocation CASCADE;
\set VERBOSITY sqlstate
DELETE FROM ar.allocation;
\set VERBOSITY default

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
