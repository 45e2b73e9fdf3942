-- Escalations: asked for, approved, handed over, closed or taken back.

ALTER TABLE escalation ALTER actor SET DEFAULT actor();
ALTER TABLE escalation_event ALTER actor SET DEFAULT actor();
ALTER TABLE agency_remittance ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER escalation_append_only BEFORE DELETE OR UPDATE OF customer_id, escalation_id, kind, currency, amount, party, fee_percent, credit_limit_id, claim_amount,
		deadline, contact_id, reason, recorded_at, recorded_by, actor ON escalation
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Close, recall or cancel it, and ask for another one.');
CREATE OR REPLACE TRIGGER escalation_no_truncate BEFORE TRUNCATE ON escalation
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Close, recall or cancel it, and ask for another one.');
CREATE OR REPLACE TRIGGER escalation_item_append_only BEFORE UPDATE OR DELETE ON escalation_item
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Close, recall or cancel it, and ask for another one.');
CREATE OR REPLACE TRIGGER escalation_item_no_truncate BEFORE TRUNCATE ON escalation_item
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Close, recall or cancel it, and ask for another one.');
CREATE OR REPLACE TRIGGER escalation_event_append_only BEFORE UPDATE OR DELETE ON escalation_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What happened to an escalation is only added to.');
CREATE OR REPLACE TRIGGER escalation_event_no_truncate BEFORE TRUNCATE ON escalation_event
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What happened to an escalation is only added to.');
CREATE OR REPLACE TRIGGER agency_remittance_append_only BEFORE UPDATE OR DELETE ON agency_remittance
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter another one.');
CREATE OR REPLACE TRIGGER agency_remittance_no_truncate BEFORE TRUNCATE ON agency_remittance
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter another one.');

CREATE OR REPLACE FUNCTION claim_deadline(p_provider text, p_policy_no text, p_due_date date)
RETURNS date LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN (SELECT p_due_date + p.claim_days FROM claim_policy p
		WHERE p.provider = p_provider AND (p.policy_no = p_policy_no OR p.policy_no IS NULL) AND p.valid_from <= p_due_date
		ORDER BY p.policy_no NULLS LAST, p.valid_from DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION claim_deadline(text, text, date) IS 'Last day on which an insurer takes a claim for an item due on a day, by claim_policy; NULL where it says nothing.';

CREATE OR REPLACE FUNCTION claimed_under(p_customer_id bigint, p_credit_limit_id bigint)
RETURNS numeric LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	insured credit_limit;
BEGIN
	SELECT l.* INTO insured FROM credit_limit l WHERE l.customer_id = p_customer_id AND l.credit_limit_id = p_credit_limit_id;
	-- At the rates of the day it was asked for, as the claim itself.
	RETURN COALESCE((SELECT sum(round(convert(e.claim_amount, e.currency, insured.currency, (e.recorded_at AT TIME ZONE l.time_zone)::date) * 100 / insured.covered_percent,
			credit.minor_unit(insured.currency)))
		FROM escalation e, ledger_info l WHERE e.customer_id = p_customer_id AND e.credit_limit_id = p_credit_limit_id AND e.kind = 'insurance' AND e.state IN ('requested', 'open', 'closed')), 0);
END $$;
COMMENT ON FUNCTION claimed_under(bigint, bigint) IS 'How much of an insured limit claims take, in its currency: those that were not cancelled or recalled.';

CREATE OR REPLACE FUNCTION request_escalation(p_customer_id bigint, p_kind text, p_item_ids bigint[], p_reason text, p_party text DEFAULT NULL,
	p_fee_percent numeric DEFAULT NULL, p_deadline date DEFAULT NULL, p_contact_id bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	today date := ledger_today();
	what record;
	insured credit_limit;
	used_party text := p_party;
	last_day date := p_deadline;
	claimed numeric;
	taken numeric;
	other bigint;
	action text := CASE WHEN p_kind = 'write_off' THEN 'write_off' ELSE 'escalation' END;
	id bigint;
BEGIN
	IF p_kind IS NULL OR p_kind NOT IN ('management', 'legal', 'agency', 'insurance', 'write_off') THEN
		RAISE EXCEPTION 'unknown kind of escalation "%"', left(p_kind, 100)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Kinds are management, legal, agency, insurance and write_off.';
	END IF;
	PERFORM require_reason(p_reason, format('the escalation of customer %s', p_customer_id));
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO what FROM require_open_items(p_customer_id, p_item_ids, 'an escalation');
	IF NOT isfinite(p_deadline) OR p_deadline < today OR (p_deadline IS NOT NULL AND p_kind = 'insurance') THEN
		RAISE EXCEPTION 'escalation of customer % cannot be due on %', p_customer_id, p_deadline
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('Today is %s.', today), HINT = 'That of a claim follows from claim_policy.';
	END IF;
	IF (p_kind = 'agency') <> (p_fee_percent IS NOT NULL) OR p_fee_percent NOT BETWEEN 0 AND 100 OR (COALESCE(p_party, '') = '' AND p_kind IN ('legal', 'agency')) THEN
		RAISE EXCEPTION 'escalation of customer % needs to say who has it, and for what fee', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Kind is %s, party %s, fee %s percent.', p_kind, COALESCE('"' || p_party || '"', 'null'), COALESCE(p_fee_percent::text, 'null')),
				HINT = 'legal and agency name p_party; p_fee_percent, 0 to 100, is for agency only.';
	END IF;
	-- Two agencies for one item would both have earned their fee.
	SELECT e.escalation_id INTO other FROM escalation e JOIN escalation_item i ON i.customer_id = e.customer_id AND i.escalation_id = e.escalation_id
	WHERE e.customer_id = p_customer_id AND e.state IN ('requested', 'open') AND e.kind = p_kind AND i.item_id = ANY (what.items) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'items of customer % are escalated to % already', p_customer_id, replace(p_kind, '_', '-')
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('That is escalation %s.', other), HINT = 'Close, recall or cancel it first.';
	END IF;
	IF p_kind = 'insurance' THEN
		SELECT l.* INTO insured FROM credit_limit l
		WHERE l.customer_id = p_customer_id AND l.kind = 'insured' AND (p_party IS NULL OR l.provider = p_party)
			AND l.in_force @> (SELECT min(i.doc_date) FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = ANY (what.items))
		ORDER BY l.credit_limit_id DESC LIMIT 1;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'items of customer % were not insured when they were invoiced', p_customer_id
				USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'No insured limit was in force.', HINT = 'set_credit_limit() enters one, for the days it covers.';
		END IF;
		used_party := insured.provider;
		last_day := claim_deadline(insured.provider, insured.policy_no, what.oldest_due);
		IF last_day IS NULL OR last_day < today THEN
			RAISE EXCEPTION 'claim for customer % cannot be filed with %', p_customer_id, insured.provider
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = COALESCE('Its last day was ' || last_day || '; the oldest item was due on ' || what.oldest_due || '.', 'No deadline is known.'),
					HINT = 'Table claim_policy says until when insurers take claims.';
		END IF;
		-- What other claims that wait, are filed or came to something have taken of the limit is not claimed twice.
		taken := claimed_under(p_customer_id, insured.credit_limit_id);
		IF taken >= insured.amount THEN
			RAISE EXCEPTION 'the insured limit of customer % is claimed already', p_customer_id
				USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('The limit is %s %s, claims take %s.', insured.amount, insured.currency, taken),
					HINT = 'A claim that is cancelled or recalled gives back what it takes.';
		END IF;
		claimed := round(LEAST(convert(what.owed, what.currency, insured.currency, today), insured.amount - taken) * insured.covered_percent / 100,
			credit.minor_unit(insured.currency));
		claimed := convert(claimed, insured.currency, what.currency, today);
	END IF;
	INSERT INTO escalation (customer_id, kind, currency, amount, party, fee_percent, credit_limit_id, claim_amount, deadline, contact_id, reason, state_on)
	VALUES (p_customer_id, p_kind, what.currency, what.owed, used_party, p_fee_percent, insured.credit_limit_id, claimed, last_day, p_contact_id, p_reason, today)
	RETURNING escalation_id INTO id;
	INSERT INTO escalation_item (customer_id, escalation_id, item_id, amount)
	SELECT p_customer_id, id, i.item_id, i.open_amount FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = ANY (what.items);
	INSERT INTO escalation_event (customer_id, escalation_id, state, state_on, note) VALUES (p_customer_id, id, 'requested', today, p_reason);
	IF approval_required(action) THEN
		PERFORM request_approval(p_customer_id, action, what.owed, p_reason, escalation_subject(p_customer_id, id), what.currency);
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION request_escalation(bigint, text, bigint[], text, text, numeric, date, bigint) IS 'Asks to escalate the items in p_item_ids to management, legal (p_party: the law firm), agency (p_party, at p_fee_percent), insurance (a claim under the insured limit of p_party, or any, that was in force when the oldest item was invoiced, as far as other claims have left of it; its deadline is that of claim_policy), or to have them written off (write_off). Where the policy requires an approval of escalation, or of write_off, it asks for it. p_deadline: day by which it is to be settled. Returns its id; open_escalation() does it.';

CREATE OR REPLACE FUNCTION escalation_subject(p_customer_id bigint, p_escalation_id bigint)
RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN (SELECT jsonb_build_object('escalation_id', p_escalation_id, 'kind', e.kind, 'item_id',
			(SELECT jsonb_agg(i.item_id ORDER BY i.item_id) FROM escalation_item i WHERE i.customer_id = p_customer_id AND i.escalation_id = p_escalation_id))
		FROM escalation e WHERE e.customer_id = p_customer_id AND e.escalation_id = p_escalation_id);
END $$;
COMMENT ON FUNCTION escalation_subject(bigint, bigint) IS 'What an approval of an escalation is for.';

CREATE OR REPLACE FUNCTION move_escalation(p_customer_id bigint, p_escalation_id bigint, p_from text[], p_state text, p_note text DEFAULT NULL)
RETURNS escalation LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	moved escalation;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO moved FROM escalation e WHERE e.customer_id = p_customer_id AND e.escalation_id = p_escalation_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no escalation %', p_customer_id, p_escalation_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View escalations shows them.';
	END IF;
	IF moved.state <> ALL (p_from) THEN
		RAISE EXCEPTION 'escalation % of customer % is %', p_escalation_id, p_customer_id, moved.state
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is so since %s.', moved.state_on), HINT = 'Ask for another one with request_escalation().';
	END IF;
	UPDATE escalation e SET state = p_state, state_on = GREATEST(ledger_today(), e.state_on)
	WHERE e.customer_id = p_customer_id AND e.escalation_id = p_escalation_id RETURNING * INTO moved;
	INSERT INTO escalation_event (customer_id, escalation_id, state, state_on, note) VALUES (p_customer_id, p_escalation_id, p_state, moved.state_on, p_note);
	RETURN moved;
END $$;
COMMENT ON FUNCTION move_escalation(bigint, bigint, text[], text, text) IS 'Brings an escalation that is in one of the states p_from into another, under the customer''s lock. Behind all that happens to escalations.';

CREATE OR REPLACE FUNCTION open_escalation(p_customer_id bigint, p_escalation_id bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	opened escalation := move_escalation(p_customer_id, p_escalation_id, '{requested}', 'open');
	used record;
	lost record;
BEGIN
	IF opened.kind = 'insurance' AND opened.deadline < ledger_today() THEN
		RAISE EXCEPTION 'claim for customer % cannot be filed with % any more', p_customer_id, opened.party
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Its last day was %s; today is %s.', opened.deadline, ledger_today());
	END IF;
	IF opened.kind = 'agency' AND EXISTS (SELECT FROM collection_stops(ledger_today(), ARRAY[p_customer_id]) s WHERE s.reason IN ('bankruptcy', 'sanctions')) THEN
		RAISE EXCEPTION 'collection from customer % is stayed', p_customer_id
			USING ERRCODE = 'RC005', DETAIL = format('Found: %s.', (SELECT string_agg(s.reason, ', ') FROM collection_stops(ledger_today(), ARRAY[p_customer_id]) s)),
				HINT = 'No agency may ask for it either; lawyers file the claim.';
	END IF;
	IF opened.kind IN ('write_off', 'insurance') AND EXISTS (SELECT FROM escalation_item t JOIN item i ON i.customer_id = t.customer_id AND i.item_id = t.item_id
			WHERE t.customer_id = p_customer_id AND t.escalation_id = p_escalation_id AND i.open_amount <> t.amount) THEN
		RAISE EXCEPTION 'items of escalation % of customer % have changed', p_escalation_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'Other amounts are open than when it was asked for.',
				HINT = 'Cancel it with close_escalation(), and ask for another one.';
	END IF;
	SELECT * INTO used FROM use_approval(p_customer_id, CASE WHEN opened.kind = 'write_off' THEN 'write_off' ELSE 'escalation' END, opened.amount, opened.currency,
		escalation_subject(p_customer_id, p_escalation_id));
	UPDATE escalation e SET approval_id = used.approval_id, opened_on = e.state_on,
		after_allocation_id = COALESCE((SELECT max(a.allocation_id) FROM allocation a WHERE a.customer_id = p_customer_id), 0)
	WHERE e.customer_id = p_customer_id AND e.escalation_id = p_escalation_id;
	CASE opened.kind
		WHEN 'legal' THEN
			-- With lawyers there is no more credit, but for whom it has been worse before.
			IF EXISTS (SELECT FROM customer c WHERE c.customer_id = p_customer_id AND c.status = 'active') THEN
				PERFORM set_customer_status(p_customer_id, 'legal');
			END IF;
		WHEN 'write_off' THEN
			FOR lost IN SELECT t.item_id FROM escalation_item t WHERE t.customer_id = p_customer_id AND t.escalation_id = p_escalation_id ORDER BY t.item_id LOOP
				PERFORM grant_credit('write_off', p_customer_id, lost.item_id, opened.reason, NULL, NULL, NULL, NULL);
			END LOOP;
			PERFORM move_escalation(p_customer_id, p_escalation_id, '{open}', 'closed', 'written off');
		ELSE NULL;
	END CASE;
END $$;
COMMENT ON FUNCTION open_escalation(bigint, bigint) IS 'Does what was asked for, with its approval where one is required (RC004): hands the items over, places them, files the claim (not after its deadline), or writes them off. legal: an active customer gets the status legal. RC005: no agency asks who is bankrupt or sanctioned.';

CREATE OR REPLACE FUNCTION close_escalation(p_customer_id bigint, p_escalation_id bigint, p_note text, p_recall boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	closing escalation;
BEGIN
	PERFORM require_reason(p_note, format('the end of escalation %s of customer %s', p_escalation_id, p_customer_id));
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO closing FROM escalation e WHERE e.customer_id = p_customer_id AND e.escalation_id = p_escalation_id;
	PERFORM move_escalation(p_customer_id, p_escalation_id, '{requested,open}',
		CASE WHEN closing.state = 'requested' THEN 'cancelled' WHEN p_recall THEN 'recalled' ELSE 'closed' END, p_note);
END $$;
COMMENT ON FUNCTION close_escalation(bigint, bigint, text, boolean) IS 'Ends an escalation: one that is not open yet is cancelled, another one is closed, or, with p_recall, taken back from the agency or the lawyers.';

CREATE OR REPLACE FUNCTION record_remittance(p_customer_id bigint, p_escalation_id bigint, p_collected numeric, p_fee numeric DEFAULT NULL,
	p_received_on date DEFAULT NULL, p_document_id bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	placed escalation;
	kept numeric;
	received_on date := COALESCE(p_received_on, ledger_today());
	id bigint;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO placed FROM escalation e WHERE e.customer_id = p_customer_id AND e.escalation_id = p_escalation_id AND e.kind = 'agency' AND e.opened_on IS NOT NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no placement %', p_customer_id, p_escalation_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View placement shows them.';
	END IF;
	kept := COALESCE(p_fee, round(p_collected * placed.fee_percent / 100, credit.minor_unit(placed.currency)));
	IF p_collected IS NULL OR p_collected <= 0 OR p_collected <> round(p_collected, credit.minor_unit(placed.currency)) OR kept < 0 OR kept > p_collected THEN
		RAISE EXCEPTION 'remittance for placement % of customer % is not understood', p_escalation_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Collected are %s, the fee is %s.', COALESCE(p_collected::text, 'null'), COALESCE(kept::text, 'null')),
				HINT = format('Collected is above zero and in minor units of %s, the fee at most as much.', placed.currency);
	END IF;
	IF received_on < placed.opened_on OR received_on > ledger_today() THEN
		RAISE EXCEPTION 'remittance for placement % of customer % cannot have come on %', p_escalation_id, p_customer_id, received_on
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It was placed on %s; today is %s.', placed.opened_on, ledger_today());
	END IF;
	IF p_document_id IS NOT NULL THEN
		PERFORM read_document(p_customer_id, p_document_id);
	END IF;
	INSERT INTO agency_remittance (customer_id, escalation_id, collected, fee, remitted, received_on, document_id)
	VALUES (p_customer_id, p_escalation_id, p_collected, kept, p_collected - kept, received_on, p_document_id)
	RETURNING agency_remittance_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION record_remittance(bigint, bigint, numeric, numeric, date, bigint) IS 'Notes what an agency collected on a placement and passed on: p_collected less p_fee (default its fee of p_collected). It posts nothing: what the debtor paid is a payment, p_document_id. Returns its id.';

CREATE OR REPLACE FUNCTION open_placements(p_as_of date, p_customer_id bigint DEFAULT NULL, p_customers bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, item_id bigint, escalation_id bigint, kind text, party text, placed_on date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET plan_cache_mode = force_custom_plan SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY
		SELECT e.customer_id, i.item_id, e.escalation_id, e.kind, e.party, e.opened_on
		FROM escalation e JOIN escalation_item i ON i.customer_id = e.customer_id AND i.escalation_id = e.escalation_id
		WHERE e.kind IN ('legal', 'agency') AND e.opened_on <= p_as_of AND (e.state = 'open' OR e.state_on > p_as_of) AND (p_customer_id IS NULL OR e.customer_id = p_customer_id)
			AND (p_customers IS NULL OR e.customer_id = ANY (p_customers));
END $$;
COMMENT ON FUNCTION open_placements(date, bigint, bigint[]) IS 'Items that lawyers or an agency had on a day, of all customers, one or some: nobody else asks for them.';
