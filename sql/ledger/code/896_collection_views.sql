-- What collectors and those above them read.

CREATE OR REPLACE VIEW worklist AS
SELECT w.* FROM worklist() w;
COMMENT ON VIEW worklist IS 'worklist() of today, for all collectors.';
COMMENT ON COLUMN worklist.customer_id IS 'The debtor.';
COMMENT ON COLUMN worklist.customer_name IS 'Its name.';
COMMENT ON COLUMN worklist.collector IS 'Who looks after it.';
COMMENT ON COLUMN worklist.points IS 'Points of all matching rules.';
COMMENT ON COLUMN worklist.next_best_action IS 'remind, call, letter with its level, escalate, hold or plan.';
COMMENT ON COLUMN worklist.overdue_amount IS 'Overdue and to be asked for, in base currency, net of unapplied credit.';
COMMENT ON COLUMN worklist.oldest_due IS 'Due date of the oldest such item.';
COMMENT ON COLUMN worklist.days_past_due IS 'Days since.';
COMMENT ON COLUMN worklist.exposure IS 'What it owes and has on order, in base currency.';
COMMENT ON COLUMN worklist.last_contact_at IS 'Latest contact.';
COMMENT ON COLUMN worklist.last_outcome IS 'What came of it.';
COMMENT ON COLUMN worklist.resubmit_on IS 'Day it named to be worked on again.';
COMMENT ON COLUMN worklist.strategy IS 'Strategy that counts for it.';
COMMENT ON COLUMN worklist.strategy_version IS 'Its version.';
COMMENT ON COLUMN worklist.rules IS 'The rules that match: rule_no, kind, figure, threshold and points.';

CREATE OR REPLACE VIEW promise_level AS
SELECT p.customer_id, p.promise_id,
	(SELECT count(*) FROM promise o
	WHERE o.customer_id = p.customer_id AND o.currency = p.currency AND o.promise_id <= p.promise_id AND o.state IN ('partly_kept', 'broken', 'replaced')
		AND CASE WHEN EXISTS (SELECT FROM promise_item i WHERE i.customer_id = p.customer_id AND i.promise_id = p.promise_id)
			THEN EXISTS (SELECT FROM promise_item i JOIN promise_item x ON x.customer_id = i.customer_id AND x.item_id = i.item_id
				WHERE i.customer_id = p.customer_id AND i.promise_id = p.promise_id AND x.promise_id = o.promise_id)
			ELSE NOT EXISTS (SELECT FROM promise_item i WHERE i.customer_id = o.customer_id AND i.promise_id = o.promise_id) END) AS level
FROM promise p;
COMMENT ON VIEW promise_level IS 'Levels of promises: how many about the same items were not kept so far.';
COMMENT ON COLUMN promise_level.customer_id IS 'The debtor.';
COMMENT ON COLUMN promise_level.promise_id IS 'The promise.';
COMMENT ON COLUMN promise_level.level IS 'Promises about one of its items, up to this one, that were not kept, or replaced before they were; of one without items, those without in its currency.';

CREATE OR REPLACE VIEW promises_due AS
SELECT p.customer_id, c.name AS customer_name, p.promise_id, k.name AS person, p.promised_on, p.due_on, p.due_on + p.tolerance_days AS last_day, p.due_on - t.today AS days_left,
	p.currency, p.amount, p.paid_amount, (SELECT v.level FROM promise_level v WHERE v.customer_id = p.customer_id AND v.promise_id = p.promise_id) AS level, p.note, p.actor
FROM promise p
	JOIN customer c ON c.customer_id = p.customer_id
	LEFT JOIN customer_contact k ON k.customer_id = p.customer_id AND k.customer_contact_id = p.customer_contact_id
	CROSS JOIN (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today FROM ledger_info l) t
WHERE p.state = 'open';
COMMENT ON VIEW promises_due IS 'Promises to pay that are open, as last evaluated.';
COMMENT ON COLUMN promises_due.customer_id IS 'The debtor.';
COMMENT ON COLUMN promises_due.customer_name IS 'Its name.';
COMMENT ON COLUMN promises_due.promise_id IS 'Key of the promise, with customer_id.';
COMMENT ON COLUMN promises_due.person IS 'Who made it.';
COMMENT ON COLUMN promises_due.promised_on IS 'When it was.';
COMMENT ON COLUMN promises_due.due_on IS 'Day by which the money is promised.';
COMMENT ON COLUMN promises_due.last_day IS 'Last day of the tolerance.';
COMMENT ON COLUMN promises_due.days_left IS 'Days until the promised day; negative: since.';
COMMENT ON COLUMN promises_due.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN promises_due.amount IS 'What is promised.';
COMMENT ON COLUMN promises_due.paid_amount IS 'What was paid of it.';
COMMENT ON COLUMN promises_due.level IS 'Promises about the same items not kept before.';
COMMENT ON COLUMN promises_due.note IS 'In what words.';
COMMENT ON COLUMN promises_due.actor IS 'Who took it down.';

CREATE OR REPLACE VIEW broken_promises AS
SELECT p.customer_id, c.name AS customer_name, p.promise_id, k.name AS person, p.promised_on, p.due_on, p.state, p.state_on, p.currency, p.amount, p.paid_amount,
	p.amount - p.paid_amount AS missing, p.made_good,
	(SELECT v.level FROM promise_level v WHERE v.customer_id = p.customer_id AND v.promise_id = p.promise_id) AS level, p.actor
FROM promise p
	JOIN customer c ON c.customer_id = p.customer_id
	LEFT JOIN customer_contact k ON k.customer_id = p.customer_id AND k.customer_contact_id = p.customer_contact_id
WHERE p.state IN ('partly_kept', 'broken') AND p.replaced_by IS NULL;
COMMENT ON VIEW broken_promises IS 'Promises to pay that were not kept, as last evaluated, but for those that another one took the place of.';
COMMENT ON COLUMN broken_promises.customer_id IS 'The debtor.';
COMMENT ON COLUMN broken_promises.customer_name IS 'Its name.';
COMMENT ON COLUMN broken_promises.promise_id IS 'Key of the promise, with customer_id.';
COMMENT ON COLUMN broken_promises.person IS 'Who made it.';
COMMENT ON COLUMN broken_promises.promised_on IS 'When it was.';
COMMENT ON COLUMN broken_promises.due_on IS 'Day by which the money is promised.';
COMMENT ON COLUMN broken_promises.state IS 'partly_kept or broken.';
COMMENT ON COLUMN broken_promises.state_on IS 'As-of date of the state.';
COMMENT ON COLUMN broken_promises.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN broken_promises.amount IS 'What was promised.';
COMMENT ON COLUMN broken_promises.paid_amount IS 'What was paid of it in time.';
COMMENT ON COLUMN broken_promises.missing IS 'The rest.';
COMMENT ON COLUMN broken_promises.made_good IS 'It was paid after all.';
COMMENT ON COLUMN broken_promises.level IS 'Promises about the same items not kept so far, this one included.';
COMMENT ON COLUMN broken_promises.actor IS 'Who took it down.';

CREATE OR REPLACE VIEW plans AS
SELECT p.customer_id, c.name AS customer_name, p.payment_plan_id, p.state, p.state_on, p.currency, p.amount, p.interest_amount, p.paid_amount, s.instalments,
	n.instalment_no AS next_instalment, n.due_date AS next_due, n.so_far - GREATEST(p.paid_amount, n.so_far - n.amount) AS next_amount, t.today - n.due_date AS days_late, p.grace_days, p.reason, p.approval_id, p.actor
FROM payment_plan p
	JOIN customer c ON c.customer_id = p.customer_id
	CROSS JOIN LATERAL (SELECT count(*) AS instalments FROM payment_plan_instalment i WHERE i.customer_id = p.customer_id AND i.payment_plan_id = p.payment_plan_id) s
	LEFT JOIN LATERAL (SELECT q.* FROM (SELECT i.instalment_no, i.due_date, i.amount + i.interest_amount AS amount, sum(i.amount + i.interest_amount) OVER (ORDER BY i.instalment_no) AS so_far
			FROM payment_plan_instalment i WHERE i.customer_id = p.customer_id AND i.payment_plan_id = p.payment_plan_id) q
		WHERE q.so_far > p.paid_amount ORDER BY q.instalment_no LIMIT 1) n ON p.state = 'active'
	CROSS JOIN (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today FROM ledger_info l) t;
COMMENT ON VIEW plans IS 'Payment plans, as last evaluated, with the instalment that is next.';
COMMENT ON COLUMN plans.customer_id IS 'The debtor.';
COMMENT ON COLUMN plans.customer_name IS 'Its name.';
COMMENT ON COLUMN plans.payment_plan_id IS 'Key of the plan, with customer_id.';
COMMENT ON COLUMN plans.state IS 'proposed, active, completed, defaulted or cancelled.';
COMMENT ON COLUMN plans.state_on IS 'As-of date of the state.';
COMMENT ON COLUMN plans.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN plans.amount IS 'What is to be paid of its items, without interest.';
COMMENT ON COLUMN plans.interest_amount IS 'Interest of all instalments.';
COMMENT ON COLUMN plans.paid_amount IS 'What was paid.';
COMMENT ON COLUMN plans.instalments IS 'How many instalments it has.';
COMMENT ON COLUMN plans.next_instalment IS 'active: the first that is not paid.';
COMMENT ON COLUMN plans.next_due IS 'When that is due.';
COMMENT ON COLUMN plans.next_amount IS 'What is missing of it.';
COMMENT ON COLUMN plans.days_late IS 'Days since; negative: until.';
COMMENT ON COLUMN plans.grace_days IS 'Days before the plan is in default.';
COMMENT ON COLUMN plans.reason IS 'Why it was given.';
COMMENT ON COLUMN plans.approval_id IS 'The approval it rests on.';
COMMENT ON COLUMN plans.actor IS 'Who entered it.';

CREATE OR REPLACE VIEW contact_log AS
SELECT k.customer_id, c.name AS customer_name, k.contact_id, k.contacted_at, k.direction, k.channel, p.name AS contact_person, k.person, k.outcome_code, o.description AS outcome, o.reached,
	k.reason_code, k.note, k.next_step, k.resubmit_on,
	(SELECT string_agg(d.number, ', ' ORDER BY d.document_id) FROM document d WHERE d.customer_id = k.customer_id AND d.document_id = ANY (k.document_ids)) AS documents,
	k.override_reason, k.actor
FROM contact k
	JOIN customer c ON c.customer_id = k.customer_id
	JOIN contact_outcome o ON o.outcome_code = k.outcome_code
	LEFT JOIN customer_contact p ON p.customer_id = k.customer_id AND p.customer_contact_id = k.customer_contact_id;
COMMENT ON VIEW contact_log IS 'Every contact with a customer.';
COMMENT ON COLUMN contact_log.customer_id IS 'The debtor.';
COMMENT ON COLUMN contact_log.customer_name IS 'Its name.';
COMMENT ON COLUMN contact_log.contact_id IS 'Key of the contact, with customer_id.';
COMMENT ON COLUMN contact_log.contacted_at IS 'When it was.';
COMMENT ON COLUMN contact_log.direction IS 'out: we contacted them. in: they contacted us.';
COMMENT ON COLUMN contact_log.channel IS 'phone, e-mail, letter or visit.';
COMMENT ON COLUMN contact_log.contact_person IS 'Person contacted, or who contacted us.';
COMMENT ON COLUMN contact_log.person IS 'Who spoke, where that was somebody else.';
COMMENT ON COLUMN contact_log.outcome_code IS 'What became of it.';
COMMENT ON COLUMN contact_log.outcome IS 'In words.';
COMMENT ON COLUMN contact_log.reached IS 'It was a conversation.';
COMMENT ON COLUMN contact_log.reason_code IS 'Why they have not paid, as they say.';
COMMENT ON COLUMN contact_log.note IS 'What was said.';
COMMENT ON COLUMN contact_log.next_step IS 'What is to be done next.';
COMMENT ON COLUMN contact_log.resubmit_on IS 'Day to work on the customer again.';
COMMENT ON COLUMN contact_log.documents IS 'Numbers of the documents it was about.';
COMMENT ON COLUMN contact_log.override_reason IS 'Why it was made although the law of contacts speaks against it.';
COMMENT ON COLUMN contact_log.actor IS 'Who did it.';

CREATE OR REPLACE VIEW reasons_for_non_payment AS
SELECT date_trunc('month', k.contacted_at AT TIME ZONE l.time_zone)::date AS month, k.reason_code, r.description, count(*) AS contacts, count(DISTINCT k.customer_id) AS customers
FROM contact k JOIN payment_reason r ON r.reason_code = k.reason_code CROSS JOIN ledger_info l
GROUP BY 1, 2, 3;
COMMENT ON VIEW reasons_for_non_payment IS 'Why customers do not pay, as they say, by month.';
COMMENT ON COLUMN reasons_for_non_payment.month IS 'First day of the month.';
COMMENT ON COLUMN reasons_for_non_payment.reason_code IS 'The reason.';
COMMENT ON COLUMN reasons_for_non_payment.description IS 'In words.';
COMMENT ON COLUMN reasons_for_non_payment.contacts IS 'Contacts in which it was given.';
COMMENT ON COLUMN reasons_for_non_payment.customers IS 'Customers who gave it.';

CREATE OR REPLACE VIEW escalations AS
SELECT e.customer_id, c.name AS customer_name, e.escalation_id, e.kind, e.party, e.currency, e.amount,
	(SELECT sum(i.open_amount) FROM escalation_item x JOIN item i ON i.customer_id = x.customer_id AND i.item_id = x.item_id
		WHERE x.customer_id = e.customer_id AND x.escalation_id = e.escalation_id) AS open_amount,
	e.claim_amount, e.deadline, e.deadline - t.today AS days_left, e.state, e.state_on, e.opened_on, e.reason, n.note AS last_note, e.approval_id, e.actor
FROM escalation e
	JOIN customer c ON c.customer_id = e.customer_id
	LEFT JOIN LATERAL (SELECT v.note FROM escalation_event v WHERE v.customer_id = e.customer_id AND v.escalation_id = e.escalation_id ORDER BY v.escalation_event_id DESC LIMIT 1) n ON true
	CROSS JOIN (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today FROM ledger_info l) t;
COMMENT ON VIEW escalations IS 'What was escalated to management, lawyers, agencies and insurers, or is to be written off.';
COMMENT ON COLUMN escalations.customer_id IS 'The debtor.';
COMMENT ON COLUMN escalations.customer_name IS 'Its name.';
COMMENT ON COLUMN escalations.escalation_id IS 'Key of the escalation, with customer_id.';
COMMENT ON COLUMN escalations.kind IS 'management, legal, agency, insurance or write_off.';
COMMENT ON COLUMN escalations.party IS 'Who has it.';
COMMENT ON COLUMN escalations.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN escalations.amount IS 'What was open of its items then.';
COMMENT ON COLUMN escalations.open_amount IS 'What is open of them now.';
COMMENT ON COLUMN escalations.claim_amount IS 'insurance: what is claimed.';
COMMENT ON COLUMN escalations.deadline IS 'Last day of the claim, or day by which it is to be settled.';
COMMENT ON COLUMN escalations.days_left IS 'Days until then; negative: since.';
COMMENT ON COLUMN escalations.state IS 'requested, open, closed, recalled or cancelled.';
COMMENT ON COLUMN escalations.state_on IS 'Business date of the state.';
COMMENT ON COLUMN escalations.opened_on IS 'Day it was handed over, placed or filed.';
COMMENT ON COLUMN escalations.reason IS 'Why it was escalated.';
COMMENT ON COLUMN escalations.last_note IS 'What was noted last.';
COMMENT ON COLUMN escalations.approval_id IS 'The approval it rests on.';
COMMENT ON COLUMN escalations.actor IS 'Who asked for it.';

CREATE OR REPLACE VIEW placement AS
SELECT e.customer_id, c.name AS customer_name, e.escalation_id, e.party AS agency, e.currency, e.amount AS placed, e.fee_percent, e.opened_on AS placed_on,
	CASE WHEN e.state = 'recalled' THEN e.state_on END AS recalled_on, e.state, COALESCE(p.paid, 0) AS paid,
	COALESCE(r.collected, 0) AS collected, COALESCE(r.fee, 0) AS fee, COALESCE(r.remitted, 0) AS remitted,
	(SELECT count(*) FROM escalation_item x WHERE x.customer_id = e.customer_id AND x.escalation_id = e.escalation_id) AS items
FROM escalation e
	JOIN customer c ON c.customer_id = e.customer_id
	LEFT JOIN LATERAL (SELECT sum(a.amount) AS paid
		FROM escalation_item x JOIN allocation a ON a.customer_id = x.customer_id AND a.debit_item_id = x.item_id AND COALESCE(a.reverses, a.allocation_id) > e.after_allocation_id
			JOIN item i ON i.customer_id = a.customer_id AND i.item_id = a.credit_item_id
			JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
				AND d.kind IN ('payment', 'deposit', 'set_off', 'transfer')
		WHERE x.customer_id = e.customer_id AND x.escalation_id = e.escalation_id AND (e.state = 'open' OR a.credit_posting_date <= e.state_on)) p ON true
	LEFT JOIN LATERAL (SELECT sum(m.collected) AS collected, sum(m.fee) AS fee, sum(m.remitted) AS remitted
		FROM agency_remittance m WHERE m.customer_id = e.customer_id AND m.escalation_id = e.escalation_id) r ON true
WHERE e.kind = 'agency' AND e.opened_on IS NOT NULL;
COMMENT ON VIEW placement IS 'Placements with collection agencies.';
COMMENT ON COLUMN placement.customer_id IS 'The debtor.';
COMMENT ON COLUMN placement.customer_name IS 'Its name.';
COMMENT ON COLUMN placement.escalation_id IS 'Key of the placement, with customer_id.';
COMMENT ON COLUMN placement.agency IS 'The agency.';
COMMENT ON COLUMN placement.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN placement.placed IS 'What was placed.';
COMMENT ON COLUMN placement.fee_percent IS 'Its fee in percent of what it collects.';
COMMENT ON COLUMN placement.placed_on IS 'Since when.';
COMMENT ON COLUMN placement.recalled_on IS 'Day it was taken back.';
COMMENT ON COLUMN placement.state IS 'open, closed or recalled.';
COMMENT ON COLUMN placement.paid IS 'Money applied to its items while they were placed, to whomever it was paid.';
COMMENT ON COLUMN placement.collected IS 'What the agency says it collected.';
COMMENT ON COLUMN placement.fee IS 'What it kept.';
COMMENT ON COLUMN placement.remitted IS 'What it passed on.';
COMMENT ON COLUMN placement.items IS 'How many items.';

CREATE OR REPLACE VIEW caseload AS
WITH owed AS (
	SELECT i.customer_id, sum(i.open_amount * r.rate) AS owed, sum(i.open_amount * r.rate) FILTER (WHERE i.due_date < t.today) AS overdue
	FROM item i
		CROSS JOIN (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today FROM ledger_info l) t
		JOIN (SELECT q.currency, fx_rate_on(q.currency, q.today) AS rate FROM (SELECT DISTINCT e.currency, (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today
			FROM exposure e, ledger_info l WHERE e.receivable <> 0) q) r ON r.currency = i.currency
	WHERE i.open_amount > 0 GROUP BY i.customer_id)
SELECT p.person AS collector, p.active, p.capacity, count(f.customer_id) AS customers, count(*) FILTER (WHERE f.by_hand) AS by_hand, count(*) FILTER (WHERE o.overdue > 0) AS overdue_customers,
	round(COALESCE(sum(o.owed), 0), 2) AS owed, round(COALESCE(sum(o.overdue), 0), 2) AS overdue,
	round(100.0 * COALESCE(sum(o.overdue), 0) / NULLIF(sum(sum(o.overdue)) OVER (), 0), 1) AS overdue_share, round(100.0 * count(f.customer_id) / p.capacity, 1) AS load
FROM collector p
	LEFT JOIN portfolio f ON f.collector = p.person
	LEFT JOIN owed o ON o.customer_id = f.customer_id
GROUP BY p.person, p.active, p.capacity;
COMMENT ON VIEW caseload IS 'How the customers, and what they owe, are spread over the collectors today; amounts in base currency.';
COMMENT ON COLUMN caseload.collector IS 'Who looks after them.';
COMMENT ON COLUMN caseload.active IS 'Rules give it customers.';
COMMENT ON COLUMN caseload.capacity IS 'Customers it can look after.';
COMMENT ON COLUMN caseload.customers IS 'Customers it has.';
COMMENT ON COLUMN caseload.by_hand IS 'Of these, assigned by hand.';
COMMENT ON COLUMN caseload.overdue_customers IS 'Of these, with something overdue.';
COMMENT ON COLUMN caseload.owed IS 'What they owe.';
COMMENT ON COLUMN caseload.overdue IS 'Of that, overdue.';
COMMENT ON COLUMN caseload.overdue_share IS 'That in percent of what is overdue to all collectors.';
COMMENT ON COLUMN caseload.load IS 'Customers in percent of the capacity.';

CREATE OR REPLACE VIEW collector_performance AS
WITH did AS (
	SELECT k.actor AS collector, date_trunc('month', k.contacted_at AT TIME ZONE l.time_zone)::date AS month, count(*) AS contacts, count(*) FILTER (WHERE o.reached) AS conversations,
		count(DISTINCT k.customer_id) AS customers, 0 AS promises, 0 AS kept, 0 AS not_kept, 0::numeric AS promised, 0::numeric AS paid, 0 AS plans, 0 AS escalations
	FROM contact k JOIN contact_outcome o ON o.outcome_code = k.outcome_code CROSS JOIN ledger_info l
	GROUP BY 1, 2
	UNION ALL
	SELECT p.actor, date_trunc('month', p.promised_on)::date, 0, 0, 0, count(*) FILTER (WHERE p.state <> 'withdrawn'), count(*) FILTER (WHERE p.state = 'kept'),
		count(*) FILTER (WHERE p.state IN ('partly_kept', 'broken') AND p.replaced_by IS NULL),
		sum(p.amount * CASE WHEN p.currency = l.base_currency THEN 1 ELSE r.rate END) FILTER (WHERE p.state <> 'withdrawn'),
		sum(p.paid_amount * CASE WHEN p.currency = l.base_currency THEN 1 ELSE r.rate END) FILTER (WHERE p.state <> 'withdrawn'), 0, 0
	FROM promise p CROSS JOIN ledger_info l
		LEFT JOIN LATERAL (SELECT x.rate FROM fx_rate x WHERE x.currency = p.currency AND x.valid_from <= p.promised_on ORDER BY x.valid_from DESC LIMIT 1) r ON true
	GROUP BY 1, 2
	UNION ALL
	SELECT p.actor, date_trunc('month', p.starts_on)::date, 0, 0, 0, 0, 0, 0, 0, 0, count(*), 0 FROM payment_plan p GROUP BY 1, 2
	UNION ALL
	SELECT e.actor, date_trunc('month', e.recorded_at AT TIME ZONE l.time_zone)::date, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*) FROM escalation e CROSS JOIN ledger_info l GROUP BY 1, 2)
SELECT d.collector, d.month, sum(d.contacts)::bigint AS contacts, sum(d.conversations)::bigint AS conversations, sum(d.customers)::bigint AS customers,
	round(100.0 * sum(d.conversations) / NULLIF(sum(d.contacts), 0), 1) AS reached_percent, sum(d.promises)::bigint AS promises, sum(d.kept)::bigint AS kept,
	sum(d.not_kept)::bigint AS not_kept, round(100.0 * sum(d.kept) / NULLIF(sum(d.kept) + sum(d.not_kept), 0), 1) AS kept_percent, round(sum(d.promised), 2) AS promised,
	round(sum(d.paid), 2) AS paid, sum(d.plans)::bigint AS plans, sum(d.escalations)::bigint AS escalations
FROM did d GROUP BY d.collector, d.month;
COMMENT ON VIEW collector_performance IS 'What collectors did by month, and what came of it; amounts in base currency at the rates of the day of the promise.';
COMMENT ON COLUMN collector_performance.collector IS 'The person.';
COMMENT ON COLUMN collector_performance.month IS 'First day of the month.';
COMMENT ON COLUMN collector_performance.contacts IS 'Contacts recorded.';
COMMENT ON COLUMN collector_performance.conversations IS 'Of these, conversations.';
COMMENT ON COLUMN collector_performance.customers IS 'Customers contacted.';
COMMENT ON COLUMN collector_performance.reached_percent IS 'Conversations in percent of contacts.';
COMMENT ON COLUMN collector_performance.promises IS 'Promises taken down, but for those withdrawn.';
COMMENT ON COLUMN collector_performance.kept IS 'Of these, kept so far.';
COMMENT ON COLUMN collector_performance.not_kept IS 'Broken or partly kept.';
COMMENT ON COLUMN collector_performance.kept_percent IS 'Kept, in percent of those that came due.';
COMMENT ON COLUMN collector_performance.promised IS 'What was promised.';
COMMENT ON COLUMN collector_performance.paid IS 'What was paid of it in time.';
COMMENT ON COLUMN collector_performance.plans IS 'Payment plans entered.';
COMMENT ON COLUMN collector_performance.escalations IS 'Escalations asked for.';
