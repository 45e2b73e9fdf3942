-- terms.sql: payment terms as a value, and a ledger that derives due dates, instalments and discounts from them.
CREATE EXTENSION credit_control;

-- What people write is read; one spelling is kept.
SELECT written, written::credit.payment_terms AS kept
FROM unnest(ARRAY['2/10, n/30', '2% 10, Net 30 Days', 'n/30', '10th prox', '21 MFI', '1/10-60x', '4/15 rog', 'net 30 end of month']) AS written;

-- A discount to the tenth of next month; an invoice after the 25th counts as of the month after.
SELECT doc_date, credit.discount_date('2/10 EOM', doc_date), credit.due_date('2/10 EOM', doc_date)
FROM (VALUES (date '2026-03-25'), (date '2026-03-26')) AS v (doc_date);

-- What it costs a year not to take 2% for paying 20 days sooner.
SELECT round(100 * credit.discount_cost('2/10 net 30', 'simple_365'), 2) AS percent_a_year;

SELECT credit.create_ledger('ar', 'USD', time_zone => 'Etc/UTC');
SELECT ar.add_customer('Blue Harbor Foods', 1, p_terms => '2/10 net 30');

-- The customer's terms give the due date; a document may say its own.  Instalments become items.
SELECT ar.post_invoice(1, 'INV-1', '2026-03-01', 1000.00);
SELECT ar.post_invoice(1, 'INV-2', '2026-03-01', 100.00, p_terms => '1/3 30, 1/3 60, 1/3 90');
SELECT ar.post_invoice(1, 'INV-3', '2026-03-01', 500.00, p_terms => '4/15 net 30 ROG');
SELECT number, instalment_no, terms, due_date, open_amount FROM ar.open_items ORDER BY item_id;

-- What waits for the goods ages as not due, and is counted.
SELECT total, past_due, credit.undated(aging) FROM ar.aging_at('2026-06-30');
SELECT ar.record_receipt(1, (SELECT document_id FROM ar.document WHERE number = 'INV-3'), '2026-03-20') AS dated;
SELECT number, due_date FROM ar.open_items WHERE number = 'INV-3';

-- 980 within ten days settles 1000: the discount is a document of its own.
SELECT ar.post_payment(1, 'PAY-1', '2026-03-09', 980.00) AS payment \gset
SELECT item_id AS credit_item FROM ar.open_items WHERE document_id = :payment \gset
SELECT item_id AS debit_item FROM ar.open_items WHERE number = 'INV-1' \gset
SELECT ar.allocate_with_discount(1, :credit_item, :debit_item, p_applied_on => '2026-03-09') AS discount;
SELECT kind, number, amount, status FROM ar.document_status WHERE kind IN ('payment', 'discount') OR number = 'INV-1' ORDER BY document_id;

-- The cheque bounces: the invoice is open again with its own due date, the discount is undone, a fee is charged.
SELECT ar.return_payment(1, :payment, '2026-04-20', 'no funds', p_fee => 25.00) IS NOT NULL AS returned;
SELECT kind, number, amount, open_amount, status FROM ar.document_status WHERE kind <> 'invoice' OR number = 'INV-1' ORDER BY document_id;

-- Until the day before, reports stay as they were.
SELECT as_of, past_due FROM (VALUES (date '2026-04-19'), (date '2026-04-20')) AS v (as_of), ar.aging_at(as_of);
SELECT * FROM ar.verify_ledger();
SELECT * FROM ar.verify_chain();
