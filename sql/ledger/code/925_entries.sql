-- The ledger as double entry, for export to a general ledger.
--
-- Every document, allocation and release of a deposit is an entry; its lines balance in its currency and in base currency.
-- receivable is what debit items leave open, unapplied and deposits what credit items do: on every day their balances are
-- those of aging_at().

CREATE OR REPLACE VIEW ledger_entries AS
WITH lines AS (
	-- Documents: the control account against what the kind of document is about, tax apart.
	SELECT format('document %s', d.document_id) AS entry, d.customer_id, d.document_id, NULL::bigint AS allocation_id, d.posting_date, d.kind, d.number, d.currency,
		v.line_no, v.role, CASE d.side WHEN 'debit' THEN v.amount ELSE -v.amount END AS amount, CASE d.side WHEN 'debit' THEN v.base ELSE -v.base END AS base,
		d.recorded_at
	FROM (SELECT o.customer_id, o.document_id, o.posting_date, o.kind, o.side, o.number, o.currency, o.recorded_at,
			round(o.amount, credit.minor_unit(o.currency)) AS amount,
			round(CASE WHEN o.currency = l.base_currency THEN o.amount ELSE o.base_amount END, credit.minor_unit(l.base_currency)) AS base,
			COALESCE((SELECT round(sum(n.tax_amount), credit.minor_unit(o.currency)) FROM document_line n
				-- A void has no lines of its own.
				WHERE n.customer_id = o.customer_id AND n.document_id = COALESCE(o.reverses, o.document_id)), 0) AS tax,
			credit.minor_unit(l.base_currency) AS minor
		FROM document o CROSS JOIN ledger_info l) d,
		LATERAL (VALUES
			(1, CASE WHEN d.side = 'debit' THEN 'receivable' WHEN d.kind = 'deposit' THEN 'deposits' ELSE 'unapplied' END, d.amount, d.base),
			(2, CASE d.kind WHEN 'invoice' THEN 'sales' WHEN 'debit_note' THEN 'sales' WHEN 'credit_note' THEN 'sales' WHEN 'payment' THEN 'cash'
				WHEN 'returned_payment' THEN 'cash' WHEN 'refund' THEN 'cash' WHEN 'deposit' THEN 'cash' WHEN 'discount' THEN 'discounts'
				WHEN 'fx_difference' THEN 'exchange_differences' WHEN 'finance_charge' THEN 'interest' WHEN 'fee' THEN 'fees' WHEN 'write_off' THEN 'bad_debt'
				WHEN 'recovery' THEN 'recoveries' WHEN 'adjustment' THEN 'adjustments' WHEN 'transfer' THEN 'transfers' WHEN 'set_off' THEN 'payables'
				WHEN 'core_charge' THEN 'core_deposits' END, -(d.amount - d.tax), -(d.base - round(d.base * d.tax / d.amount, d.minor))),
			(3, 'tax', -d.tax, -round(d.base * d.tax / d.amount, d.minor))) v (line_no, role, amount, base)
	WHERE v.line_no < 3 OR d.tax <> 0
	UNION ALL
	-- Allocations: credit is used up, a debt is settled; in other currencies each at the value it was booked with.
	SELECT format('allocation %s', a.allocation_id) AS entry, a.customer_id, a.document_id, a.allocation_id, a.applied_on AS posting_date, a.kind, a.number, a.currency,
		v.line_no, v.role, v.amount, v.base, a.recorded_at
	FROM (SELECT o.*, d.document_id, d.kind, d.number, CASE WHEN o.currency = l.base_currency THEN o.amount ELSE x.credit_base END AS credit_base,
			CASE WHEN o.currency = l.base_currency THEN o.amount ELSE x.debit_base END AS debit_base, round(0::numeric, credit.minor_unit(o.currency)) AS zero,
			d.kind = 'deposit' AND d.side = 'credit' AND NOT EXISTS (SELECT FROM deposit_release r
				WHERE r.customer_id = d.customer_id AND r.document_id = d.document_id AND r.released_on <= o.applied_on) AS reserved
		FROM allocation o
			CROSS JOIN ledger_info l
			JOIN item i ON i.customer_id = o.customer_id AND i.item_id = o.credit_item_id
			JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
			LEFT JOIN exchange_difference x ON x.customer_id = o.customer_id AND x.allocation_id = o.allocation_id) a,
		LATERAL (VALUES
			(1, CASE WHEN a.reserved THEN 'deposits' ELSE 'unapplied' END, a.amount, a.credit_base),
			(2, 'receivable', -a.amount, -a.debit_base),
			(3, 'exchange_differences', a.zero, a.debit_base - a.credit_base)) v (line_no, role, amount, base)
	WHERE v.line_no < 3 OR v.base <> 0
	UNION ALL
	-- Deposits that are reserved no more: what was open of them becomes plain credit.
	SELECT format('release of document %s', r.document_id) AS entry, r.customer_id, r.document_id, NULL::bigint AS allocation_id, r.released_on AS posting_date, r.kind, r.number, r.currency,
		v.line_no, v.role, v.amount, v.base, r.recorded_at
	FROM (SELECT o.customer_id, o.document_id, o.released_on, o.recorded_at, d.kind, d.number, d.currency,
			round(d.amount - COALESCE(u.amount, 0), credit.minor_unit(d.currency)) AS amount,
			round(CASE WHEN d.currency = l.base_currency THEN d.amount - COALESCE(u.amount, 0) ELSE d.base_amount - COALESCE(u.base, 0) END,
				credit.minor_unit(l.base_currency)) AS base
		FROM deposit_release o
			CROSS JOIN ledger_info l
			JOIN document d ON d.customer_id = o.customer_id AND d.document_id = o.document_id
			LEFT JOIN LATERAL (SELECT sum(a.amount) AS amount, sum(x.credit_base) AS base
				FROM item i
					JOIN allocation a ON a.customer_id = i.customer_id AND a.credit_item_id = i.item_id AND a.applied_on < o.released_on
					LEFT JOIN exchange_difference x ON x.customer_id = a.customer_id AND x.allocation_id = a.allocation_id
				WHERE i.customer_id = o.customer_id AND i.document_id = o.document_id) u ON true) r,
		LATERAL (VALUES (1, 'deposits', r.amount, r.base), (2, 'unapplied', -r.amount, -r.base)) v (line_no, role, amount, base)
	WHERE r.amount <> 0)
SELECT n.entry, n.line_no, n.posting_date, n.customer_id, n.document_id, n.allocation_id, n.kind, n.number, n.role, g.account, n.currency,
	GREATEST(n.amount, n.amount - n.amount) AS debit, GREATEST(-n.amount, n.amount - n.amount) AS credit,
	GREATEST(n.base, n.base - n.base) AS base_debit, GREATEST(-n.base, n.base - n.base) AS base_credit, n.recorded_at
FROM lines n LEFT JOIN gl_account g ON g.role = n.role;
COMMENT ON VIEW ledger_entries IS 'The ledger in double entry: every document, allocation and release of a deposit with its lines, which balance in their currency and in base currency.';
COMMENT ON COLUMN ledger_entries.entry IS 'The entry, with customer_id: document, allocation or release of document, and its key.';
COMMENT ON COLUMN ledger_entries.line_no IS 'Line of the entry: 1 the control account, 2 the counter-account, 3 tax or an exchange difference.';
COMMENT ON COLUMN ledger_entries.posting_date IS 'Business date.';
COMMENT ON COLUMN ledger_entries.customer_id IS 'The debtor.';
COMMENT ON COLUMN ledger_entries.document_id IS 'The document; of an allocation the one that pays.';
COMMENT ON COLUMN ledger_entries.allocation_id IS 'The allocation, if it is one.';
COMMENT ON COLUMN ledger_entries.kind IS 'Kind of the document.';
COMMENT ON COLUMN ledger_entries.number IS 'Number of the document.';
COMMENT ON COLUMN ledger_entries.role IS 'What the account is for, one of gl_account.';
COMMENT ON COLUMN ledger_entries.account IS 'The account, as gl_account names it.';
COMMENT ON COLUMN ledger_entries.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN ledger_entries.debit IS 'Amount on the debit side.';
COMMENT ON COLUMN ledger_entries.credit IS 'Amount on the credit side.';
COMMENT ON COLUMN ledger_entries.base_debit IS 'The same in base currency; NULL: booked before there were rates.';
COMMENT ON COLUMN ledger_entries.base_credit IS 'The same in base currency; NULL: booked before there were rates.';
COMMENT ON COLUMN ledger_entries.recorded_at IS 'Record time.';
