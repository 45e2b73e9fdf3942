-- bulk_load.sql: customers, documents and allocations by COPY and INSERT ... SELECT, with the checks and the results of
-- single postings.
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'EUR');

COPY ar.customer (customer_id, name, number) FROM STDIN (FORMAT csv);
1,Alder Hardware,A-100
2,Beacon Catering,B-200
\.

-- posting_date defaults to doc_date, currency to the ledger's; credit documents have no due date.
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount, reference) FROM STDIN (FORMAT csv);
1,invoice,INV-1,2026-04-01,2026-05-01,1200.00,
1,invoice,INV-2,2026-05-05,2026-06-04,800.00,
2,invoice,INV-3,2026-05-20,2026-06-19,99.90,
1,payment,PAY-1,2026-05-04,,1200.00,INV-1
1,payment,PAY-2,2026-06-15,,300.00,INV-2
2,credit_note,CN-1,2026-06-01,,9.90,INV-3
\.

-- A file with a wrong line loads nothing, and the error says which document.
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM STDIN (FORMAT csv);
2,invoice,INV-4,2026-06-02,2026-07-02,10.00
2,invoice,INV-5,2026-06-02,2026-07-02,10.005
\.

-- Allocations name items; here they are found by the number the payer gave.
INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
SELECT customer_id, credit.item_id, debit.item_id, LEAST(-credit.open_amount, debit.open_amount), credit.posting_date
FROM ar.document d
	JOIN ar.item credit USING (customer_id, document_id)
	JOIN (ar.document invoice JOIN ar.item debit USING (customer_id, document_id)) USING (customer_id)
WHERE d.reference = invoice.number AND invoice.kind = 'invoice'
ORDER BY customer_id;

SELECT customer_id, currency, total, past_due, unapplied, amounts FROM ar.aging_at('2026-06-30') ORDER BY customer_id;

-- A million rows alike; nothing else to do afterwards but what any load asks for.
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount)
SELECT 1 + n / 500, 'invoice', 'OLD-' || n, date '2025-01-01' + n % 300, date '2025-01-31' + n % 300, 100 + n % 77
FROM generate_series(1, 999) AS n;
VACUUM ANALYZE ar.item, ar.document, ar.exposure;

SELECT customer_id, receivable, unapplied FROM ar.exposure ORDER BY customer_id;
SELECT * FROM ar.verify_ledger();
