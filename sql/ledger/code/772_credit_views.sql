-- Credits as people ask for them: waiting, issued, unused, and the whole trail of one.

CREATE OR REPLACE VIEW pending_approvals AS
SELECT q.customer_id, q.customer_name, q.approval_id, q.action, q.amount, q.currency, q.reason, q.requested_by, q.requested_at, q.age, q.approvals, q.approved_by,
	q.votes_missing, q.expires_on, r.credit_request_id, r.document_id, d.number, r.reason_code
FROM approval_queue q
	LEFT JOIN credit_request r ON r.customer_id = q.customer_id AND r.approval_id = q.approval_id
	LEFT JOIN document d ON d.customer_id = r.customer_id AND d.document_id = r.document_id
WHERE NOT EXISTS (SELECT FROM credit_issue s WHERE s.customer_id = r.customer_id AND s.credit_request_id = r.credit_request_id);
COMMENT ON VIEW pending_approvals IS 'Requests that wait for approval or to be used, with the credit they are about.';
COMMENT ON COLUMN pending_approvals.customer_id IS 'The debtor.';
COMMENT ON COLUMN pending_approvals.customer_name IS 'Its name.';
COMMENT ON COLUMN pending_approvals.approval_id IS 'Key of the request for approval, with customer_id: what approve() and reject() take.';
COMMENT ON COLUMN pending_approvals.action IS 'What is to be done.';
COMMENT ON COLUMN pending_approvals.amount IS 'How much it is about.';
COMMENT ON COLUMN pending_approvals.currency IS 'ISO 4217 code of amount.';
COMMENT ON COLUMN pending_approvals.reason IS 'Why it is asked for.';
COMMENT ON COLUMN pending_approvals.requested_by IS 'Person who asks.';
COMMENT ON COLUMN pending_approvals.requested_at IS 'Since when.';
COMMENT ON COLUMN pending_approvals.age IS 'How long it has been waiting.';
COMMENT ON COLUMN pending_approvals.approvals IS 'Votes it has.';
COMMENT ON COLUMN pending_approvals.approved_by IS 'Whose they are.';
COMMENT ON COLUMN pending_approvals.votes_missing IS 'Votes it lacks; 0: it can be used.';
COMMENT ON COLUMN pending_approvals.expires_on IS 'Last day on which it can be approved and used.';
COMMENT ON COLUMN pending_approvals.credit_request_id IS 'The credit asked for, if it is one: what issue_credit() takes.';
COMMENT ON COLUMN pending_approvals.document_id IS 'The document credited.';
COMMENT ON COLUMN pending_approvals.number IS 'Its number.';
COMMENT ON COLUMN pending_approvals.reason_code IS 'Why, one of credit_reason.';

CREATE OR REPLACE VIEW credit_notes_issued AS
SELECT d.customer_id, c.name AS customer_name, d.document_id, d.number, d.doc_date, d.amount, d.currency, COALESCE(r.reason_code, d.reason) AS reason_code,
	r.credit_request_id, o.number AS invoice_number, COALESCE(r.actor, d.recorded_by) AS requested_by, v.approved_by, s.issued_by, -i.open_amount AS open_amount,
	x.document_id IS NOT NULL AS voided, (statement_timestamp() AT TIME ZONE l.time_zone)::date - COALESCE(i.last_applied_on, i.posting_date) AS days_idle
FROM document d
	JOIN customer c ON c.customer_id = d.customer_id
	CROSS JOIN ledger_info l
	JOIN item i ON i.customer_id = d.customer_id AND i.document_id = d.document_id
	LEFT JOIN document o ON o.customer_id = d.customer_id AND o.document_id = d.source_document_id
	LEFT JOIN document x ON x.customer_id = d.customer_id AND x.reverses = d.document_id
	LEFT JOIN credit_issue s ON s.customer_id = d.customer_id AND s.document_id = d.document_id
	LEFT JOIN credit_request r ON r.customer_id = s.customer_id AND r.credit_request_id = s.credit_request_id
	LEFT JOIN LATERAL (SELECT string_agg(o2.person, ', ' ORDER BY o2.approval_vote_id) AS approved_by FROM approval_vote o2
		WHERE o2.customer_id = r.customer_id AND o2.approval_id = r.approval_id AND o2.approves) v ON true
WHERE d.kind = 'credit_note' AND d.side = 'credit';
COMMENT ON VIEW credit_notes_issued IS 'Credit notes, with who asked, who approved, who issued, and what of them is not used: an unused credit never ends by itself.';
COMMENT ON COLUMN credit_notes_issued.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_notes_issued.customer_name IS 'Its name.';
COMMENT ON COLUMN credit_notes_issued.document_id IS 'Key of the credit note, with customer_id.';
COMMENT ON COLUMN credit_notes_issued.number IS 'Its number.';
COMMENT ON COLUMN credit_notes_issued.doc_date IS 'Its date.';
COMMENT ON COLUMN credit_notes_issued.amount IS 'Its amount.';
COMMENT ON COLUMN credit_notes_issued.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN credit_notes_issued.reason_code IS 'Why, or the reason given when it was posted without a request.';
COMMENT ON COLUMN credit_notes_issued.credit_request_id IS 'The request; NULL: it was posted without one.';
COMMENT ON COLUMN credit_notes_issued.invoice_number IS 'The document credited.';
COMMENT ON COLUMN credit_notes_issued.requested_by IS 'Person who asked, or the login that posted it.';
COMMENT ON COLUMN credit_notes_issued.approved_by IS 'Who approved.';
COMMENT ON COLUMN credit_notes_issued.issued_by IS 'Who issued it.';
COMMENT ON COLUMN credit_notes_issued.open_amount IS 'What of it is not applied.';
COMMENT ON COLUMN credit_notes_issued.voided IS 'It was voided.';
COMMENT ON COLUMN credit_notes_issued.days_idle IS 'Days since it was last applied, or posted: with open_amount, what lies dormant.';

CREATE OR REPLACE VIEW dormant_credits AS
SELECT i.customer_id, c.name AS customer_name, i.item_id, d.kind, d.number, d.doc_date, -i.amount AS amount, -i.open_amount AS open_amount, i.currency, i.reserved_for,
	m.moved_on AS last_moved_on, (statement_timestamp() AT TIME ZONE l.time_zone)::date - m.moved_on AS days_idle
FROM item i
	JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
	JOIN customer c ON c.customer_id = i.customer_id
	CROSS JOIN ledger_info l
	CROSS JOIN LATERAL (SELECT GREATEST(i.posting_date, i.last_applied_on, i.reversed_on) AS moved_on) m
WHERE i.open_amount < 0;
COMMENT ON VIEW dormant_credits IS 'Everything in customers'' favour that is not used, and since when nothing happened to it: it never ends by itself.';
COMMENT ON COLUMN dormant_credits.customer_id IS 'The debtor.';
COMMENT ON COLUMN dormant_credits.customer_name IS 'Its name.';
COMMENT ON COLUMN dormant_credits.item_id IS 'Key of the item, with customer_id.';
COMMENT ON COLUMN dormant_credits.kind IS 'Kind of its document: credit_note, payment, deposit and so on.';
COMMENT ON COLUMN dormant_credits.number IS 'Number of the document.';
COMMENT ON COLUMN dormant_credits.doc_date IS 'Its date.';
COMMENT ON COLUMN dormant_credits.amount IS 'Its amount.';
COMMENT ON COLUMN dormant_credits.open_amount IS 'What of it is not applied.';
COMMENT ON COLUMN dormant_credits.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN dormant_credits.reserved_for IS 'Order a deposit is reserved to.';
COMMENT ON COLUMN dormant_credits.last_moved_on IS 'Day on which it was posted, or applied or set free last.';
COMMENT ON COLUMN dormant_credits.days_idle IS 'Days since.';

CREATE OR REPLACE VIEW credit_audit AS
SELECT r.customer_id, r.credit_request_id, e.happened_at, e.step, e.person, e.amount, r.currency, e.document_id, e.detail
FROM credit_request r
	LEFT JOIN credit_issue s ON s.customer_id = r.customer_id AND s.credit_request_id = r.credit_request_id
	CROSS JOIN LATERAL (
		SELECT r.recorded_at AS happened_at, 1 AS place, 'requested' AS step, r.actor AS person, r.amount, r.document_id, concat_ws(': ', r.reason_code, r.description) AS detail
		UNION ALL
		SELECT v.voted_at, 2 AS place, CASE WHEN v.approves THEN 'approved' ELSE 'rejected' END AS step, v.person, NULL::numeric AS amount, NULL::bigint AS document_id, v.reason AS detail
		FROM approval_vote v WHERE v.customer_id = r.customer_id AND v.approval_id = r.approval_id
		UNION ALL
		SELECT n.recorded_at, 3 AS place, 'changed' AS step, n.actor, n.amount, NULL::bigint AS document_id, format('credit request %s', n.credit_request_id) AS detail
		FROM credit_request n WHERE n.customer_id = r.customer_id AND n.replaces = r.credit_request_id
		UNION ALL
		SELECT d.recorded_at, 4 AS place, 'issued' AS step, s.issued_by, d.amount, d.document_id, d.number
		FROM document d WHERE d.customer_id = s.customer_id AND d.document_id = s.document_id
		UNION ALL
		SELECT a.recorded_at, 5 AS place, CASE WHEN a.reverses IS NULL THEN 'applied' ELSE 'taken back' END AS step, a.recorded_by, a.amount, o.document_id, o.number
		FROM item c
			JOIN allocation a ON a.customer_id = c.customer_id AND a.credit_item_id = c.item_id
			JOIN item i ON i.customer_id = a.customer_id AND i.item_id = a.debit_item_id
			JOIN document o ON o.customer_id = i.customer_id AND o.document_id = i.document_id
		WHERE c.customer_id = s.customer_id AND c.document_id = s.document_id
		UNION ALL
		SELECT d.recorded_at, 6 AS place, 'voided' AS step, d.recorded_by, d.amount, d.document_id, d.reason
		FROM document d WHERE d.customer_id = s.customer_id AND d.reverses = s.document_id) e
ORDER BY r.customer_id, r.credit_request_id, e.happened_at, e.place;
COMMENT ON VIEW credit_audit IS 'The trail of each credit, from the request to its allocations.';
COMMENT ON COLUMN credit_audit.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_audit.credit_request_id IS 'The request.';
COMMENT ON COLUMN credit_audit.happened_at IS 'Record time.';
COMMENT ON COLUMN credit_audit.step IS 'requested, approved, rejected, changed (into another request), issued, applied, taken back or voided.';
COMMENT ON COLUMN credit_audit.person IS 'Who; of applied, taken back and voided the login.';
COMMENT ON COLUMN credit_audit.amount IS 'How much.';
COMMENT ON COLUMN credit_audit.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN credit_audit.document_id IS 'The document concerned: credited, issued, or applied to.';
COMMENT ON COLUMN credit_audit.detail IS 'Reason, number or text.';
