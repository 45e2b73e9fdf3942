-- Bankruptcies, validation notices and the requests they bring, and which notices are due.

ALTER TABLE insolvency ALTER actor SET DEFAULT actor();
ALTER TABLE debt_notice ALTER actor SET DEFAULT actor();
ALTER TABLE debt_request ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER debt_notice_append_only BEFORE UPDATE OR DELETE ON debt_notice
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Send another notice.');
CREATE OR REPLACE TRIGGER debt_notice_no_truncate BEFORE TRUNCATE ON debt_notice
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Send another notice.');
CREATE OR REPLACE TRIGGER debt_request_append_only BEFORE DELETE OR UPDATE OF customer_id, debt_request_id, customer_contact_id, kind, received_on, in_time, note, document_ids,
		recorded_at, recorded_by, actor ON debt_request
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Answer it with answer_debt_request().');
CREATE OR REPLACE TRIGGER debt_request_no_truncate BEFORE TRUNCATE ON debt_request
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Answer it with answer_debt_request().');
CREATE OR REPLACE TRIGGER insolvency_append_only BEFORE DELETE OR UPDATE OF customer_id, insolvency_id, petition_date, proceeding, case_number, court, recorded_at, recorded_by,
		actor ON insolvency
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('End it with end_insolvency().');
CREATE OR REPLACE TRIGGER insolvency_no_truncate BEFORE TRUNCATE ON insolvency
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('End it with end_insolvency().');

-- ---- Bankruptcy ----

CREATE OR REPLACE FUNCTION record_insolvency(p_customer_id bigint, p_petition_date date, p_proceeding text, p_case_number text DEFAULT NULL, p_court text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM require_past_day(p_petition_date, format('a petition about customer %s', p_customer_id)), require_text(p_proceeding, 'the proceeding of an insolvency');
	PERFORM set_customer_status(p_customer_id, 'bankrupt');
	INSERT INTO insolvency (customer_id, petition_date, proceeding, case_number, court) VALUES (p_customer_id, p_petition_date, p_proceeding, p_case_number, p_court)
	RETURNING insolvency_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION record_insolvency(bigint, date, text, text, text) IS 'Records a petition in bankruptcy: from that day on nobody asks the customer for money, no letter goes out, and its status is bankrupt. View insolvency_claims shows what follows. Returns its id.';

CREATE OR REPLACE FUNCTION read_insolvency(p_customer_id bigint, p_insolvency_id bigint)
RETURNS insolvency LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	bankruptcy insolvency;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO bankruptcy FROM insolvency n WHERE n.customer_id = p_customer_id AND n.insolvency_id = p_insolvency_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no insolvency %', p_customer_id, p_insolvency_id USING ERRCODE = 'foreign_key_violation', HINT = 'record_insolvency() records one.';
	END IF;
	IF bankruptcy.ended_on IS NOT NULL THEN
		RAISE EXCEPTION 'insolvency % of customer % has ended', p_insolvency_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('That was on %s: %s.', bankruptcy.ended_on, bankruptcy.end_reason);
	END IF;
	RETURN bankruptcy;
END $$;
COMMENT ON FUNCTION read_insolvency(bigint, bigint) IS 'An insolvency that has not ended, under the customer''s lock.';

CREATE OR REPLACE FUNCTION record_reclamation(p_customer_id bigint, p_insolvency_id bigint, p_demanded_on date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	bankruptcy insolvency := read_insolvency(p_customer_id, p_insolvency_id);
	day date := COALESCE(p_demanded_on, ledger_today());
BEGIN
	PERFORM require_past_day(day, 'the demand for goods');
	IF bankruptcy.reclaimed_on IS NOT NULL OR day < bankruptcy.petition_date - 45 THEN
		RAISE EXCEPTION 'the demand for goods of customer % cannot be recorded for %', p_customer_id, day
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('The petition was on %s; demanded on record: %s.', bankruptcy.petition_date, COALESCE(bankruptcy.reclaimed_on::text, 'never'));
	END IF;
	UPDATE insolvency n SET reclaimed_on = day WHERE n.customer_id = p_customer_id AND n.insolvency_id = p_insolvency_id;
END $$;
COMMENT ON FUNCTION record_reclamation(bigint, bigint, date) IS 'Records that the goods were demanded back in writing on p_demanded_on (default today).';

CREATE OR REPLACE FUNCTION end_insolvency(p_customer_id bigint, p_insolvency_id bigint, p_reason text, p_ended_on date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	bankruptcy insolvency := read_insolvency(p_customer_id, p_insolvency_id);
	day date := COALESCE(p_ended_on, ledger_today());
BEGIN
	PERFORM require_reason(p_reason, format('the end of insolvency %s of customer %s', p_insolvency_id, p_customer_id)), require_past_day(day, 'the end of an insolvency');
	IF day < bankruptcy.petition_date THEN
		RAISE EXCEPTION 'insolvency % of customer % cannot end before it began', p_insolvency_id, p_customer_id
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('The petition was on %s.', bankruptcy.petition_date);
	END IF;
	UPDATE insolvency n SET ended_on = day, end_reason = p_reason WHERE n.customer_id = p_customer_id AND n.insolvency_id = p_insolvency_id;
END $$;
COMMENT ON FUNCTION end_insolvency(bigint, bigint, text, date) IS 'The stay no longer holds from p_ended_on (default today): dismissed, discharged, closed or lifted. The customer stays bankrupt, and is left alone, until set_customer_status() says otherwise.';

CREATE OR REPLACE VIEW insolvency_claims AS
WITH running AS (SELECT n.* FROM insolvency n WHERE n.ended_on IS NULL),
goods AS (
	SELECT n.customer_id, n.insolvency_id, n.petition_date, n.reclaimed_on, i.item_id, i.document_id, d.number, i.currency, i.open_amount, i.doc_date,
		COALESCE(d.received_on, (SELECT max(h.received_on) FROM due_date_change h WHERE h.customer_id = i.customer_id AND h.item_id = i.item_id), i.doc_date) AS received_on
	FROM running n JOIN item i ON i.customer_id = n.customer_id AND i.open_amount > 0 JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id)
SELECT g.customer_id, c.name AS customer_name, g.insolvency_id, g.petition_date, p.part, g.document_id, g.number, g.currency, g.open_amount AS amount, p.day, p.deadline, p.done_on
FROM goods g JOIN customer c ON c.customer_id = g.customer_id
	CROSS JOIN LATERAL (VALUES
		(CASE WHEN g.doc_date < g.petition_date THEN 'pre_petition' ELSE 'post_petition' END, g.doc_date, NULL::date, NULL::date),
		(CASE WHEN g.received_on BETWEEN g.petition_date - 20 AND g.petition_date - 1 THEN 'goods_20_days' END, g.received_on, NULL, NULL),
		-- Forty-five days from the receipt; where they end after the petition, twenty days from it.
		(CASE WHEN g.received_on BETWEEN g.petition_date - 45 AND g.petition_date - 1 THEN 'reclamation' END, g.received_on,
			CASE WHEN g.received_on + 45 > g.petition_date THEN g.petition_date + 20 ELSE g.received_on + 45 END, g.reclaimed_on)) p (part, day, deadline, done_on)
WHERE p.part IS NOT NULL
UNION ALL
SELECT n.customer_id, c.name, n.insolvency_id, n.petition_date, 'payment_90_days', d.document_id, d.number, d.currency, d.amount, d.posting_date, NULL, NULL
FROM running n JOIN customer c ON c.customer_id = n.customer_id
	JOIN document d ON d.customer_id = n.customer_id AND d.kind = 'payment' AND d.side = 'credit' AND d.posting_date BETWEEN n.petition_date - 90 AND n.petition_date
WHERE NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id);
COMMENT ON VIEW insolvency_claims IS 'What a bankruptcy that has not ended makes of the account, by the United States Bankruptcy Code: each part with its own dates. An item may be in several parts.';
COMMENT ON COLUMN insolvency_claims.customer_id IS 'The debtor.';
COMMENT ON COLUMN insolvency_claims.customer_name IS 'Its name.';
COMMENT ON COLUMN insolvency_claims.insolvency_id IS 'Key of the insolvency, with customer_id.';
COMMENT ON COLUMN insolvency_claims.petition_date IS 'Day of the petition.';
COMMENT ON COLUMN insolvency_claims.part IS 'pre_petition: open, dated before the petition: stayed, and to be claimed. post_petition: open, dated since. goods_20_days: goods received in the 20 days before (11 USC 503(b)(9), an administrative expense). reclamation: goods received in the 45 days before, which may be demanded back (546(c)). payment_90_days: payments of the 90 days before, which may be asked back as preferences (547(b)).';
COMMENT ON COLUMN insolvency_claims.document_id IS 'The document.';
COMMENT ON COLUMN insolvency_claims.number IS 'Its number.';
COMMENT ON COLUMN insolvency_claims.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN insolvency_claims.amount IS 'What is open of it, or was paid.';
COMMENT ON COLUMN insolvency_claims.day IS 'Day that decides: of the document, of the receipt of goods (else of the document), or of the payment.';
COMMENT ON COLUMN insolvency_claims.deadline IS 'reclamation: last day of the written demand.';
COMMENT ON COLUMN insolvency_claims.done_on IS 'reclamation: day of the demand.';

-- ---- Validation ----

CREATE OR REPLACE FUNCTION add_business_days(p_from date, p_days integer, p_jurisdiction text DEFAULT '')
RETURNS date LANGUAGE plpgsql STABLE STRICT SET search_path FROM CURRENT AS $$
BEGIN
	IF NOT isfinite(p_from) OR p_days NOT BETWEEN 1 AND 366 THEN
		RAISE EXCEPTION '% business days after % cannot be counted', p_days, p_from USING ERRCODE = 'datetime_field_overflow', HINT = 'It is 1 to 366 days after a calendar date.';
	END IF;
	RETURN (SELECT d::date FROM generate_series(p_from + 1, p_from + 7 * p_days + 60, interval '1 day') d
		WHERE extract(isodow FROM d) < 6 AND NOT EXISTS (SELECT FROM contact_holiday h WHERE h.day = d::date AND p_jurisdiction <> '' AND lies_in(p_jurisdiction, h.jurisdiction))
		ORDER BY d OFFSET p_days - 1 LIMIT 1);
END $$;
COMMENT ON FUNCTION add_business_days(date, integer, text) IS 'The day so many business days (at least 1) after another: without Saturdays, Sundays, and the holidays of a place (empty: none). NULL for NULL.';

CREATE OR REPLACE FUNCTION record_debt_notice(p_customer_id bigint, p_customer_contact_id bigint, p_sent_on date DEFAULT NULL, p_document_ids bigint[] DEFAULT '{}')
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	day date := COALESCE(p_sent_on, ledger_today());
	id bigint;
BEGIN
	PERFORM require_past_day(day, 'a validation notice'), lock_customer(p_customer_id);
	INSERT INTO debt_notice (customer_id, customer_contact_id, sent_on, disputes_until, document_ids)
	VALUES (p_customer_id, p_customer_contact_id, day,
		add_business_days(day, 5, COALESCE((read_customer_contact(p_customer_id, p_customer_contact_id)).jurisdiction, '')) + 30, COALESCE(p_document_ids, '{}'))
	RETURNING debt_notice_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION record_debt_notice(bigint, bigint, date, bigint[]) IS 'Records a validation notice sent, or its contents said, on p_sent_on (default today). It counts as received five business days later, and the validation period ends 30 days after that. Returns its id.';

CREATE OR REPLACE FUNCTION receive_debt_request(p_customer_id bigint, p_customer_contact_id bigint, p_kind text, p_received_on date DEFAULT NULL, p_note text DEFAULT NULL,
	p_document_ids bigint[] DEFAULT '{}')
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	day date := COALESCE(p_received_on, ledger_today());
	ends date;
	id bigint;
BEGIN
	IF p_kind IS NULL OR p_kind NOT IN ('dispute', 'original_creditor') THEN
		RAISE EXCEPTION 'unknown kind "%" of a request', p_kind USING ERRCODE = 'invalid_parameter_value', HINT = 'It is dispute or original_creditor.';
	END IF;
	PERFORM require_past_day(day, 'a request about a debt'), lock_customer(p_customer_id), read_customer_contact(p_customer_id, p_customer_contact_id);
	-- The debt with the most time left decides; one without a notice has all the time.
	SELECT max(x.ends) INTO ends FROM (
		SELECT COALESCE((SELECT max(n.disputes_until) FROM debt_notice n
			WHERE n.customer_id = p_customer_id AND n.customer_contact_id = p_customer_contact_id AND n.sent_on <= day
				AND (d.document_id = ANY (n.document_ids) OR (n.document_ids = '{}' AND d.known_on <= n.sent_on))), 'infinity') AS ends
		FROM consumer_debt d WHERE d.customer_id = p_customer_id AND d.known_on <= day AND (COALESCE(p_document_ids, '{}') = '{}' OR d.document_id = ANY (p_document_ids))) x;
	IF ends IS NULL THEN
		SELECT max(n.disputes_until) INTO ends FROM debt_notice n WHERE n.customer_id = p_customer_id AND n.customer_contact_id = p_customer_contact_id AND n.sent_on <= day;
	END IF;
	INSERT INTO debt_request (customer_id, customer_contact_id, kind, received_on, in_time, note, document_ids)
	VALUES (p_customer_id, p_customer_contact_id, p_kind, day, day <= COALESCE(ends, 'infinity'), p_note, COALESCE(p_document_ids, '{}')) RETURNING debt_request_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION receive_debt_request(bigint, bigint, text, date, text, bigint[]) IS 'Records that a person wrote that a debt is not owed (dispute), or asked for the name of the first creditor (original_creditor), in whatever words. Within the validation period of one of the debts it is about, or before a notice of it, collection ceases until answer_debt_request(). Returns its id.';

CREATE OR REPLACE FUNCTION answer_debt_request(p_customer_id bigint, p_debt_request_id bigint, p_answered_on date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	day date := COALESCE(p_answered_on, ledger_today());
BEGIN
	PERFORM require_past_day(day, 'the answer to a request about a debt'), lock_customer(p_customer_id);
	UPDATE debt_request d SET answered_on = day
	WHERE d.customer_id = p_customer_id AND d.debt_request_id = p_debt_request_id AND d.answered_on IS NULL AND d.received_on <= day;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no request % that could be answered on %', p_customer_id, p_debt_request_id, day
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table debt_request lists them.';
	END IF;
END $$;
COMMENT ON FUNCTION answer_debt_request(bigint, bigint, date) IS 'Records that verification, or the name of the first creditor, was sent on p_answered_on (default today): collection may go on.';

CREATE OR REPLACE VIEW consumer_debt AS
-- What came along with a merged customer has been known as long as it is dated; fees and interest belong to the debt they are for.
SELECT d.customer_id, d.document_id, CASE WHEN d.kind = 'transfer' THEN d.doc_date ELSE d.posting_date END AS known_on
FROM document d
WHERE d.side = 'debit' AND d.kind <> 'finance_charge' AND EXISTS (SELECT FROM item i WHERE i.customer_id = d.customer_id AND i.document_id = d.document_id AND i.open_amount > 0)
	AND NOT EXISTS (SELECT FROM dunning_letter f WHERE f.customer_id = d.customer_id AND f.fee_document_id = d.document_id)
	AND NOT EXISTS (SELECT FROM interest_charge h WHERE h.customer_id = d.customer_id AND h.document_id = d.document_id);
COMMENT ON VIEW consumer_debt IS 'Debts that a validation notice can be about: debit documents that are not paid, but for charges of late payment.';
COMMENT ON COLUMN consumer_debt.customer_id IS 'The debtor.';
COMMENT ON COLUMN consumer_debt.document_id IS 'The document.';
COMMENT ON COLUMN consumer_debt.known_on IS 'Day from which contacts and notices about the account are about it too.';

CREATE OR REPLACE VIEW notice_due AS
SELECT a.customer_id, a.customer_name, 'adverse_action' AS notice, a.credit_application_id AS subject_id, NULL::bigint AS customer_contact_id, a.received_on AS since,
	a.answer_due AS due, a.notified_on AS sent_on, a.answer_due < t.today AND a.notified_on IS NULL AS overdue, n.source
FROM ledger_info l CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	CROSS JOIN credit_application_status a
	JOIN LATERAL (SELECT r.source FROM notice_rule r WHERE r.jurisdiction = a.jurisdiction AND r.valid_from <= a.received_on ORDER BY r.valid_from DESC LIMIT 1) n ON true
WHERE a.answer_due IS NOT NULL AND a.notified_on IS NULL AND a.status <> 'withdrawn'
UNION ALL
SELECT a.customer_id, a.customer_name, 'reasons', a.credit_application_id, NULL, a.reasons_asked_on, a.reasons_due, a.reasons_sent_on, a.reasons_due < t.today, n.source
FROM ledger_info l CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	CROSS JOIN credit_application_status a
	JOIN LATERAL (SELECT r.source FROM notice_rule r WHERE r.jurisdiction = a.jurisdiction AND r.valid_from <= a.received_on ORDER BY r.valid_from DESC LIMIT 1) n ON true
WHERE a.reasons_due IS NOT NULL AND a.reasons_sent_on IS NULL
UNION ALL
SELECT f.customer_id, c.name, 'validation', f.document_id, f.customer_contact_id, f.day, f.day + r.days, NULL, f.day + r.days < t.today, r.source
FROM ledger_info l CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	CROSS JOIN LATERAL (
		-- The first contact about each debt, whoever began it; what went to the account was about all that was known of then.
		SELECT p.customer_id, p.customer_contact_id, p.jurisdiction, d.document_id, d.known_on, min(k.day) AS day
		FROM customer_contact p
			CROSS JOIN LATERAL (
				-- The person, and who it was at customers that were merged into this one: contacts there were about all that came along.
				WITH RECURSIVE people AS (
					SELECT p.customer_id AS customer_id, p.customer_contact_id AS customer_contact_id, p.formerly AS formerly, false AS formerly_there
					UNION ALL SELECT f.customer_id AS customer_id, f.customer_contact_id AS customer_contact_id, f.formerly AS formerly, true AS formerly_there FROM people e JOIN customer_contact f ON f.customer_contact_id = e.formerly)
				SELECT (o.contacted_at AT TIME ZONE COALESCE(p.time_zone, l.time_zone))::date AS day, CASE WHEN e.formerly_there THEN '{}'::bigint[] ELSE o.document_ids END AS document_ids, e.formerly_there AS formerly_there
				FROM people e JOIN contact o ON o.customer_id = e.customer_id AND o.customer_contact_id = e.customer_contact_id
				UNION ALL SELECT (m.sent_at AT TIME ZONE COALESCE(p.time_zone, l.time_zone))::date AS day, '{}'::bigint[] AS document_ids, e.formerly_there AS formerly_there
				FROM people e JOIN outbox m ON m.customer_id = e.customer_id AND (m.customer_contact_id = e.customer_contact_id OR m.customer_contact_id IS NULL) AND m.sent_at IS NOT NULL) k
			JOIN consumer_debt d ON d.customer_id = p.customer_id AND (d.document_id = ANY (k.document_ids) OR (k.document_ids = '{}' AND d.known_on <= k.day
				AND (NOT k.formerly_there OR EXISTS (SELECT FROM document t WHERE t.customer_id = d.customer_id AND t.document_id = d.document_id AND t.kind = 'transfer'))))
		WHERE p.kind = 'consumer' AND p.ended_on IS NULL
		GROUP BY p.customer_id, p.customer_contact_id, p.jurisdiction, d.document_id, d.known_on) f
	JOIN contact_rule r ON r.kind = 'validation_notice' AND (r.debtor_kind = 'consumer' OR r.debtor_kind IS NULL) AND f.day BETWEEN r.valid_from AND r.valid_to
		AND (r.jurisdiction IS NULL OR f.jurisdiction IS NULL OR f.jurisdiction = r.jurisdiction OR starts_with(f.jurisdiction, r.jurisdiction || '-')
			OR starts_with(r.jurisdiction, f.jurisdiction || '-'))
	JOIN customer c ON c.customer_id = f.customer_id
WHERE NOT EXISTS (SELECT FROM debt_notice n WHERE n.customer_id = f.customer_id AND n.customer_contact_id = f.customer_contact_id
	AND (f.document_id = ANY (n.document_ids) OR (n.document_ids = '{}' AND f.known_on <= n.sent_on)));
COMMENT ON VIEW notice_due IS 'Notices that the law asks for and that were not sent: of adverse action on an application, of its reasons where they were asked for, and of validation after the first contact with a consumer about a debt that is not paid, a row per person and debt; messages of the outbox that were sent are contacts.';
COMMENT ON COLUMN notice_due.customer_id IS 'The applicant, or debtor.';
COMMENT ON COLUMN notice_due.customer_name IS 'Its name.';
COMMENT ON COLUMN notice_due.notice IS 'adverse_action, reasons or validation.';
COMMENT ON COLUMN notice_due.subject_id IS 'The application; validation: the document; with customer_id.';
COMMENT ON COLUMN notice_due.customer_contact_id IS 'validation: the person.';
COMMENT ON COLUMN notice_due.since IS 'Day from which it counts: application received, reasons asked for, first contact.';
COMMENT ON COLUMN notice_due.due IS 'Last day to send it.';
COMMENT ON COLUMN notice_due.sent_on IS 'Day it was sent: of those here, never.';
COMMENT ON COLUMN notice_due.overdue IS 'That day has passed.';
COMMENT ON COLUMN notice_due.source IS 'Where the law says so.';

-- ---- Whose collection is stopped ----

CREATE OR REPLACE FUNCTION collection_stops(p_as_of date, p_customers bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, reason text)
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_custom_plan SET search_path FROM CURRENT AS $$
DECLARE
	zone text := (SELECT l.time_zone FROM ledger_info l);
BEGIN
	RETURN QUERY
		SELECT c.customer_id, CASE c.status WHEN 'bankrupt' THEN 'bankruptcy' WHEN 'sanctioned' THEN 'sanctions' ELSE c.status END
		FROM customer c WHERE p_as_of IS NOT NULL AND c.status IN ('legal', 'bankrupt', 'sanctioned') AND (p_customers IS NULL OR c.customer_id = ANY (p_customers))
		UNION SELECT n.customer_id, 'bankruptcy' FROM insolvency n WHERE n.petition_date <= p_as_of AND COALESCE(n.ended_on, 'infinity') > p_as_of AND (p_customers IS NULL OR n.customer_id = ANY (p_customers))
		UNION SELECT p.customer_id, CASE f.kind WHEN 'attorney' THEN 'attorney' ELSE 'cease' END
		FROM contact_fact f JOIN customer_contact p ON p.customer_id = f.customer_id AND p.customer_contact_id = f.customer_contact_id AND p.kind = 'consumer'
		WHERE f.kind IN ('cease', 'refusal', 'attorney') AND f.valid_from < (p_as_of + 1)::timestamp AT TIME ZONE zone AND f.valid_to > p_as_of::timestamp AT TIME ZONE zone
			AND (f.channel IS NULL OR f.channel = 'letter') AND (p_customers IS NULL OR f.customer_id = ANY (p_customers))
		UNION SELECT d.customer_id, 'validation' FROM debt_request d
			JOIN customer_contact p ON p.customer_id = d.customer_id AND p.customer_contact_id = d.customer_contact_id AND p.kind = 'consumer'
		WHERE d.in_time AND d.answered_on IS NULL AND d.received_on <= p_as_of AND (p_customers IS NULL OR d.customer_id = ANY (p_customers));
END $$;
COMMENT ON FUNCTION collection_stops(date, bigint[]) IS 'Customers, of all or of some, whom nobody may ask for money by letter on a day, and why: bankruptcy, sanctions, legal (with lawyers); of consumers also cease (a written request, or refusal to pay), attorney, and validation (a request that is not answered).';

-- ---- Merging customers ----

CREATE OR REPLACE FUNCTION move_late_payment(p_customer_id bigint, p_item_id bigint, p_into_customer_id bigint, p_into_item_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	INSERT INTO dunning_item (customer_id, item_id, level, as_of, amount)
	SELECT p_into_customer_id, p_into_item_id, d.level, d.as_of, d.amount FROM dunning_item d WHERE d.customer_id = p_customer_id AND d.item_id = p_item_id;
	-- Interest goes on where it stopped, and what the law gives once is not given again.
	INSERT INTO interest_charge (customer_id, interest_run_id, interest_policy_id, kind, item_id, currency, from_day, to_day, amount)
	SELECT p_into_customer_id, max(h.interest_run_id), max(h.interest_policy_id), h.kind, p_into_item_id, h.currency, min(h.from_day), max(h.to_day), sum(h.amount)
	FROM (SELECT o.interest_run_id, o.interest_policy_id, CASE WHEN o.kind = 'interest' THEN 'moved' ELSE o.kind END AS kind, o.currency, o.from_day, o.to_day, o.amount
			FROM interest_charge o WHERE o.customer_id = p_customer_id AND o.item_id = p_item_id
		-- Of a balance nobody can say how much was for the item, but until when.
		UNION ALL SELECT o.interest_run_id, o.interest_policy_id, 'moved', o.currency, i.due_date, o.to_day, 0
			FROM interest_charge o JOIN item i ON i.customer_id = p_customer_id AND i.item_id = p_item_id AND i.amount > 0 AND i.currency = o.currency AND i.due_date < o.to_day
			WHERE o.customer_id = p_customer_id AND o.item_id IS NULL AND o.kind = 'interest' AND i.posting_date < o.to_day
				AND NOT EXISTS (SELECT FROM interest_charge x WHERE x.customer_id = p_customer_id AND x.item_id = p_item_id AND x.kind = 'interest')) h
	GROUP BY h.kind, h.currency HAVING sum(h.amount) <> 0 OR h.kind = 'moved';
	-- A charge stays one, under its new document: it costs no interest and gets no letter.
	INSERT INTO interest_charge (customer_id, kind, currency, from_day, to_day, amount, document_id)
	SELECT p_into_customer_id, 'moved', n.currency, i.doc_date, i.doc_date, n.amount, n.document_id
	FROM item i JOIN item n ON n.customer_id = p_into_customer_id AND n.item_id = p_into_item_id
	WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id AND (p_customer_id, i.document_id) IN (SELECT f.customer_id, f.document_id FROM late_charges(p_customer_id) f);
	INSERT INTO dunning_pause (customer_id, item_id, pauses_from, pauses_until, reason, ended_on)
	SELECT p_into_customer_id, p_into_item_id, p.pauses_from, p.pauses_until, p.reason, p.ended_on FROM dunning_pause p WHERE p.customer_id = p_customer_id AND p.item_id = p_item_id;
END $$;
COMMENT ON FUNCTION move_late_payment(bigint, bigint, bigint, bigint) IS 'Takes dunning levels, pauses and the days that interest was charged for along with an item that moves to another customer. Behind merge_customers().';

CREATE OR REPLACE FUNCTION move_contact_law(p_customer_id bigint, p_into_customer_id bigint, p_item_ids bigint[], p_into_item_ids bigint[])
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	INSERT INTO dunning_pause (customer_id, pauses_from, pauses_until, reason)
	SELECT p_into_customer_id, p.pauses_from, p.pauses_until, format('of customer %s: %s', p_customer_id, p.reason) FROM dunning_pause p
	WHERE p.customer_id = p_customer_id AND p.item_id IS NULL AND p.ended_on IS NULL AND COALESCE(p.pauses_until, 'infinity') >= ledger_today();
	UPDATE dunning_pause p SET ended_on = ledger_today() WHERE p.customer_id = p_customer_id AND p.ended_on IS NULL;
	INSERT INTO insolvency (customer_id, petition_date, proceeding, case_number, court, reclaimed_on)
	SELECT p_into_customer_id, n.petition_date, n.proceeding, n.case_number, n.court, n.reclaimed_on FROM insolvency n
	WHERE n.customer_id = p_customer_id AND n.ended_on IS NULL;
	UPDATE insolvency n SET ended_on = GREATEST(ledger_today(), n.petition_date), end_reason = format('moved to customer %s', p_into_customer_id)
	WHERE n.customer_id = p_customer_id AND n.ended_on IS NULL;
	-- The people were copied before.
	-- A notice is about what it was about, under the new numbers: of the other debts none was sent.
	INSERT INTO debt_notice (customer_id, customer_contact_id, sent_on, disputes_until, document_ids)
	SELECT p_into_customer_id, c.customer_contact_id, n.sent_on, n.disputes_until, array_agg(DISTINCT t.document_id ORDER BY t.document_id)
	FROM debt_notice n JOIN customer_contact c ON c.customer_id = p_into_customer_id AND c.formerly = n.customer_contact_id
		CROSS JOIN unnest(p_item_ids, p_into_item_ids) m (item_id, into_item_id)
		JOIN item i ON i.customer_id = p_customer_id AND i.item_id = m.item_id AND i.amount > 0
		JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
		JOIN item t ON t.customer_id = p_into_customer_id AND t.item_id = m.into_item_id
	WHERE n.customer_id = p_customer_id
		AND (i.document_id = ANY (n.document_ids) OR (n.document_ids = '{}' AND CASE WHEN d.kind = 'transfer' THEN d.doc_date ELSE d.posting_date END <= n.sent_on))
	GROUP BY c.customer_contact_id, n.debt_notice_id, n.sent_on, n.disputes_until;
	INSERT INTO debt_request (customer_id, customer_contact_id, kind, received_on, in_time, note)
	SELECT p_into_customer_id, c.customer_contact_id, d.kind, d.received_on, d.in_time, d.note
	FROM debt_request d JOIN customer_contact c ON c.customer_id = p_into_customer_id AND c.formerly = d.customer_contact_id
	WHERE d.customer_id = p_customer_id AND d.answered_on IS NULL;
	UPDATE debt_request d SET answered_on = GREATEST(ledger_today(), d.received_on) WHERE d.customer_id = p_customer_id AND d.answered_on IS NULL;
	UPDATE outbox o SET state = 'failed', failed_at = now(), error = format('merged into customer %s', p_into_customer_id)
	WHERE o.customer_id = p_customer_id AND o.state = 'queued';
END $$;
COMMENT ON FUNCTION move_contact_law(bigint, bigint, bigint[], bigint[]) IS 'Takes pauses, bankruptcies, notices (of what moves: items p_item_ids, which are p_into_item_ids there) and open requests along to the customer that one is merged into; messages that wait are not sent. Behind merge_customers().';
