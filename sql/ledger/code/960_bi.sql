-- For BI tools: plain types, a row per fact, keys that join, and the rights of whoever asks.
--
-- security_invoker: row security and rights are those of the reader, so grant_access() grants a BI tool the tables below, too.

CREATE OR REPLACE VIEW bi_customers WITH (security_invoker = true) AS
SELECT c.customer_id, c.name, c.number, c.parent_id, c.risk_class, c.status, c.terms::text AS terms, COALESCE(c.currency, l.base_currency) AS currency, c.review_due,
	(c.created_at AT TIME ZONE l.time_zone)::date AS created_on, e.merged_into, c.intercompany, g.segment, g.region, g.salesperson, g.collector
FROM customer c CROSS JOIN ledger_info l JOIN exposure e ON e.customer_id = c.customer_id AND e.currency = l.base_currency
	LEFT JOIN (SELECT d.customer_id, min(d.value) FILTER (WHERE d.dimension = 'segment') AS segment, min(d.value) FILTER (WHERE d.dimension = 'region') AS region,
		min(d.value) FILTER (WHERE d.dimension = 'salesperson') AS salesperson, min(d.value) FILTER (WHERE d.dimension = 'collector') AS collector
		FROM customer_dimension d GROUP BY d.customer_id) g ON g.customer_id = c.customer_id;
COMMENT ON VIEW bi_customers IS 'Customers, one row each: what every customer_id below stands for.';
COMMENT ON COLUMN bi_customers.customer_id IS 'Key of the customer.';
COMMENT ON COLUMN bi_customers.name IS 'Its name.';
COMMENT ON COLUMN bi_customers.number IS 'Account number in the application.';
COMMENT ON COLUMN bi_customers.parent_id IS 'Customer whose group it belongs to.';
COMMENT ON COLUMN bi_customers.risk_class IS 'Its risk class.';
COMMENT ON COLUMN bi_customers.status IS 'active, legal, bankrupt, sanctioned or closed.';
COMMENT ON COLUMN bi_customers.terms IS 'Its payment terms, in trade notation.';
COMMENT ON COLUMN bi_customers.currency IS 'ISO 4217 code of its currency.';
COMMENT ON COLUMN bi_customers.review_due IS 'Day by which its credit is to be reviewed.';
COMMENT ON COLUMN bi_customers.created_on IS 'Day it was added.';
COMMENT ON COLUMN bi_customers.merged_into IS 'Customer it was merged into; NULL: it was not.';
COMMENT ON COLUMN bi_customers.intercompany IS 'It is a company of one''s own group, which metrics leave out.';
COMMENT ON COLUMN bi_customers.segment IS 'Its segment; NULL: none.';
COMMENT ON COLUMN bi_customers.region IS 'Its region; NULL: none.';
COMMENT ON COLUMN bi_customers.salesperson IS 'Who sells to it; NULL: nobody.';
COMMENT ON COLUMN bi_customers.collector IS 'Who collects from it; NULL: nobody.';

CREATE OR REPLACE VIEW bi_aging WITH (security_invoker = true) AS
SELECT i.customer_id, i.currency, b.bucket_no, credit.bucket_label(l.aging_buckets, b.bucket_no) AS bucket, sum(i.open_amount) AS amount, count(*) AS items, min(i.due_date) AS oldest_due_date
FROM ledger_info l CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	JOIN item i ON i.open_amount > 0 AND i.posting_date <= t.today
	CROSS JOIN LATERAL (SELECT credit.bucket_of(l.aging_buckets, COALESCE(t.today - i.due_date, 0)) AS bucket_no) b
GROUP BY i.customer_id, i.currency, b.bucket_no, l.aging_buckets
UNION ALL
SELECT i.customer_id, i.currency, 0, 'unapplied', sum(i.open_amount), count(*), NULL
FROM ledger_info l JOIN item i ON i.open_amount < 0 AND i.posting_date <= (statement_timestamp() AT TIME ZONE l.time_zone)::date
GROUP BY i.customer_id, i.currency;
COMMENT ON VIEW bi_aging IS 'Aging of today, a row per customer, currency and bucket: what is open adds up to the balance.';
COMMENT ON COLUMN bi_aging.customer_id IS 'The debtor.';
COMMENT ON COLUMN bi_aging.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN bi_aging.bucket_no IS 'Bucket, from 1, for sorting; 0: unapplied.';
COMMENT ON COLUMN bi_aging.bucket IS 'Its label.';
COMMENT ON COLUMN bi_aging.amount IS 'Open amount; unapplied is negative.';
COMMENT ON COLUMN bi_aging.items IS 'Number of items.';
COMMENT ON COLUMN bi_aging.oldest_due_date IS 'The earliest due date.';

CREATE OR REPLACE VIEW bi_open_items WITH (security_invoker = true) AS
SELECT i.customer_id, i.item_id, i.document_id, d.kind, d.number, i.instalment_no, i.currency, i.amount, i.open_amount, i.doc_date, i.posting_date, i.due_date,
	CASE WHEN i.amount > 0 THEN t.today - i.due_date END AS days_past_due,
	CASE WHEN i.amount > 0 THEN credit.bucket_of(l.aging_buckets, COALESCE(t.today - i.due_date, 0)) ELSE 0 END AS bucket_no,
	CASE WHEN i.amount > 0 THEN credit.bucket_label(l.aging_buckets, credit.bucket_of(l.aging_buckets, COALESCE(t.today - i.due_date, 0))) ELSE 'unapplied' END AS bucket,
	COALESCE(i.open_base_amount, i.open_amount) AS open_base_amount, l.base_currency, CASE WHEN q.amount > 0 THEN LEAST(q.amount, GREATEST(i.open_amount, 0)) END AS disputed_amount, d.order_id, d.reference
FROM ledger_info l CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	JOIN item i ON i.open_amount > 0 OR i.open_amount < 0
	JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
	LEFT JOIN (SELECT o.customer_id, o.item_id, sum(o.amount) AS amount FROM dispute o WHERE o.ended_on IS NULL GROUP BY o.customer_id, o.item_id) q
		ON q.customer_id = i.customer_id AND q.item_id = i.item_id;
COMMENT ON VIEW bi_open_items IS 'Every open item, today.';
COMMENT ON COLUMN bi_open_items.customer_id IS 'The debtor.';
COMMENT ON COLUMN bi_open_items.item_id IS 'Key, with customer_id.';
COMMENT ON COLUMN bi_open_items.document_id IS 'Its document.';
COMMENT ON COLUMN bi_open_items.kind IS 'Kind of document.';
COMMENT ON COLUMN bi_open_items.number IS 'Its number.';
COMMENT ON COLUMN bi_open_items.instalment_no IS 'Instalment, from 1.';
COMMENT ON COLUMN bi_open_items.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN bi_open_items.amount IS 'Amount; negative in the customer''s favour.';
COMMENT ON COLUMN bi_open_items.open_amount IS 'What is open of it.';
COMMENT ON COLUMN bi_open_items.doc_date IS 'Date on the document.';
COMMENT ON COLUMN bi_open_items.posting_date IS 'Business date from which it counts.';
COMMENT ON COLUMN bi_open_items.due_date IS 'When it is due.';
COMMENT ON COLUMN bi_open_items.days_past_due IS 'Days since; zero or less: not due.';
COMMENT ON COLUMN bi_open_items.bucket_no IS 'Bucket, from 1, for sorting; 0: unapplied.';
COMMENT ON COLUMN bi_open_items.bucket IS 'Its label.';
COMMENT ON COLUMN bi_open_items.open_base_amount IS 'What is open in base currency, at the rate it was booked.';
COMMENT ON COLUMN bi_open_items.base_currency IS 'Base currency.';
COMMENT ON COLUMN bi_open_items.disputed_amount IS 'What of open_amount is disputed; NULL: nothing.';
COMMENT ON COLUMN bi_open_items.order_id IS 'Order it belongs to.';
COMMENT ON COLUMN bi_open_items.reference IS 'What the customer or the bank wrote.';

CREATE OR REPLACE VIEW bi_exposure WITH (security_invoker = true) AS
SELECT e.customer_id, e.currency, e.receivable, e.unapplied, e.reserved, e.uncleared, e.ordered, e.receivable - e.unapplied + e.uncleared + e.ordered AS exposure,
	CASE WHEN e.currency = l.base_currency THEN e.limit_amount END AS limit_amount, e.open_holds > 0 AND e.currency = l.base_currency AS on_hold
FROM exposure e CROSS JOIN ledger_info l WHERE e.merged_into IS NULL;
COMMENT ON VIEW bi_exposure IS 'What each customer owes and has on order, now, by currency: the components, with every kind counted. What a policy leaves out, rates, ship dates and cover are for check_credit().';
COMMENT ON COLUMN bi_exposure.customer_id IS 'The debtor.';
COMMENT ON COLUMN bi_exposure.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN bi_exposure.receivable IS 'Open debit items.';
COMMENT ON COLUMN bi_exposure.unapplied IS 'Open credits, positive.';
COMMENT ON COLUMN bi_exposure.reserved IS 'Deposits reserved to orders.';
COMMENT ON COLUMN bi_exposure.uncleared IS 'Payments whose money is not good yet.';
COMMENT ON COLUMN bi_exposure.ordered IS 'Open orders.';
COMMENT ON COLUMN bi_exposure.exposure IS 'receivable - unapplied + uncleared + ordered.';
COMMENT ON COLUMN bi_exposure.limit_amount IS 'Own credit limit as kept for the quick check, in the row of the base currency; NULL: none, or one that needs more than this row.';
COMMENT ON COLUMN bi_exposure.on_hold IS 'A hold is open; in the row of the base currency.';

CREATE OR REPLACE VIEW bi_holds WITH (security_invoker = true) AS
SELECT h.customer_id, h.hold_id, h.reason_code, h.reason, h.scope, h.forced, h.automatic, (h.placed_at AT TIME ZONE l.time_zone)::date AS placed_on, h.actor AS placed_by,
	h.expires_on, v.ended_on, r.actor AS released_by, r.reason AS release_reason, COALESCE(v.ended_on, t.today) - (h.placed_at AT TIME ZONE l.time_zone)::date AS days
FROM ledger_info l CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	CROSS JOIN hold h LEFT JOIN hold_release r ON r.customer_id = h.customer_id AND r.hold_id = h.hold_id
	CROSS JOIN LATERAL (SELECT COALESCE((r.released_at AT TIME ZONE l.time_zone)::date, CASE WHEN h.expires_on < t.today THEN h.expires_on END) AS ended_on) v;
COMMENT ON VIEW bi_holds IS 'Credit holds, open and ended.';
COMMENT ON COLUMN bi_holds.customer_id IS 'The debtor.';
COMMENT ON COLUMN bi_holds.hold_id IS 'Key, with customer_id.';
COMMENT ON COLUMN bi_holds.reason_code IS 'Kind of reason.';
COMMENT ON COLUMN bi_holds.reason IS 'Why it was placed.';
COMMENT ON COLUMN bi_holds.scope IS 'all, new_orders or shipments.';
COMMENT ON COLUMN bi_holds.forced IS 'No batch releases it.';
COMMENT ON COLUMN bi_holds.automatic IS 'Placed by the ledger.';
COMMENT ON COLUMN bi_holds.placed_on IS 'Day it was placed.';
COMMENT ON COLUMN bi_holds.placed_by IS 'Person who did it.';
COMMENT ON COLUMN bi_holds.expires_on IS 'Last day, if it ends by itself.';
COMMENT ON COLUMN bi_holds.ended_on IS 'Day it ended; NULL: it is open.';
COMMENT ON COLUMN bi_holds.released_by IS 'Person who released it.';
COMMENT ON COLUMN bi_holds.release_reason IS 'Why it was released.';
COMMENT ON COLUMN bi_holds.days IS 'Days it lasted, or lasts.';

CREATE OR REPLACE VIEW bi_allocations WITH (security_invoker = true) AS
SELECT a.customer_id, a.allocation_id, a.credit_item_id, c.document_id AS credit_document_id, p.kind AS credit_kind, p.number AS credit_number,
	a.debit_item_id, d.document_id AS debit_document_id, i.kind AS debit_kind, i.number AS debit_number, a.currency, a.amount, a.applied_on, a.credit_posting_date AS paid_on,
	a.debit_due_date AS due_date, GREATEST(a.credit_posting_date, a.debit_doc_date) - a.debit_due_date AS days_late, a.reverses, a.recorded_by, x.cash_match_id
FROM allocation a
	JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id JOIN document p ON p.customer_id = c.customer_id AND p.document_id = c.document_id
	JOIN item d ON d.customer_id = a.customer_id AND d.item_id = a.debit_item_id JOIN document i ON i.customer_id = d.customer_id AND i.document_id = d.document_id
	LEFT JOIN cash_allocation x ON x.customer_id = a.customer_id AND x.allocation_id = a.allocation_id;
COMMENT ON VIEW bi_allocations IS 'What was applied to what: a row per allocation, reversals negative.';
COMMENT ON COLUMN bi_allocations.customer_id IS 'The debtor.';
COMMENT ON COLUMN bi_allocations.allocation_id IS 'Key, with customer_id.';
COMMENT ON COLUMN bi_allocations.credit_item_id IS 'Item that paid.';
COMMENT ON COLUMN bi_allocations.credit_document_id IS 'Its document.';
COMMENT ON COLUMN bi_allocations.credit_kind IS 'Kind of that document.';
COMMENT ON COLUMN bi_allocations.credit_number IS 'Its number.';
COMMENT ON COLUMN bi_allocations.debit_item_id IS 'Item that was paid.';
COMMENT ON COLUMN bi_allocations.debit_document_id IS 'Its document.';
COMMENT ON COLUMN bi_allocations.debit_kind IS 'Kind of that document.';
COMMENT ON COLUMN bi_allocations.debit_number IS 'Its number.';
COMMENT ON COLUMN bi_allocations.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN bi_allocations.amount IS 'Amount applied; negative: taken off again.';
COMMENT ON COLUMN bi_allocations.applied_on IS 'Business date of the allocation.';
COMMENT ON COLUMN bi_allocations.paid_on IS 'Business date of what paid.';
COMMENT ON COLUMN bi_allocations.due_date IS 'Due date of what was paid.';
COMMENT ON COLUMN bi_allocations.days_late IS 'Days between the two; negative: early.';
COMMENT ON COLUMN bi_allocations.reverses IS 'The allocation it takes back.';
COMMENT ON COLUMN bi_allocations.recorded_by IS 'Login that wrote it.';
COMMENT ON COLUMN bi_allocations.cash_match_id IS 'Match of cash application it came from.';

CREATE OR REPLACE VIEW bi_promises WITH (security_invoker = true) AS
SELECT p.customer_id, p.promise_id, p.currency, p.amount, p.promised_on, p.due_on, p.state, p.state_on, p.paid_amount, p.made_good, p.actor AS taken_by,
	p.replaced_by
FROM promise p;
COMMENT ON VIEW bi_promises IS 'Promises to pay, and how they were kept.';
COMMENT ON COLUMN bi_promises.customer_id IS 'The debtor.';
COMMENT ON COLUMN bi_promises.promise_id IS 'Key, with customer_id.';
COMMENT ON COLUMN bi_promises.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN bi_promises.amount IS 'Amount promised.';
COMMENT ON COLUMN bi_promises.promised_on IS 'Day it was made.';
COMMENT ON COLUMN bi_promises.due_on IS 'Day it is for.';
COMMENT ON COLUMN bi_promises.state IS 'open, kept, partly_kept, broken, replaced or withdrawn.';
COMMENT ON COLUMN bi_promises.state_on IS 'Since when.';
COMMENT ON COLUMN bi_promises.paid_amount IS 'What was paid of it in time.';
COMMENT ON COLUMN bi_promises.made_good IS 'Not kept in time, but paid in full since.';
COMMENT ON COLUMN bi_promises.taken_by IS 'Person who took it.';
COMMENT ON COLUMN bi_promises.replaced_by IS 'Promise that took its place, about the same debt: count one of them.';

CREATE OR REPLACE VIEW bi_disputes WITH (security_invoker = true) AS
SELECT d.customer_id, d.dispute_id, d.item_id, d.currency, d.amount, d.reason_code, d.root_cause, d.product, d.salesperson, d.state, d.owner, d.opened_on, d.due_date, d.ended_on,
	COALESCE(d.ended_on, (statement_timestamp() AT TIME ZONE l.time_zone)::date) - d.opened_on AS days
FROM dispute d CROSS JOIN ledger_info l;
COMMENT ON VIEW bi_disputes IS 'Disputes, open and ended.';
COMMENT ON COLUMN bi_disputes.customer_id IS 'The debtor.';
COMMENT ON COLUMN bi_disputes.dispute_id IS 'Key, with customer_id.';
COMMENT ON COLUMN bi_disputes.item_id IS 'The item disputed.';
COMMENT ON COLUMN bi_disputes.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN bi_disputes.amount IS 'How much of it.';
COMMENT ON COLUMN bi_disputes.reason_code IS 'Why it is disputed.';
COMMENT ON COLUMN bi_disputes.root_cause IS 'What caused it.';
COMMENT ON COLUMN bi_disputes.product IS 'Product it is about.';
COMMENT ON COLUMN bi_disputes.salesperson IS 'Who sold it.';
COMMENT ON COLUMN bi_disputes.state IS 'open, investigating, approved, rejected, settled, or moved: with its item to another customer, where it is a dispute of its own.';
COMMENT ON COLUMN bi_disputes.owner IS 'Person who works on it.';
COMMENT ON COLUMN bi_disputes.opened_on IS 'Day it was opened.';
COMMENT ON COLUMN bi_disputes.due_date IS 'Day by which it is to be resolved.';
COMMENT ON COLUMN bi_disputes.ended_on IS 'Day it ended; NULL: it is open.';
COMMENT ON COLUMN bi_disputes.days IS 'Days it took, or takes.';

-- A row per month without a gap, from a customer's first document to this month; the window is per customer, so one customer
-- costs what its own documents cost.
CREATE OR REPLACE VIEW bi_kpi_monthly WITH (security_invoker = true) AS
SELECT k.customer_id, k.currency, k.month, (k.month + interval '1 month')::date - 1 AS month_end, k.opening, k.invoiced, k.credited, k.collected, k.written_off,
	k.closing - k.opening - k.invoiced + k.credited + k.collected + k.written_off AS other, k.closing,
	CASE WHEN k.sold > 0 THEN round(k.closing * k.days / k.sold, 2) END AS dso,
	CASE WHEN k.sold > 0 THEN NULL ELSE 'nothing was invoiced in three months' END AS dso_reason
FROM (
	SELECT g.customer_id, g.currency, g.month, COALESCE(m.invoiced, 0) AS invoiced, COALESCE(m.credited, 0) AS credited, COALESCE(m.collected, 0) AS collected,
		COALESCE(m.written_off, 0) AS written_off, sum(COALESCE(m.change, 0)) OVER w AS closing, sum(COALESCE(m.change, 0)) OVER w - COALESCE(m.change, 0) AS opening,
		sum(COALESCE(m.invoiced, 0) - COALESCE(m.credited, 0)) OVER q AS sold,
		-- The days of a month that is not over yet are those until today.
		LEAST((g.month + interval '1 month')::date - 1, g.today) - min(g.month) OVER q + 1 AS days
	FROM (
		SELECT f.customer_id, f.currency, s.month::date AS month, t.today
		FROM (SELECT d.customer_id, d.currency, min(d.posting_date) AS first_day FROM document d GROUP BY d.customer_id, d.currency) f CROSS JOIN ledger_info l
			CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
			CROSS JOIN LATERAL generate_series(date_trunc('month', f.first_day::timestamp), t.today::timestamp, interval '1 month') s (month)) g
		LEFT JOIN (
			SELECT d.customer_id, d.currency, date_trunc('month', d.posting_date::timestamp)::date AS month, sum(v.amount) AS change,
				sum(v.amount) FILTER (WHERE d.kind IN ('invoice', 'debit_note')) AS invoiced,
				-sum(v.amount) FILTER (WHERE d.kind = 'credit_note') AS credited,
				-sum(v.amount) FILTER (WHERE d.kind IN ('payment', 'deposit', 'returned_payment')) AS collected,
				-sum(v.amount) FILTER (WHERE d.kind = 'write_off') AS written_off
			FROM ledger_info l, document d, LATERAL (SELECT CASE d.side WHEN 'debit' THEN d.amount ELSE -d.amount END AS amount) v
			WHERE d.posting_date <= (statement_timestamp() AT TIME ZONE l.time_zone)::date
			GROUP BY d.customer_id, d.currency, date_trunc('month', d.posting_date::timestamp)) m
		ON m.customer_id = g.customer_id AND m.currency = g.currency AND m.month = g.month
	WINDOW w AS (PARTITION BY g.customer_id, g.currency ORDER BY g.month),
		q AS (PARTITION BY g.customer_id, g.currency ORDER BY g.month ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)) k;
COMMENT ON VIEW bi_kpi_monthly IS 'Figures of each customer and currency by month of posting, without gaps: opening + invoiced - credited - collected - written_off + other = closing. Sum over customers for the company; ratios are to be computed again from the sums.';
COMMENT ON COLUMN bi_kpi_monthly.customer_id IS 'The debtor.';
COMMENT ON COLUMN bi_kpi_monthly.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN bi_kpi_monthly.month IS 'First day of the month.';
COMMENT ON COLUMN bi_kpi_monthly.month_end IS 'Last day.';
COMMENT ON COLUMN bi_kpi_monthly.opening IS 'Balance before.';
COMMENT ON COLUMN bi_kpi_monthly.invoiced IS 'Invoices and debit notes, less those voided.';
COMMENT ON COLUMN bi_kpi_monthly.credited IS 'Credit notes.';
COMMENT ON COLUMN bi_kpi_monthly.collected IS 'Payments and deposits, less those returned.';
COMMENT ON COLUMN bi_kpi_monthly.written_off IS 'Written off, small differences and all: view bad_debts tells them apart.';
COMMENT ON COLUMN bi_kpi_monthly.other IS 'All other kinds; what a customer owes more is positive.';
COMMENT ON COLUMN bi_kpi_monthly.closing IS 'Balance at the end of the month, or of today.';
COMMENT ON COLUMN bi_kpi_monthly.dso IS 'Days sales outstanding: closing x days / (invoiced - credited) of this month, up to today, and the two before.';
COMMENT ON COLUMN bi_kpi_monthly.dso_reason IS 'Why dso is NULL.';

CREATE OR REPLACE VIEW bi_calendar WITH (security_invoker = true) AS
SELECT s.day::date AS day, extract(year FROM s.day)::integer AS year, extract(quarter FROM s.day)::integer AS quarter, extract(month FROM s.day)::integer AS month,
	to_char(s.day, 'YYYY-MM') AS year_month, date_trunc('month', s.day)::date AS month_start, (date_trunc('month', s.day) + interval '1 month')::date - 1 AS month_end,
	extract(isoyear FROM s.day)::integer AS iso_year, extract(week FROM s.day)::integer AS iso_week, extract(isodow FROM s.day)::integer AS weekday,
	s.day::date = (date_trunc('month', s.day) + interval '1 month')::date - 1 AS is_month_end, s.day::date - t.today AS days_from_today
FROM ledger_info l CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	CROSS JOIN LATERAL generate_series(date_trunc('year', t.today::timestamp) - interval '10 years', date_trunc('year', t.today::timestamp) + interval '2 years' - interval '1 day', interval '1 day') s (day);
COMMENT ON VIEW bi_calendar IS 'A row per day, from ten years back to the end of next year, to join dates to.';
COMMENT ON COLUMN bi_calendar.day IS 'The day.';
COMMENT ON COLUMN bi_calendar.year IS 'Its year.';
COMMENT ON COLUMN bi_calendar.quarter IS 'Quarter, 1 to 4.';
COMMENT ON COLUMN bi_calendar.month IS 'Month, 1 to 12.';
COMMENT ON COLUMN bi_calendar.year_month IS 'As 2026-06.';
COMMENT ON COLUMN bi_calendar.month_start IS 'First day of its month.';
COMMENT ON COLUMN bi_calendar.month_end IS 'Last day of its month.';
COMMENT ON COLUMN bi_calendar.iso_year IS 'Year its ISO 8601 week belongs to.';
COMMENT ON COLUMN bi_calendar.iso_week IS 'ISO 8601 week.';
COMMENT ON COLUMN bi_calendar.weekday IS '1 Monday to 7 Sunday.';
COMMENT ON COLUMN bi_calendar.is_month_end IS 'The last day of a month.';
COMMENT ON COLUMN bi_calendar.days_from_today IS 'Negative: past.';
