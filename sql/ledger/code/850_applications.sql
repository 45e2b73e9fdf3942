-- Applications for credit: received, complete, scored, decided, and the notices that follow.

ALTER TABLE credit_application ALTER actor SET DEFAULT actor();
ALTER TABLE credit_application_event ALTER actor SET DEFAULT actor();

CREATE OR REPLACE FUNCTION receive_application(p_customer_id bigint, p_amount numeric, p_jurisdiction text, p_received_on date DEFAULT NULL,
	p_terms credit.payment_terms DEFAULT NULL, p_monthly_sales numeric DEFAULT NULL, p_currency text DEFAULT NULL, p_reference text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	received date := COALESCE(p_received_on, ledger_today());
	what text := format('application of customer %s', p_customer_id);
	id bigint;
BEGIN
	PERFORM require_past_day(received, 'the ' || what);
	IF p_amount IS NULL OR p_amount <= 0 THEN
		RAISE EXCEPTION 'the % must ask for more than zero', what USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE(p_amount::text, 'null'));
	END IF;
	PERFORM require_figure(p_amount, 'amount of the ' || what), require_figure(p_monthly_sales, 'monthly sales of the ' || what, 0);
	IF NOT EXISTS (SELECT FROM notice_rule n WHERE n.jurisdiction = p_jurisdiction AND n.valid_from <= received) THEN
		RAISE EXCEPTION 'no notice rule of jurisdiction "%" was in force on %', p_jurisdiction, received
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Table notice_rule lists them; "none" asks for no notice.';
	END IF;
	PERFORM lock_customer(p_customer_id);
	PERFORM fx_rate_on(used_currency, received);
	INSERT INTO credit_application (customer_id, received_on, amount, currency, terms, monthly_sales, jurisdiction, reference)
	VALUES (p_customer_id, received, p_amount, used_currency, p_terms, p_monthly_sales, p_jurisdiction, p_reference) RETURNING credit_application_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION receive_application(bigint, numeric, text, date, credit.payment_terms, numeric, text, text) IS 'Enters an application for a limit of p_amount in p_currency (default the base currency), received on p_received_on (default today). p_jurisdiction: the notice rule that applies. p_monthly_sales: what the customer expects to buy in 30 days. Returns its id.';

CREATE OR REPLACE FUNCTION missing_items(p_customer_id bigint, p_application_id bigint)
RETURNS text[] LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN ARRAY(SELECT CASE WHEN k.least - e.n > 1 THEN format('%s (%s)', k.item, k.least - e.n) ELSE k.item END
		FROM checklist_item k, LATERAL (SELECT count(*) AS n FROM credit_application_event e
			WHERE e.customer_id = p_customer_id AND e.credit_application_id = p_application_id AND e.event = 'item' AND e.item = k.item) e
		WHERE k.required AND e.n < k.least ORDER BY k.item);
END $$;
COMMENT ON FUNCTION missing_items(bigint, bigint) IS 'What an application lacks of the checklist.';

CREATE OR REPLACE FUNCTION open_application(p_customer_id bigint, p_application_id bigint, p_on date)
RETURNS credit_application LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	application credit_application;
	ended text;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT a.* INTO application FROM credit_application a WHERE a.customer_id = p_customer_id AND a.credit_application_id = p_application_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no application %', p_customer_id, p_application_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View credit_application_status lists them.';
	END IF;
	SELECT e.event INTO ended FROM credit_application_event e
	WHERE e.customer_id = p_customer_id AND e.credit_application_id = p_application_id AND e.event IN ('approved', 'declined', 'withdrawn');
	IF FOUND THEN
		RAISE EXCEPTION 'application % of customer % is % already', p_application_id, p_customer_id, ended
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Enter a new one with receive_application().';
	END IF;
	IF p_on < application.received_on THEN
		RAISE EXCEPTION 'application % of customer % was not there on %', p_application_id, p_customer_id, p_on
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It was received on %s.', application.received_on);
	END IF;
	RETURN application;
END $$;
COMMENT ON FUNCTION open_application(bigint, bigint, date) IS 'An application not decided yet, under the customer''s lock.';

CREATE OR REPLACE FUNCTION receive_item(p_customer_id bigint, p_application_id bigint, p_item text, p_received_on date DEFAULT NULL)
RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	received date := COALESCE(p_received_on, ledger_today());
	still_missing text[];
BEGIN
	PERFORM require_past_day(received, format('receipt of "%s"', p_item));
	IF NOT EXISTS (SELECT FROM checklist_item k WHERE k.item = p_item) THEN
		RAISE EXCEPTION 'unknown item "%" of the checklist', p_item USING ERRCODE = 'invalid_parameter_value', HINT = 'Table checklist_item lists them.';
	END IF;
	PERFORM open_application(p_customer_id, p_application_id, received);
	INSERT INTO credit_application_event (customer_id, credit_application_id, event, happened_on, item) VALUES (p_customer_id, p_application_id, 'item', received, p_item);
	still_missing := missing_items(p_customer_id, p_application_id);
	IF still_missing = '{}' AND NOT EXISTS (SELECT FROM credit_application_event e
			WHERE e.customer_id = p_customer_id AND e.credit_application_id = p_application_id AND e.event = 'complete') THEN
		INSERT INTO credit_application_event (customer_id, credit_application_id, event, happened_on)
		SELECT p_customer_id, p_application_id, 'complete', max(e.happened_on) FROM credit_application_event e
		WHERE e.customer_id = p_customer_id AND e.credit_application_id = p_application_id AND e.event = 'item';
	END IF;
	RETURN still_missing;
END $$;
COMMENT ON FUNCTION receive_item(bigint, bigint, text, date) IS 'Notes that something of the checklist came for an application; with the last that is required it is complete. Returns what is still missing.';

CREATE OR REPLACE FUNCTION score_application(p_customer_id bigint, p_application_id bigint,
	OUT score numeric, OUT grade text, OUT amount numeric, OUT terms credit.payment_terms, OUT reasons text[], OUT missing text[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	scored record;
	recommended record;
	lacking text[];
BEGIN
	PERFORM open_application(p_customer_id, p_application_id, ledger_today());
	lacking := missing_items(p_customer_id, p_application_id);
	IF lacking <> '{}' THEN
		RAISE EXCEPTION 'application % of customer % is not complete', p_application_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Missing: %s.', array_to_string(lacking, ', ')), HINT = 'receive_item() notes what came.';
	END IF;
	SELECT s.* INTO scored FROM score_customer(p_customer_id) s;
	SELECT r.* INTO recommended FROM recommend_limit(p_customer_id) r;
	INSERT INTO credit_application_event (customer_id, credit_application_id, event, happened_on, amount, currency, terms, reasons, score_history_id, recommendation_id)
	VALUES (p_customer_id, p_application_id, 'scored', ledger_today(), recommended.amount, recommended.currency, recommended.terms, scored.reasons,
		scored.score_history_id, recommended.recommendation_id);
	score := scored.score;
	grade := scored.grade;
	amount := recommended.amount;
	terms := recommended.terms;
	reasons := scored.reasons;
	missing := recommended.missing;
END $$;
COMMENT ON FUNCTION score_application(bigint, bigint) IS 'Scores the applicant of a complete application and recommends a limit; may be called again. Both are stored, and the decision cites them.';

-- Who decides is the acting person.  A limit needs an approval where the policy says so; to decline needs authority then.
CREATE OR REPLACE FUNCTION decide_application(p_customer_id bigint, p_application_id bigint, p_decision text, p_amount numeric DEFAULT NULL,
	p_terms credit.payment_terms DEFAULT NULL, p_reasons text[] DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	application credit_application;
	scored credit_application_event;
	used_amount numeric;
	used_terms credit.payment_terms;
	used_reasons text[] := p_reasons;
	limit_id bigint;
BEGIN
	IF p_decision IS NULL OR p_decision NOT IN ('approved', 'declined', 'more_information') THEN
		RAISE EXCEPTION 'unknown decision "%"', p_decision
			USING ERRCODE = 'invalid_parameter_value', HINT = 'A decision is approved, declined or more_information.';
	END IF;
	application := open_application(p_customer_id, p_application_id, ledger_today());
	SELECT e.* INTO scored FROM credit_application_event e
	WHERE e.customer_id = p_customer_id AND e.credit_application_id = p_application_id AND e.event = 'scored' ORDER BY e.credit_application_event_id DESC LIMIT 1;
	IF p_decision = 'approved' THEN
		IF scored.event IS NULL THEN
			RAISE EXCEPTION 'application % of customer % is not scored', p_application_id, p_customer_id
				USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Call score_application() first.';
		END IF;
		used_amount := COALESCE(p_amount, LEAST(application.amount, convert(scored.amount, scored.currency, application.currency, ledger_today())));
		used_terms := COALESCE(p_terms, scored.terms);
		IF scored.amount IS NULL AND p_amount IS NULL THEN
			RAISE EXCEPTION 'application % of customer % has no recommended limit', p_application_id, p_customer_id
				USING ERRCODE = 'null_value_not_allowed', HINT = 'Say how much is approved.';
		END IF;
		limit_id := set_credit_limit(p_customer_id, used_amount, p_reason => format('application %s', p_application_id), p_currency => application.currency,
			p_recommendation_id => scored.recommendation_id);
		IF used_terms IS NOT NULL AND used_terms IS DISTINCT FROM (SELECT c.terms FROM customer c WHERE c.customer_id = p_customer_id) THEN
			PERFORM set_terms(p_customer_id, used_terms);
		END IF;
	ELSIF p_decision = 'declined' THEN
		used_reasons := COALESCE(used_reasons, scored.reasons);
		IF approval_required('limit') AND NOT EXISTS (SELECT FROM authority_of(actor(), 'limit', ledger_today())) THEN
			RAISE EXCEPTION '% may not decline application % of customer %', actor(), p_application_id, p_customer_id
				USING ERRCODE = 'RC004', DETAIL = format('There is no authority for limit on %s.', ledger_today()), HINT = 'Somebody with authority must decide it.';
		END IF;
	END IF;
	-- Less than what was asked for is adverse, too.
	IF (p_decision <> 'approved' OR used_amount < application.amount)
		AND (COALESCE(cardinality(used_reasons), 0) = 0 OR EXISTS (SELECT FROM unnest(used_reasons) r WHERE COALESCE(btrim(r), '') = '')) THEN
		used_reasons := CASE WHEN p_decision = 'approved' AND cardinality(scored.reasons) > 0 THEN scored.reasons END;
		IF used_reasons IS NULL THEN
			RAISE EXCEPTION 'decision on application % of customer % needs reasons', p_application_id, p_customer_id
				USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', p_decision),
					HINT = 'Say why, specifically: the notice of adverse action gives these reasons.';
		END IF;
	END IF;
	INSERT INTO credit_application_event (customer_id, credit_application_id, event, happened_on, amount, currency, terms, reasons, score_history_id, recommendation_id, credit_limit_id)
	VALUES (p_customer_id, p_application_id, p_decision, ledger_today(), used_amount, CASE WHEN used_amount IS NOT NULL THEN application.currency END, used_terms, used_reasons,
		scored.score_history_id, scored.recommendation_id, limit_id);
	RETURN limit_id;
END $$;
COMMENT ON FUNCTION decide_application(bigint, bigint, text, numeric, credit.payment_terms, text[]) IS 'Decides an application in the name of the acting person. approved: sets the limit (default the smaller of what was asked for and what is recommended; with an approval, where the policy requires one) and the terms, and returns the limit''s id. declined: for p_reasons (default those of the score). more_information: p_reasons says what is asked for; it stays open.';

CREATE OR REPLACE FUNCTION withdraw_application(p_customer_id bigint, p_application_id bigint, p_reason text, p_on date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	day date := COALESCE(p_on, ledger_today());
BEGIN
	PERFORM require_reason(p_reason, format('the withdrawal of application %s of customer %s', p_application_id, p_customer_id));
	PERFORM require_past_day(day, 'the withdrawal');
	PERFORM open_application(p_customer_id, p_application_id, day);
	INSERT INTO credit_application_event (customer_id, credit_application_id, event, happened_on, reasons) VALUES (p_customer_id, p_application_id, 'withdrawn', day, ARRAY[p_reason]);
END $$;
COMMENT ON FUNCTION withdraw_application(bigint, bigint, text, date) IS 'The applicant takes an application back.';

CREATE OR REPLACE FUNCTION record_notice(p_customer_id bigint, p_application_id bigint, p_event text DEFAULT 'notice', p_on date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	day date := COALESCE(p_on, ledger_today());
	before record;
BEGIN
	IF p_event IS NULL OR p_event NOT IN ('notice', 'reasons_asked', 'reasons_sent') THEN
		RAISE EXCEPTION 'unknown notice "%"', p_event USING ERRCODE = 'invalid_parameter_value', HINT = 'It is notice, reasons_asked or reasons_sent.';
	END IF;
	PERFORM require_past_day(day, 'the notice');
	PERFORM lock_customer(p_customer_id);
	SELECT max(e.happened_on) AS happened_on INTO before FROM credit_application_event e
	WHERE e.customer_id = p_customer_id AND e.credit_application_id = p_application_id
		AND e.event = ANY (CASE p_event WHEN 'notice' THEN ARRAY['approved', 'declined', 'more_information'] WHEN 'reasons_asked' THEN ARRAY['notice'] ELSE ARRAY['reasons_asked'] END);
	IF before.happened_on IS NULL OR day < before.happened_on THEN
		RAISE EXCEPTION '% on application % of customer % cannot be on %', replace(p_event, '_', ' '), p_application_id, p_customer_id, day
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = CASE WHEN before.happened_on IS NULL THEN 'What it follows has not happened.' ELSE format('What it follows was on %s.', before.happened_on) END,
				HINT = 'The decision comes first, then the notice, then the request for the reasons, then the reasons.';
	END IF;
	INSERT INTO credit_application_event (customer_id, credit_application_id, event, happened_on) VALUES (p_customer_id, p_application_id, p_event, day);
END $$;
COMMENT ON FUNCTION record_notice(bigint, bigint, text, date) IS 'Records that the applicant was told of the decision (notice), asked in writing for the reasons (reasons_asked), or was sent them (reasons_sent), on p_on (default today).';

CREATE OR REPLACE VIEW credit_application_status AS
SELECT a.customer_id, c.name AS customer_name, a.credit_application_id, a.received_on, a.amount, a.currency, a.terms::text AS terms, a.jurisdiction,
	COALESCE(d.event, s.status, 'received') AS status,
	ARRAY(SELECT k.item FROM checklist_item k WHERE k.required AND d.event IS NULL AND k.least > (SELECT count(*) FROM credit_application_event i
		WHERE i.customer_id = a.customer_id AND i.credit_application_id = a.credit_application_id AND i.event = 'item' AND i.item = k.item) ORDER BY k.item) AS missing_items,
	s.completed_on, s.scored_on, r.score, r.grade, s.recommended_amount,
	d.happened_on AS decided_on, d.actor AS decided_by, d.amount AS approved_amount, d.terms::text AS approved_terms, d.reasons,
	d.event = 'declined' OR (d.event = 'approved' AND d.amount < a.amount) AS adverse,
	COALESCE(s.completed_on, d.happened_on, t.today) - a.received_on AS days_to_complete,
	COALESCE(d.happened_on, t.today) - a.received_on AS days_to_decide,
	n.answer_due, s.notified_on,
	CASE WHEN d.event = 'declined' OR (d.event = 'approved' AND d.amount < a.amount) THEN s.notified_on + n.request_days END AS request_until,
	s.asked_on AS reasons_asked_on,
	CASE WHEN s.asked_on <= s.notified_on + n.request_days THEN s.asked_on + n.reasons_days END AS reasons_due, s.sent_on AS reasons_sent_on,
	COALESCE((s.notified_on IS NULL AND d.event IS DISTINCT FROM 'withdrawn' AND n.answer_due < t.today)
		OR (s.sent_on IS NULL AND s.asked_on <= s.notified_on + n.request_days AND s.asked_on + n.reasons_days < t.today), false) AS overdue
FROM credit_application a
	JOIN customer c ON c.customer_id = a.customer_id
	CROSS JOIN ledger_info l
	CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	LEFT JOIN LATERAL (SELECT e.* FROM credit_application_event e WHERE e.customer_id = a.customer_id AND e.credit_application_id = a.credit_application_id
		AND e.event IN ('approved', 'declined', 'withdrawn') LIMIT 1) d ON true
	CROSS JOIN LATERAL (
		SELECT max(e.happened_on) FILTER (WHERE e.event = 'complete') AS completed_on, max(e.happened_on) FILTER (WHERE e.event = 'scored') AS scored_on,
			max(e.happened_on) FILTER (WHERE e.event = 'notice') AS notified_on, max(e.happened_on) FILTER (WHERE e.event = 'reasons_asked') AS asked_on,
			max(e.happened_on) FILTER (WHERE e.event = 'reasons_sent') AS sent_on,
			(array_agg(e.event ORDER BY e.credit_application_event_id DESC) FILTER (WHERE e.event IN ('complete', 'scored', 'more_information')))[1] AS status,
			(array_agg(e.score_history_id ORDER BY e.credit_application_event_id DESC) FILTER (WHERE e.event = 'scored'))[1] AS score_history_id,
			(array_agg(e.amount ORDER BY e.credit_application_event_id DESC) FILTER (WHERE e.event = 'scored'))[1] AS recommended_amount
		FROM credit_application_event e WHERE e.customer_id = a.customer_id AND e.credit_application_id = a.credit_application_id) s
	LEFT JOIN score_history r ON r.customer_id = a.customer_id AND r.score_history_id = s.score_history_id
	LEFT JOIN LATERAL (SELECT o.request_days, o.reasons_days,
			CASE WHEN s.completed_on IS NOT NULL THEN s.completed_on + o.notice_days ELSE a.received_on + o.incomplete_days END AS answer_due
		FROM notice_rule o WHERE o.jurisdiction = a.jurisdiction AND o.valid_from <= a.received_on ORDER BY o.valid_from DESC LIMIT 1) n ON true;
COMMENT ON VIEW credit_application_status IS 'Every application: where it is, what it lacks, what was decided and why, how long it took, and the dates of the notices by its rule.';
COMMENT ON COLUMN credit_application_status.customer_id IS 'The applicant.';
COMMENT ON COLUMN credit_application_status.customer_name IS 'Its name.';
COMMENT ON COLUMN credit_application_status.credit_application_id IS 'Key of the application, with customer_id.';
COMMENT ON COLUMN credit_application_status.received_on IS 'Day it was received.';
COMMENT ON COLUMN credit_application_status.amount IS 'Limit asked for.';
COMMENT ON COLUMN credit_application_status.currency IS 'ISO 4217 code of the amounts but recommended_amount.';
COMMENT ON COLUMN credit_application_status.terms IS 'Terms asked for.';
COMMENT ON COLUMN credit_application_status.jurisdiction IS 'The notice rule that applies.';
COMMENT ON COLUMN credit_application_status.status IS 'received, complete, scored, more_information, approved, declined or withdrawn.';
COMMENT ON COLUMN credit_application_status.missing_items IS 'Required items of the checklist that have not come; none once it is decided.';
COMMENT ON COLUMN credit_application_status.completed_on IS 'Day it was complete.';
COMMENT ON COLUMN credit_application_status.scored_on IS 'Day it was last scored.';
COMMENT ON COLUMN credit_application_status.score IS 'That score.';
COMMENT ON COLUMN credit_application_status.grade IS 'Its grade.';
COMMENT ON COLUMN credit_application_status.recommended_amount IS 'Limit recommended then, in base currency.';
COMMENT ON COLUMN credit_application_status.decided_on IS 'Day it was decided or withdrawn.';
COMMENT ON COLUMN credit_application_status.decided_by IS 'Person who decided.';
COMMENT ON COLUMN credit_application_status.approved_amount IS 'Limit approved.';
COMMENT ON COLUMN credit_application_status.approved_terms IS 'Terms approved.';
COMMENT ON COLUMN credit_application_status.reasons IS 'Reasons of the decision.';
COMMENT ON COLUMN credit_application_status.adverse IS 'Declined, or less approved than asked for; NULL while it is open.';
COMMENT ON COLUMN credit_application_status.days_to_complete IS 'Days from receipt until it was complete, or until it was decided, or today.';
COMMENT ON COLUMN credit_application_status.days_to_decide IS 'Days from receipt until it was decided, or today.';
COMMENT ON COLUMN credit_application_status.answer_due IS 'Day by which the applicant is to be told: from the complete application, or from the receipt of an incomplete one.';
COMMENT ON COLUMN credit_application_status.notified_on IS 'Day the applicant was told.';
COMMENT ON COLUMN credit_application_status.request_until IS 'After an adverse decision: last day on which it may ask for the reasons.';
COMMENT ON COLUMN credit_application_status.reasons_asked_on IS 'Day it asked for them.';
COMMENT ON COLUMN credit_application_status.reasons_due IS 'Day by which they are to be sent; NULL if it asked too late.';
COMMENT ON COLUMN credit_application_status.reasons_sent_on IS 'Day they were sent.';
COMMENT ON COLUMN credit_application_status.overdue IS 'An answer or the reasons are late.';

CREATE OR REPLACE FUNCTION notice_text(p_customer_id bigint, p_application_id bigint, p_creditor text, p_with_reasons boolean DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	application record;
	rule notice_rule;
	notice text;
	filled record;
BEGIN
	PERFORM require_text(p_creditor, 'the name of the creditor in a notice');
	SELECT s.* INTO application FROM credit_application_status s WHERE s.customer_id = p_customer_id AND s.credit_application_id = p_application_id;
	IF application.customer_id IS NULL OR application.adverse IS NULL OR application.status = 'withdrawn' THEN
		RAISE EXCEPTION 'application % of customer % has no decision to give notice of', p_application_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is %s.', COALESCE(application.status, 'not there'));
	END IF;
	SELECT n.* INTO rule FROM notice_rule n WHERE n.jurisdiction = application.jurisdiction AND n.valid_from <= application.received_on ORDER BY n.valid_from DESC LIMIT 1;
	notice := rule.notice_text;
	FOR filled IN SELECT v.name, v.value FROM (VALUES
			('{date}', to_char(COALESCE(application.notified_on, ledger_today()), 'YYYY-MM-DD')), ('{customer}', application.customer_name), ('{creditor}', p_creditor),
			('{amount}', amount_text(application.amount, application.currency)),
			('{decision}', CASE WHEN application.status = 'approved' THEN concat('approved for ', amount_text(application.approved_amount, application.currency)) ELSE application.status END),
			('{request_until}', to_char(COALESCE(application.notified_on, ledger_today()) + rule.request_days, 'YYYY-MM-DD')),
			('{reasons}', array_to_string(ARRAY(SELECT '- ' || r FROM unnest(application.reasons) r), E'\n'))) v (name, value) LOOP
		notice := replace(notice, filled.name, COALESCE(filled.value, ''));
	END LOOP;
	-- Asked for in writing, or wished: the reasons are given at the end.
	IF COALESCE(p_with_reasons, application.reasons_asked_on IS NOT NULL) AND NOT rule.reasons_in_notice THEN
		notice := concat(notice, E'\n\nThe reasons:\n', array_to_string(ARRAY(SELECT '- ' || r FROM unnest(application.reasons) r), E'\n'));
	END IF;
	RETURN notice;
END $$;
COMMENT ON FUNCTION notice_text(bigint, bigint, text, boolean) IS 'The notice of a decision by the rule of the application''s jurisdiction, from p_creditor (name and address). p_with_reasons: also with the reasons, where the rule gives them only on request; default whether they were asked for.';
