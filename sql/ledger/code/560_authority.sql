-- Who acts, who may decide, and four eyes: who asks does not approve.

CREATE OR REPLACE FUNCTION actor()
RETURNS text LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN COALESCE(credit.actor(current_schema()), session_user);
END $$;
COMMENT ON FUNCTION actor() IS 'The person who acts: whom set_actor() named in this transaction, or else the login. Neither SET ROLE nor a function with other rights changes it.';

ALTER TABLE hold ALTER actor SET DEFAULT actor();
ALTER TABLE hold_release ALTER actor SET DEFAULT actor();
ALTER TABLE order_release ALTER actor SET DEFAULT actor();
ALTER TABLE credit_limit ALTER actor SET DEFAULT actor();
ALTER TABLE due_date_change ALTER actor SET DEFAULT actor();
ALTER TABLE authority ALTER granted_by SET DEFAULT actor();
ALTER TABLE authority_end ALTER ended_by SET DEFAULT actor();
ALTER TABLE approval_policy ALTER set_by SET DEFAULT actor();
ALTER TABLE approval ALTER requested_by SET DEFAULT actor();
ALTER TABLE approval_vote ALTER person SET DEFAULT actor();
ALTER TABLE approval_use ALTER used_by SET DEFAULT actor();

CREATE OR REPLACE FUNCTION require_action(p_action text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	actions text[] := ARRAY['limit', 'hold_release', 'order_release', 'credit_note', 'write_off', 'refund', 'void', 'due_date', 'terms', 'transfer', 'payment_plan',
		'escalation', 'settlement', 'contact_override', 'reopen_period', 'actor'];
BEGIN
	IF p_action IS NULL OR p_action <> ALL (actions) THEN
		RAISE EXCEPTION 'unknown action "%"', p_action
			USING ERRCODE = 'invalid_parameter_value', HINT = format('Actions are %s.', array_to_string(actions, ', '));
	END IF;
END $$;
COMMENT ON FUNCTION require_action(text) IS 'Error 22023 unless it is an action that authority and policies know.';

CREATE OR REPLACE FUNCTION require_person(p_person text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	-- Two spellings of one name would be four eyes.
	IF COALESCE(p_person, '') = '' OR p_person <> btrim(p_person, E' \t\n\r') OR length(p_person) > 200 THEN
		RAISE EXCEPTION 'name of a person must be 1 to 200 characters without blanks around it'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE('"' || left(p_person, 200) || '"', 'null'));
	END IF;
END $$;
COMMENT ON FUNCTION require_person(text) IS 'Error 22023 unless it can be the name of a person.';

-- ---- Authority ----

CREATE OR REPLACE FUNCTION authority_of(p_person text, p_action text, p_on date)
RETURNS SETOF authority LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT a.* FROM authority a LEFT JOIN authority o ON o.authority_id = a.delegated_from
		WHERE a.person = p_person AND a.action = p_action
			AND p_on >= a.valid_from AND p_on <= COALESCE(a.valid_to, 'infinity')
			AND (o.authority_id IS NULL OR p_on BETWEEN o.valid_from AND COALESCE(o.valid_to, 'infinity'))
			AND NOT EXISTS (SELECT FROM authority_end e WHERE e.authority_id IN (a.authority_id, a.delegated_from) AND e.ends_on <= p_on)
		-- What needs no exchange rate is tried first, one's own before what was passed on.
		ORDER BY a.delegated_by IS NOT NULL, a.amount_limit IS NOT NULL, a.currency <> (SELECT l.base_currency FROM ledger_info l), a.authority_id;
END $$;
COMMENT ON FUNCTION authority_of(text, text, date) IS 'The authorities for an action that a person has on a day, delegated ones included.';

CREATE OR REPLACE FUNCTION grant_authority(p_person text, p_action text, p_amount_limit numeric DEFAULT NULL, p_currency text DEFAULT NULL,
	p_valid_from date DEFAULT NULL, p_valid_to date DEFAULT NULL, p_reason text DEFAULT 'granted')
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	starts date := COALESCE(p_valid_from, ledger_today());
	id bigint;
BEGIN
	PERFORM require_person(p_person);
	PERFORM require_action(p_action);
	PERFORM require_reason(p_reason, format('the authority of %s', p_person));
	IF p_amount_limit < 0 OR p_amount_limit IN ('NaN', 'Infinity') OR (p_action IN ('contact_override', 'reopen_period', 'actor') AND p_amount_limit IS NOT NULL) THEN
		RAISE EXCEPTION 'authority of % for % cannot be limited to that amount', p_person, p_action
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', p_amount_limit), HINT = 'Leave it out for any amount.';
	END IF;
	IF NOT isfinite(starts) OR NOT isfinite(COALESCE(p_valid_to, starts)) OR p_valid_to < starts THEN
		RAISE EXCEPTION 'authority of % for % has an impossible validity', p_person, p_action
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is from %s to %s.', starts, COALESCE(p_valid_to::text, 'without end'));
	END IF;
	PERFORM credit.minor_unit(p_currency);
	INSERT INTO authority (person, action, amount_limit, currency, valid_from, valid_to, reason)
	VALUES (p_person, p_action, p_amount_limit,
		CASE WHEN p_amount_limit IS NOT NULL THEN COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l)) END, starts, p_valid_to, p_reason)
	RETURNING authority_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION grant_authority(text, text, numeric, text, date, date, text) IS 'Gives a person the authority to approve an action up to p_amount_limit (default any amount) in p_currency (default the base currency), from p_valid_from (default today) to p_valid_to (default without end). With action actor: lets a login say who acts. Returns its id.';

CREATE OR REPLACE FUNCTION end_authority(p_authority_id bigint, p_reason text, p_ends_on date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	ends_on date := COALESCE(p_ends_on, ledger_today());
BEGIN
	PERFORM require_reason(p_reason, format('the end of authority %s', p_authority_id));
	IF NOT EXISTS (SELECT FROM authority a WHERE a.authority_id = p_authority_id) THEN
		RAISE EXCEPTION 'there is no authority %', p_authority_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table authority lists them.';
	END IF;
	-- What was decided on it stays decided.
	IF ends_on < ledger_today() OR NOT isfinite(ends_on) THEN
		RAISE EXCEPTION 'authority % cannot end on %', p_authority_id, ends_on
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Today is %s.', ledger_today()), HINT = 'It ends today or later.';
	END IF;
	INSERT INTO authority_end (authority_id, ends_on, reason) VALUES (p_authority_id, ends_on, p_reason) ON CONFLICT DO NOTHING;
END $$;
COMMENT ON FUNCTION end_authority(bigint, text, date) IS 'Ends an authority, and what was delegated from it: p_ends_on (default today) is the first day without it. Votes that rest on it stay.';

CREATE OR REPLACE FUNCTION delegate_authority(p_to text, p_action text, p_from date DEFAULT NULL, p_until date DEFAULT NULL, p_reason text DEFAULT 'delegated')
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	starts date := COALESCE(p_from, ledger_today());
	n integer;
BEGIN
	PERFORM require_person(p_to);
	PERFORM require_action(p_action);
	PERFORM require_reason(p_reason, format('the delegation to %s', p_to));
	IF p_until IS NULL OR NOT isfinite(p_until) OR NOT isfinite(starts) OR p_until < starts THEN
		RAISE EXCEPTION 'delegation of % to % needs a last day', p_action, p_to
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is from %s to %s.', starts, COALESCE(p_until::text, 'null'));
	END IF;
	IF p_to = actor() OR p_action = 'actor' THEN
		RAISE EXCEPTION 'authority for % cannot be delegated to %', p_action, p_to
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is for others than oneself, and the right to say who acts stays where it is.';
	END IF;
	INSERT INTO authority (person, action, amount_limit, currency, valid_from, valid_to, delegated_by, delegated_from, reason)
	SELECT p_to, a.action, a.amount_limit, a.currency, starts, p_until, a.person, a.authority_id, p_reason
	FROM authority_of(actor(), p_action, p_until) a
	WHERE a.delegated_by IS NULL AND a.valid_from <= starts;
	GET DIAGNOSTICS n = ROW_COUNT;
	IF n = 0 THEN
		RAISE EXCEPTION '% has no authority for % to delegate', actor(), p_action
			USING ERRCODE = 'RC004', DETAIL = format('Asked for is from %s to %s.', starts, p_until),
				HINT = 'Only what is one''s own on all these days can be passed on, and what was delegated cannot.';
	END IF;
	RETURN n;
END $$;
COMMENT ON FUNCTION delegate_authority(text, text, date, date, text) IS 'Lets p_to stand in from p_from (default today) to p_until with the authority for an action that the acting person has itself on all these days. It cannot be passed on, and ends with the authority it comes from. Returns how many authorities were delegated.';

CREATE OR REPLACE FUNCTION end_delegation(p_authority_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM authority a WHERE a.authority_id = p_authority_id AND a.delegated_by = actor()) THEN
		RAISE EXCEPTION '% has not delegated authority %', actor(), p_authority_id
			USING ERRCODE = 'RC004', HINT = 'end_authority() ends any authority.';
	END IF;
	PERFORM end_authority(p_authority_id, p_reason);
END $$;
COMMENT ON FUNCTION end_delegation(bigint, text) IS 'Takes back, from today on, what the acting person has delegated.';

CREATE OR REPLACE FUNCTION set_actor(p_person text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_person(p_person);
	IF NOT EXISTS (SELECT FROM authority_of(session_user, 'actor', ledger_today())) THEN
		RAISE EXCEPTION 'login % may not say who acts', session_user
			USING ERRCODE = 'RC004', DETAIL = format('It has no authority for actor on %s.', ledger_today()),
				HINT = 'grant_authority() gives a login that pools connections the authority for actor.';
	END IF;
	PERFORM credit.set_actor(current_schema(), p_person);
END $$;
COMMENT ON FUNCTION set_actor(text) IS 'Says who acts, for the rest of this transaction: for applications whose login stands for many people. The login needs authority for actor (RC004). ROLLBACK TO restores who acted before.';

-- ---- Approvals ----

CREATE OR REPLACE FUNCTION set_approval_policy(p_action text, p_required boolean, p_two_above numeric DEFAULT NULL, p_valid_days integer DEFAULT 30)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_action(p_action);
	IF p_required IS NULL OR p_action IN ('contact_override', 'reopen_period', 'actor') THEN
		RAISE EXCEPTION 'policy for % must say whether an approval is required', p_action
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For actor, contact_override and reopen_period there is none: they are rights, which no vote replaces.';
	END IF;
	IF p_two_above < 0 OR p_two_above IN ('NaN', 'Infinity') THEN
		RAISE EXCEPTION 'amount above which two approve % must be zero or more', p_action
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', p_two_above);
	END IF;
	IF p_valid_days IS NULL OR p_valid_days NOT BETWEEN 0 AND 3660 THEN
		RAISE EXCEPTION 'days for which an approval of % is good must be 0 to 3660', p_action
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are %s.', COALESCE(p_valid_days::text, 'null'));
	END IF;
	INSERT INTO approval_policy (action, required, two_above, valid_days) VALUES (p_action, p_required, p_two_above, p_valid_days);
END $$;
COMMENT ON FUNCTION set_approval_policy(text, boolean, numeric, integer) IS 'Says from now on whether an action needs an approval, and above which amount in base currency two people must approve (NULL: one is enough); that counts for requests that are open too. p_valid_days: for how many days after a request, of those to come, its approval can be used.';

CREATE OR REPLACE FUNCTION approval_required(p_action text)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN COALESCE((SELECT p.required FROM approval_policy p WHERE p.action = p_action ORDER BY p.approval_policy_id DESC LIMIT 1), false);
END $$;
COMMENT ON FUNCTION approval_required(text) IS 'Whether an action needs an approval by the policy in force.';

CREATE OR REPLACE FUNCTION votes_needed(p_action text, p_amount numeric, p_currency text)
RETURNS integer LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	two_above numeric := (SELECT p.two_above FROM approval_policy p WHERE p.action = p_action ORDER BY p.approval_policy_id DESC LIMIT 1);
BEGIN
	RETURN CASE WHEN two_above IS NULL OR p_amount IS NULL THEN 1
		WHEN p_amount * fx_rate_on(p_currency, ledger_today()) > two_above THEN 2 ELSE 1 END;
END $$;
COMMENT ON FUNCTION votes_needed(text, numeric, text) IS 'How many must approve a request by the policy and the exchange rate of today. RC006 where a rate is missing.';

CREATE OR REPLACE FUNCTION request_approval(p_customer_id bigint, p_action text, p_amount numeric, p_reason text,
	p_subject jsonb DEFAULT '{}', p_currency text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	needed text := CASE WHEN p_action IN ('void', 'refund', 'transfer') THEN 'document_id' WHEN p_action IN ('write_off', 'due_date') THEN 'item_id'
		WHEN p_action = 'hold_release' THEN 'hold_id' WHEN p_action = 'order_release' THEN 'order_id' END;
	id bigint;
BEGIN
	PERFORM require_action(p_action);
	PERFORM require_reason(p_reason, format('the request of customer %s', p_customer_id));
	IF p_action IN ('contact_override', 'reopen_period', 'actor') OR p_subject IS NULL OR jsonb_typeof(p_subject) <> 'object' OR NOT COALESCE(p_subject ? needed, true) THEN
		RAISE EXCEPTION 'an approval of % for customer % cannot be asked for like this', p_action, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The subject is %s.', COALESCE(p_subject::text, 'null')),
				HINT = COALESCE('The subject is an object with ' || needed || '.', 'The subject is an object; to say who acts, or to open a period again, is not approved.');
	END IF;
	IF (p_amount IS NULL) <> (p_action IN ('hold_release', 'terms')) THEN
		RAISE EXCEPTION 'an approval of % for customer % is % amount', p_action, p_customer_id, CASE WHEN p_amount IS NULL THEN 'about an' ELSE 'about no' END
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE(p_amount::text, 'null'));
	END IF;
	IF p_amount < 0 OR p_amount IN ('NaN', 'Infinity') THEN
		RAISE EXCEPTION 'amount of a request of customer % must be zero or more', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', p_amount);
	END IF;
	PERFORM credit.minor_unit(used_currency);
	PERFORM lock_customer(p_customer_id);
	INSERT INTO approval (customer_id, action, amount, currency, subject, reason, expires_on)
	VALUES (p_customer_id, p_action, p_amount, CASE WHEN p_amount IS NOT NULL THEN used_currency END, p_subject, p_reason,
		ledger_today() + COALESCE((SELECT p.valid_days FROM approval_policy p WHERE p.action = p_action ORDER BY p.approval_policy_id DESC LIMIT 1), 30))
	RETURNING approval_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION request_approval(bigint, text, numeric, text, jsonb, text) IS 'Asks for an approval, in the name of the acting person. Action, amount, p_currency (default the base currency) and p_subject must be those of what is done with it. Returns its id.';

CREATE OR REPLACE FUNCTION read_approval(p_customer_id bigint, p_approval_id bigint)
RETURNS approval LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	request approval;
	vote approval_vote;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO request FROM approval a WHERE a.customer_id = p_customer_id AND a.approval_id = p_approval_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no request %', p_customer_id, p_approval_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View approval_queue shows those that are open.';
	END IF;
	SELECT * INTO vote FROM approval_vote v WHERE v.customer_id = p_customer_id AND v.approval_id = p_approval_id AND NOT v.approves;
	IF FOUND THEN
		RAISE EXCEPTION 'request % of customer % is rejected', p_approval_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('%s rejected it: %s.', vote.person, vote.reason),
				HINT = 'Ask again with request_approval().';
	END IF;
	IF EXISTS (SELECT FROM approval_use u WHERE u.customer_id = p_customer_id AND u.approval_id = p_approval_id) THEN
		RAISE EXCEPTION 'request % of customer % is approved and used', p_approval_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Ask again with request_approval().';
	END IF;
	IF request.expires_on < ledger_today() THEN
		RAISE EXCEPTION 'request % of customer % has expired', p_approval_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Its last day was %s; today is %s.', request.expires_on, ledger_today()),
				HINT = 'Ask again with request_approval().';
	END IF;
	SELECT * INTO vote FROM approval_vote v WHERE v.customer_id = p_customer_id AND v.approval_id = p_approval_id AND v.person = actor();
	IF FOUND THEN
		RAISE EXCEPTION '% has voted on request % of customer % already', actor(), p_approval_id, p_customer_id
			USING ERRCODE = 'RC004', DETAIL = format('That was at %s.', vote.voted_at), HINT = 'Nobody votes twice.';
	END IF;
	RETURN request;
END $$;
COMMENT ON FUNCTION read_approval(bigint, bigint) IS 'A request that the acting person may still vote on, under the customer''s lock. Behind approve() and reject().';

CREATE OR REPLACE FUNCTION approve(p_customer_id bigint, p_approval_id bigint, p_reason text DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	today date := ledger_today();
	request approval := read_approval(p_customer_id, p_approval_id);
	figures text := COALESCE(' of ' || request.amount || ' ' || request.currency, '');
	candidate authority;
	obstacle text;
	missing integer;
BEGIN
	IF request.requested_by = actor() THEN
		RAISE EXCEPTION '% cannot approve what % asked for', actor(), actor()
			USING ERRCODE = 'RC004', DETAIL = format('Request %s of customer %s is %s%s.', p_approval_id, p_customer_id, replace(request.action, '_', ' '), figures),
				HINT = 'Who asks does not approve.';
	END IF;
	missing := votes_needed(request.action, request.amount, request.currency)
		- (SELECT count(*) FROM approval_vote v WHERE v.customer_id = p_customer_id AND v.approval_id = p_approval_id);
	IF missing <= 0 THEN
		RAISE EXCEPTION 'request % of customer % is approved already', p_approval_id, p_customer_id USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	-- Behind every vote stands somebody's own authority: not that of who asked, and nobody's twice.
	FOR candidate IN SELECT * FROM authority_of(actor(), request.action, today) LOOP
		IF candidate.amount_limit IS NOT NULL AND request.amount IS NOT NULL
			AND request.amount * fx_rate_on(request.currency, today) > candidate.amount_limit * fx_rate_on(candidate.currency, today) THEN
			obstacle := COALESCE(obstacle, format('Authority goes up to %s %s.', candidate.amount_limit, candidate.currency));
		ELSIF candidate.delegated_by = request.requested_by THEN
			obstacle := COALESCE(obstacle, format('Authority is delegated by %s, who asked.', candidate.delegated_by));
		ELSIF EXISTS (SELECT FROM approval_vote v JOIN authority a ON a.authority_id = v.authority_id
				WHERE v.customer_id = p_customer_id AND v.approval_id = p_approval_id
					AND COALESCE(a.delegated_by, a.person) = COALESCE(candidate.delegated_by, candidate.person)) THEN
			obstacle := COALESCE(obstacle, format('The authority of %s has approved it already.', COALESCE(candidate.delegated_by, candidate.person)));
		ELSE
			INSERT INTO approval_vote (customer_id, approval_id, approves, reason, authority_id)
			VALUES (p_customer_id, p_approval_id, true, p_reason, candidate.authority_id);
			RETURN missing - 1;
		END IF;
	END LOOP;
	RAISE EXCEPTION '% may not approve % for customer %', actor(), replace(request.action, '_', ' ') || figures, p_customer_id
		USING ERRCODE = 'RC004', DETAIL = COALESCE(obstacle, format('There is no authority for %s on %s.', request.action, today)),
			HINT = 'Somebody with enough authority must approve it.';
END $$;
COMMENT ON FUNCTION approve(bigint, bigint, text) IS 'Approves a request in the name of the acting person, who is not the one who asked and has authority for the action and the amount today. Returns how many votes are still missing.';

CREATE OR REPLACE FUNCTION reject(p_customer_id bigint, p_approval_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	request approval;
	rests_on bigint;
BEGIN
	PERFORM require_reason(p_reason, format('the rejection of request %s of customer %s', p_approval_id, p_customer_id));
	request := read_approval(p_customer_id, p_approval_id);
	IF request.requested_by <> actor() THEN
		SELECT a.authority_id INTO rests_on FROM authority_of(actor(), request.action, ledger_today()) a LIMIT 1;
		IF rests_on IS NULL THEN
			RAISE EXCEPTION '% may not reject % for customer %', actor(), request.action, p_customer_id
				USING ERRCODE = 'RC004', DETAIL = format('There is no authority for %s on %s.', request.action, ledger_today()),
					HINT = 'Who asked may take the request back.';
		END IF;
	END IF;
	INSERT INTO approval_vote (customer_id, approval_id, approves, reason, authority_id)
	VALUES (p_customer_id, p_approval_id, false, p_reason, rests_on);
END $$;
COMMENT ON FUNCTION reject(bigint, bigint, text) IS 'Rejects a request for good, also one that is approved and not used yet. Needs authority for the action, whatever the amount; who asked may take it back.';

CREATE OR REPLACE FUNCTION use_approval(p_customer_id bigint, p_action text, p_amount numeric, p_currency text, p_subject jsonb,
	OUT approval_id bigint, OUT requested_by text, OUT approved_by text)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	figures text := COALESCE(' of ' || p_amount || ' ' || p_currency, '');
	request approval;
	votes integer;
	rejected boolean;
	missing text;
BEGIN
	IF NOT approval_required(p_action) THEN
		RETURN;
	END IF;
	PERFORM lock_customer(p_customer_id);
	FOR request IN
		SELECT a.* FROM approval a
		WHERE a.customer_id = p_customer_id AND a.action = p_action AND a.amount IS NOT DISTINCT FROM p_amount
			AND a.currency IS NOT DISTINCT FROM p_currency AND a.subject = p_subject
		ORDER BY a.approval_id
	LOOP
		SELECT count(*) FILTER (WHERE v.approves), COALESCE(bool_or(NOT v.approves), false), string_agg(v.person, ', ' ORDER BY v.approval_vote_id)
		INTO votes, rejected, approved_by
		FROM approval_vote v WHERE v.customer_id = p_customer_id AND v.approval_id = request.approval_id;
		IF EXISTS (SELECT FROM approval_use u WHERE u.customer_id = p_customer_id AND u.approval_id = request.approval_id) THEN
			missing := format('Request %s was used already.', request.approval_id);
		ELSIF rejected THEN
			missing := format('Request %s is rejected.', request.approval_id);
		ELSIF request.expires_on < ledger_today() THEN
			missing := format('Request %s expired: its last day was %s, and today is %s.', request.approval_id, request.expires_on, ledger_today());
		ELSIF votes < votes_needed(request.action, request.amount, request.currency) THEN
			missing := format('Request %s has %s of %s votes.', request.approval_id, votes, votes_needed(request.action, request.amount, request.currency));
		ELSE
			INSERT INTO approval_use (customer_id, approval_id) VALUES (p_customer_id, request.approval_id);
			approval_id := request.approval_id;
			requested_by := request.requested_by;
			RETURN;
		END IF;
	END LOOP;
	RAISE EXCEPTION '% for customer % is not approved', replace(p_action, '_', ' ') || figures, p_customer_id
		USING ERRCODE = 'RC004', DETAIL = format('%s wants it for %s. %s', actor(), p_subject, COALESCE(missing, 'Nobody asked for exactly this.')),
			HINT = 'Ask with request_approval() for this action, amount and subject; somebody else approves it with approve().';
END $$;
COMMENT ON FUNCTION use_approval(bigint, text, numeric, text, jsonb) IS 'Uses up the oldest approval of exactly this action, amount and subject that has not expired, under the customer''s lock, and returns it; RC004 when there is none. Does nothing where the policy requires none.';

-- Documents that post_document() is asked for directly, and that have an action of their own.  What favours the customer
-- without money is a credit note by another name.
CREATE OR REPLACE FUNCTION require_approved_posting(p_kind text, p_customer_id bigint, p_amount numeric, p_currency text, p_side text,
	p_reverses bigint, p_idempotency_key text)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	action text := CASE WHEN p_reverses IS NOT NULL AND p_kind <> 'returned_payment' THEN 'void'
		WHEN p_kind IN ('credit_note', 'discount', 'set_off') OR (p_kind IN ('adjustment', 'fx_difference') AND p_side = 'credit') THEN 'credit_note'
		WHEN p_kind IN ('write_off', 'refund', 'transfer') THEN p_kind END;
BEGIN
	IF action IS NULL OR NOT approval_required(action) THEN
		RETURN;
	END IF;
	IF action <> 'credit_note' THEN
		RAISE EXCEPTION '% of % for customer % is not approved', replace(action, '_', '-'), concat_ws(' ', p_amount, p_currency), p_customer_id
			USING ERRCODE = 'RC004', DETAIL = format('%s wants it by post_document(), which uses no approval.', actor()),
				HINT = format('Ask for an approval, then call %s.',
					CASE action WHEN 'void' THEN 'void_document()' WHEN 'transfer' THEN 'transfer_credit()' ELSE action || '()' END);
	END IF;
	PERFORM lock_customer(p_customer_id);
	-- The same request again posts nothing.
	IF p_idempotency_key IS NULL OR NOT EXISTS (SELECT FROM document d WHERE d.customer_id = p_customer_id AND d.idempotency_key = p_idempotency_key) THEN
		PERFORM use_approval(p_customer_id, 'credit_note', p_amount, COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l)),
			CASE WHEN p_kind = 'credit_note' THEN '{}' ELSE jsonb_build_object('kind', p_kind) END);
	END IF;
END $$;
COMMENT ON FUNCTION require_approved_posting(text, bigint, numeric, text, text, bigint, text) IS 'Uses the approval of a credit note, or of another document in the customer''s favour that is no money, where the policy requires one, and refuses by post_document() what has a function and a policy of its own.';

CREATE OR REPLACE VIEW approval_queue AS
SELECT a.customer_id, c.name AS customer_name, a.approval_id, a.action, a.amount, a.currency, a.subject, a.reason, a.requested_by, a.requested_at,
	now() - a.requested_at AS age, v.approvals, v.approved_by, CASE WHEN n.needed > v.approvals THEN n.needed - v.approvals WHEN n.needed IS NOT NULL THEN 0 END AS votes_missing,
	a.expires_on
FROM approval a
	JOIN customer c ON c.customer_id = a.customer_id
	CROSS JOIN ledger_info l
	LEFT JOIN LATERAL (SELECT p.two_above FROM approval_policy p WHERE p.action = a.action ORDER BY p.approval_policy_id DESC LIMIT 1) p ON true
	LEFT JOIN LATERAL (SELECT r.rate FROM fx_rate r
		WHERE r.currency = a.currency AND r.valid_from <= (statement_timestamp() AT TIME ZONE l.time_zone)::date
		ORDER BY r.valid_from DESC LIMIT 1) r ON true
	CROSS JOIN LATERAL (SELECT CASE WHEN p.two_above IS NULL OR a.amount IS NULL THEN 1
		ELSE 1 + (a.amount * CASE WHEN a.currency = l.base_currency THEN 1 ELSE r.rate END > p.two_above)::integer END AS needed) n
	CROSS JOIN LATERAL (SELECT count(*)::integer AS approvals, string_agg(o.person, ', ' ORDER BY o.approval_vote_id) AS approved_by
		FROM approval_vote o WHERE o.customer_id = a.customer_id AND o.approval_id = a.approval_id) v
WHERE a.expires_on >= (statement_timestamp() AT TIME ZONE l.time_zone)::date
	AND NOT EXISTS (SELECT FROM approval_vote o WHERE o.customer_id = a.customer_id AND o.approval_id = a.approval_id AND NOT o.approves)
	AND NOT EXISTS (SELECT FROM approval_use u WHERE u.customer_id = a.customer_id AND u.approval_id = a.approval_id);
COMMENT ON VIEW approval_queue IS 'Requests for approval neither rejected nor used nor expired: those that wait for votes, and those that wait to be used (votes_missing 0).';
COMMENT ON COLUMN approval_queue.customer_id IS 'The debtor.';
COMMENT ON COLUMN approval_queue.customer_name IS 'Its name.';
COMMENT ON COLUMN approval_queue.approval_id IS 'Key of the request, with customer_id.';
COMMENT ON COLUMN approval_queue.action IS 'What is to be done.';
COMMENT ON COLUMN approval_queue.amount IS 'How much it is about.';
COMMENT ON COLUMN approval_queue.currency IS 'ISO 4217 code of amount.';
COMMENT ON COLUMN approval_queue.subject IS 'What it is done to.';
COMMENT ON COLUMN approval_queue.reason IS 'Why it is asked for.';
COMMENT ON COLUMN approval_queue.requested_by IS 'Person who asks.';
COMMENT ON COLUMN approval_queue.requested_at IS 'Since when.';
COMMENT ON COLUMN approval_queue.age IS 'How long it has been waiting.';
COMMENT ON COLUMN approval_queue.approvals IS 'Votes it has.';
COMMENT ON COLUMN approval_queue.approved_by IS 'Whose they are.';
COMMENT ON COLUMN approval_queue.votes_missing IS 'Votes it lacks by today''s policy and exchange rate; 0: it can be used; NULL: the rate is missing.';
COMMENT ON COLUMN approval_queue.expires_on IS 'Last day on which it can be approved and used.';
