-- Money that waits, how good the matching is, and what was kept back.

CREATE OR REPLACE VIEW unapplied_cash AS
SELECT i.customer_id, c.name AS customer_name, d.document_id, d.number, m.bank_receipt_id, i.currency, d.amount, -i.open_amount AS open_amount,
	d.doc_date AS received_on, (statement_timestamp() AT TIME ZONE l.time_zone)::date - d.doc_date AS days_unapplied, m.rule, m.confidence
FROM item i
	JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id AND d.kind = 'payment'
	JOIN customer c ON c.customer_id = i.customer_id
	CROSS JOIN ledger_info l
	LEFT JOIN cash_match m ON m.customer_id = d.customer_id AND m.document_id = d.document_id AND m.status = 'applied'
WHERE i.open_amount < 0
UNION ALL
SELECT m.customer_id, c.name, NULL, NULL, b.bank_receipt_id, b.currency, b.amount, b.amount, b.booking_date,
	(statement_timestamp() AT TIME ZONE l.time_zone)::date - b.booking_date, m.rule, m.confidence
FROM bank_receipt b
	CROSS JOIN ledger_info l
	LEFT JOIN LATERAL (SELECT p.* FROM cash_match p WHERE p.bank_receipt_id = b.bank_receipt_id AND p.status <> 'simulated'
		ORDER BY p.cash_match_id DESC LIMIT 1) m ON true
	LEFT JOIN customer c ON c.customer_id = m.customer_id
WHERE b.credit_debit = 'credit' AND NOT b.reversal AND b.amount > 0 AND b.duplicate_of IS NULL
	AND NOT EXISTS (SELECT FROM cash_match a WHERE b.bank_receipt_id IN (a.bank_receipt_id, a.returned_receipt_id) AND a.status = 'applied');
COMMENT ON VIEW unapplied_cash IS 'Money received that pays nothing yet: payments with open credit, and receipts that are not posted.';
COMMENT ON COLUMN unapplied_cash.customer_id IS 'Who paid, or is thought to have; NULL: unknown.';
COMMENT ON COLUMN unapplied_cash.customer_name IS 'Its name.';
COMMENT ON COLUMN unapplied_cash.document_id IS 'The payment; NULL: not posted yet.';
COMMENT ON COLUMN unapplied_cash.number IS 'Its number.';
COMMENT ON COLUMN unapplied_cash.bank_receipt_id IS 'The receipt; NULL: the payment was posted without one.';
COMMENT ON COLUMN unapplied_cash.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN unapplied_cash.amount IS 'What was received.';
COMMENT ON COLUMN unapplied_cash.open_amount IS 'What of it is not applied.';
COMMENT ON COLUMN unapplied_cash.received_on IS 'Day it was received.';
COMMENT ON COLUMN unapplied_cash.days_unapplied IS 'Days since.';
COMMENT ON COLUMN unapplied_cash.rule IS 'Rule that fits.';
COMMENT ON COLUMN unapplied_cash.confidence IS 'Confidence of the proposal, 0 to 100.';

CREATE OR REPLACE VIEW cash_application_accuracy AS
SELECT date_trunc('month', b.booking_date)::date AS month, b.currency, count(*) AS receipts,
	count(*) FILTER (WHERE NOT m.by_person) AS applied_by_rule, count(*) FILTER (WHERE m.by_person) AS applied_by_person,
	count(*) FILTER (WHERE m.cash_match_id IS NULL) AS waiting,
	count(*) FILTER (WHERE NOT m.by_person AND r.corrected) AS corrected_later,
	round(100.0 * count(*) FILTER (WHERE NOT m.by_person) / count(*), 1) AS auto_match_rate,
	round(100.0 * count(*) FILTER (WHERE NOT m.by_person AND NOT r.corrected) / NULLIF(count(*) FILTER (WHERE NOT m.by_person), 0), 1) AS accuracy,
	round(avg((COALESCE(m.recorded_at, statement_timestamp()) AT TIME ZONE l.time_zone)::date - b.booking_date), 1) AS days_unapplied
FROM bank_receipt b
	CROSS JOIN ledger_info l
	LEFT JOIN cash_match m ON m.bank_receipt_id = b.bank_receipt_id AND m.status = 'applied'
	LEFT JOIN LATERAL (SELECT EXISTS (SELECT FROM cash_allocation a JOIN allocation v ON v.customer_id = a.customer_id AND v.reverses = a.allocation_id
		WHERE a.cash_match_id = m.cash_match_id)
		OR EXISTS (SELECT FROM document d WHERE d.customer_id = m.customer_id AND d.reverses = m.document_id AND d.kind = 'payment') AS changed) v ON true
	LEFT JOIN LATERAL (SELECT v.changed AND NOT EXISTS (SELECT FROM document d
		WHERE d.customer_id = m.customer_id AND d.reverses = m.document_id AND d.kind = 'returned_payment') AS corrected) r ON true
WHERE b.credit_debit = 'credit' AND NOT b.reversal AND b.amount > 0 AND b.duplicate_of IS NULL
	AND (m.cash_match_id IS NOT NULL OR NOT EXISTS (SELECT FROM cash_match t WHERE t.returned_receipt_id = b.bank_receipt_id AND t.status = 'applied'))
GROUP BY 1, 2;
COMMENT ON VIEW cash_application_accuracy IS 'How many receipts of a month the rules applied, and how many of these were corrected later.';
COMMENT ON COLUMN cash_application_accuracy.month IS 'First day of the month in which the bank booked them.';
COMMENT ON COLUMN cash_application_accuracy.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN cash_application_accuracy.receipts IS 'Receipts in all, less those taken back before they were applied.';
COMMENT ON COLUMN cash_application_accuracy.applied_by_rule IS 'Applied without a person.';
COMMENT ON COLUMN cash_application_accuracy.applied_by_person IS 'Applied by confirm_match().';
COMMENT ON COLUMN cash_application_accuracy.waiting IS 'Not applied.';
COMMENT ON COLUMN cash_application_accuracy.corrected_later IS 'Of applied_by_rule: with an allocation reversed since, or voided; not those whose payment came back.';
COMMENT ON COLUMN cash_application_accuracy.auto_match_rate IS 'applied_by_rule in percent of receipts.';
COMMENT ON COLUMN cash_application_accuracy.accuracy IS 'What of applied_by_rule was not corrected, in percent; NULL if there is none.';
COMMENT ON COLUMN cash_application_accuracy.days_unapplied IS 'Days from the booking date until it was applied, or today, on average.';

CREATE OR REPLACE VIEW deductions AS
SELECT d.customer_id, c.name AS customer_name, d.deduction_id, d.item_id, o.number, d.amount, LEAST(d.amount, GREATEST(i.open_amount, 0)) AS open_amount,
	d.currency, d.reason_code, d.taken_on, (statement_timestamp() AT TIME ZONE l.time_zone)::date - d.taken_on AS days_open, m.bank_receipt_id, d.dispute_id, q.state AS dispute_state
FROM deduction d
	JOIN customer c ON c.customer_id = d.customer_id
	JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id
	JOIN document o ON o.customer_id = i.customer_id AND o.document_id = i.document_id
	JOIN cash_match m ON m.cash_match_id = d.cash_match_id
	CROSS JOIN ledger_info l
	LEFT JOIN dispute q ON q.customer_id = d.customer_id AND q.dispute_id = d.dispute_id;
COMMENT ON VIEW deductions IS 'Short payments with their reasons, and what of them is still open.';
COMMENT ON COLUMN deductions.customer_id IS 'The debtor.';
COMMENT ON COLUMN deductions.customer_name IS 'Its name.';
COMMENT ON COLUMN deductions.deduction_id IS 'Key of the deduction, with customer_id.';
COMMENT ON COLUMN deductions.item_id IS 'The item paid short.';
COMMENT ON COLUMN deductions.number IS 'Its document.';
COMMENT ON COLUMN deductions.amount IS 'What was kept back.';
COMMENT ON COLUMN deductions.open_amount IS 'What of it is open; 0: settled.';
COMMENT ON COLUMN deductions.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN deductions.reason_code IS 'Why it was kept back.';
COMMENT ON COLUMN deductions.taken_on IS 'Business date.';
COMMENT ON COLUMN deductions.days_open IS 'Days since.';
COMMENT ON COLUMN deductions.bank_receipt_id IS 'The receipt.';
COMMENT ON COLUMN deductions.dispute_id IS 'The dispute it is settled in; NULL: none yet.';
COMMENT ON COLUMN deductions.dispute_state IS 'State of that.';
