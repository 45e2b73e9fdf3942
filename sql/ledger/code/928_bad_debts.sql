-- What counts as bad debt, for metrics, roll rates, loss rates and the allowance alike.

-- A write-off that names the payment it was granted with forgives a small difference, unless it is the rest of a settlement: written
-- off in the transaction that completed it.  What was settled once, but not paid by its day or cancelled, is owed like everything else.
-- A document that takes another back is what that one is, a recovery what was recovered.
CREATE OR REPLACE VIEW bad_debts AS
SELECT d.customer_id, d.document_id, k.claim_id, d.kind, d.currency, d.posting_date, v.sign * d.amount AS amount,
	v.sign * CASE WHEN d.currency = l.base_currency THEN d.amount ELSE d.base_amount END AS base_amount
FROM ledger_info l CROSS JOIN document d
	JOIN customer c ON c.customer_id = d.customer_id
	JOIN document w ON w.customer_id = d.customer_id AND w.document_id = COALESCE(d.reverses, d.document_id)
	LEFT JOIN document r ON d.kind = 'recovery' AND r.customer_id = w.customer_id AND r.document_id = w.source_document_id
	CROSS JOIN LATERAL (SELECT COALESCE(r.document_id, w.document_id) AS claim_id, CASE d.kind WHEN 'write_off' THEN w.source_document_id ELSE r.source_document_id END AS granted_with) k
	CROSS JOIN LATERAL (SELECT CASE WHEN (d.side = 'credit') = (d.kind = 'write_off') THEN 1 ELSE -1 END AS sign) v
WHERE d.kind IN ('write_off', 'recovery') AND NOT c.intercompany
	AND (k.granted_with IS NULL
		OR EXISTS (SELECT FROM item i
			JOIN allocation a ON a.customer_id = i.customer_id AND a.credit_item_id = i.item_id
			JOIN settlement_item t ON t.customer_id = a.customer_id AND t.item_id = a.debit_item_id
			JOIN settlement_event e ON e.customer_id = t.customer_id AND e.settlement_id = t.settlement_id AND e.state = 'completed' AND e.recorded_at = COALESCE(r.recorded_at, w.recorded_at)
			WHERE i.customer_id = w.customer_id AND i.document_id = k.claim_id));
COMMENT ON VIEW bad_debts IS 'Bad debts written off, and what was recovered of them, as documents: small differences that were forgiven with a payment are none, the rest of a settlement is one, and intercompany customers are left out.';
COMMENT ON COLUMN bad_debts.customer_id IS 'The debtor.';
COMMENT ON COLUMN bad_debts.document_id IS 'The document, with customer_id.';
COMMENT ON COLUMN bad_debts.claim_id IS 'The write-off it is about; of a recovery that names none its own.';
COMMENT ON COLUMN bad_debts.kind IS 'write_off or recovery.';
COMMENT ON COLUMN bad_debts.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN bad_debts.posting_date IS 'Business date from which it counts.';
COMMENT ON COLUMN bad_debts.amount IS 'What was written off, or recovered; negative: taken back.';
COMMENT ON COLUMN bad_debts.base_amount IS 'The same in base currency, at the rate it was booked.';
