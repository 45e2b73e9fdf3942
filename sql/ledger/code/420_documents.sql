-- Documents as people ask for them: what became of each.

CREATE OR REPLACE VIEW document_status AS
SELECT d.customer_id, c.name AS customer_name, d.document_id, d.kind, d.side, d.number, d.doc_date, d.posting_date, d.due_date, d.currency,
	d.amount, CASE WHEN d.currency = l.base_currency THEN d.amount ELSE d.base_amount END AS base_amount, i.open_amount, i.next_due_date, i.items,
	CASE WHEN d.reverses IS NOT NULL AND d.kind <> 'returned_payment' THEN 'voids another'
		WHEN r.kind = 'returned_payment' THEN 'returned'
		WHEN r.document_id IS NOT NULL THEN 'voided'
		WHEN i.open_amount = 0 THEN 'settled'
		WHEN i.open_amount = d.amount THEN 'open'
		ELSE 'partly settled' END AS status,
	r.document_id AS reversed_by, d.reverses, d.source_document_id, d.terms::text, d.sold_to_id, d.order_id, d.reference, d.reason,
	d.recorded_at, d.recorded_by
FROM document d
	JOIN customer c ON c.customer_id = d.customer_id
	CROSS JOIN ledger_info l
	LEFT JOIN document r ON r.customer_id = d.customer_id AND r.reverses = d.document_id
	LEFT JOIN LATERAL (
		SELECT abs(sum(o.open_amount)) AS open_amount, min(o.due_date) FILTER (WHERE o.open_amount > 0) AS next_due_date, count(*) AS items
		FROM item o WHERE o.customer_id = d.customer_id AND o.document_id = d.document_id) i ON true;
COMMENT ON VIEW document_status IS 'Every document, what is open of it and what became of it.';
COMMENT ON COLUMN document_status.customer_id IS 'The debtor.';
COMMENT ON COLUMN document_status.customer_name IS 'Its name.';
COMMENT ON COLUMN document_status.document_id IS 'Key of the document, with customer_id.';
COMMENT ON COLUMN document_status.kind IS 'Kind of document.';
COMMENT ON COLUMN document_status.side IS 'debit: the customer owes it; credit: in the customer''s favour.';
COMMENT ON COLUMN document_status.number IS 'Number people read.';
COMMENT ON COLUMN document_status.doc_date IS 'Date on the document.';
COMMENT ON COLUMN document_status.posting_date IS 'Business date from which it counts.';
COMMENT ON COLUMN document_status.due_date IS 'Due date as posted; of instalments the last.';
COMMENT ON COLUMN document_status.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN document_status.amount IS 'Amount of the document, positive for every kind.';
COMMENT ON COLUMN document_status.base_amount IS 'Amount in base currency, at the rate it was booked; NULL if it was booked before there were rates.';
COMMENT ON COLUMN document_status.open_amount IS 'What is open of it, positive.';
COMMENT ON COLUMN document_status.next_due_date IS 'Earliest due date of what is open, after changes.';
COMMENT ON COLUMN document_status.items IS 'Number of its items (instalments).';
COMMENT ON COLUMN document_status.status IS 'open, partly settled, settled, voided, returned, or voids another.';
COMMENT ON COLUMN document_status.reversed_by IS 'Document that voided or returned it.';
COMMENT ON COLUMN document_status.reverses IS 'Document that it voids or returns.';
COMMENT ON COLUMN document_status.source_document_id IS 'Document it came from, such as the payment a discount was granted for.';
COMMENT ON COLUMN document_status.terms IS 'Payment terms.';
COMMENT ON COLUMN document_status.sold_to_id IS 'Customer who ordered, where that is not the debtor.';
COMMENT ON COLUMN document_status.order_id IS 'Order it belongs to.';
COMMENT ON COLUMN document_status.reference IS 'What the customer or the bank wrote.';
COMMENT ON COLUMN document_status.reason IS 'Why it was posted.';
COMMENT ON COLUMN document_status.recorded_at IS 'Record time.';
COMMENT ON COLUMN document_status.recorded_by IS 'Login that posted it.';
