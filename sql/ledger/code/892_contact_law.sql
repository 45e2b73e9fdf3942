-- May this person be contacted by this channel at this time?  Every rule that speaks, and the next time when none does.

ALTER TABLE contact_refusal ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER contact_refusal_append_only BEFORE UPDATE OR DELETE ON contact_refusal
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What was refused or overridden stays on record.');
CREATE OR REPLACE TRIGGER contact_refusal_no_truncate BEFORE TRUNCATE ON contact_refusal
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What was refused or overridden stays on record.');

CREATE OR REPLACE FUNCTION lies_in(p_place text, p_within text)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	-- Whose place is not known, or only its country, is protected by the rules of every place it may be.
	RETURN p_within IS NULL OR p_place IS NULL OR p_place = p_within OR starts_with(p_place, p_within || '-') OR starts_with(p_within, p_place || '-');
END $$;
COMMENT ON FUNCTION lies_in(text, text) IS 'Whether a place (US-NY) lies within a jurisdiction (US; NULL: everywhere). A place that is not known lies in every one, and a country without its part in every part.';

CREATE OR REPLACE FUNCTION contact_rules_for(p_kind text, p_jurisdiction text, p_channel text, p_on date)
RETURNS SETOF contact_rule LANGUAGE plpgsql STABLE ROWS 10 SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH known AS MATERIALIZED (
			SELECT r.* FROM contact_rule r
			WHERE (r.debtor_kind = p_kind OR r.debtor_kind IS NULL) AND lies_in(p_jurisdiction, r.jurisdiction) AND p_on BETWEEN r.valid_from AND r.valid_to)
		-- What a place has a rule for needs no rule of everywhere.
		SELECT k.* FROM known k
		WHERE (k.channels IS NULL OR p_channel = ANY (k.channels))
			AND NOT (k.jurisdiction IS NULL AND EXISTS (SELECT FROM known o WHERE o.kind = k.kind AND o.jurisdiction IS NOT NULL AND (o.channels IS NULL OR p_channel = ANY (o.channels))))
		ORDER BY k.rule_no;
END $$;
COMMENT ON FUNCTION contact_rules_for(text, text, text, date) IS 'Contact rules in force on a day for a kind of person in a place, about a channel. A rule of everywhere gives way to one of the same kind for the place and channel.';

-- Facts about the person that are so at a time.
CREATE OR REPLACE FUNCTION contact_fact_at(p_customer_id bigint, p_customer_contact_id bigint, p_kinds text[], p_channel text, p_at timestamptz, p_local time DEFAULT NULL)
RETURNS contact_fact LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	fact contact_fact;
BEGIN
	SELECT f.* INTO fact FROM contact_fact f
	WHERE f.customer_id = p_customer_id AND f.customer_contact_id = p_customer_contact_id AND f.kind = ANY (p_kinds) AND f.valid_from <= p_at AND f.valid_to > p_at
		AND (f.channel = p_channel OR f.channel IS NULL)
		AND (f.from_time IS NULL OR p_local IS NULL OR CASE WHEN f.from_time <= f.to_time THEN p_local >= f.from_time AND p_local < f.to_time
			ELSE p_local >= f.from_time OR p_local < f.to_time END)
	-- The one that lasts longest.
	ORDER BY f.valid_to DESC, f.from_time IS NOT NULL, f.contact_fact_id LIMIT 1;
	RETURN fact;
END $$;
COMMENT ON FUNCTION contact_fact_at(bigint, bigint, text[], text, timestamptz, time) IS 'A fact of some kinds about a person that is so at a time, for a channel; NULL where there is none. p_local: time of day where the person is.';

-- A person who came along with a merged customer has not been called any less for it; what a call was about has another number
-- now, and counts for every debt.
CREATE OR REPLACE FUNCTION person_contacts(p_customer_id bigint, p_customer_contact_id bigint, p_channels text[], p_after timestamptz, p_until timestamptz)
RETURNS SETOF contact LANGUAGE plpgsql STABLE ROWS 5 SET search_path FROM CURRENT AS $$
DECLARE
	made contact;
	message outbox;
	person customer_contact;
BEGIN
	SELECT k.* INTO person FROM customer_contact k WHERE k.customer_id = p_customer_id AND k.customer_contact_id = p_customer_contact_id;
	WHILE person.customer_contact_id IS NOT NULL LOOP
		FOR made IN SELECT c.* FROM contact c
			WHERE c.customer_id = person.customer_id AND c.customer_contact_id = person.customer_contact_id AND c.channel = ANY (p_channels)
				AND c.contacted_at > p_after AND c.contacted_at <= p_until
		LOOP
			IF person.customer_id <> p_customer_id THEN
				made.document_ids := '{}';
			END IF;
			RETURN NEXT made;
		END LOOP;
		-- What the outbox says was sent is a contact too, about the account.
		FOR message IN SELECT o.* FROM outbox o
			WHERE o.customer_id = person.customer_id AND o.customer_contact_id = person.customer_contact_id AND o.sent_at > p_after AND o.sent_at <= p_until
				AND CASE o.channel WHEN 'sms' THEN 'e-mail' ELSE o.channel END = ANY (p_channels)
		LOOP
			made := NULL;
			made.customer_id := p_customer_id;
			made.contact_id := 0;
			made.customer_contact_id := p_customer_contact_id;
			made.contacted_at := message.sent_at;
			made.direction := 'out';
			made.channel := CASE message.channel WHEN 'sms' THEN 'e-mail' ELSE message.channel END;
			made.outcome_code := 'sent';
			made.document_ids := '{}';
			made.purpose := message.purpose;
			RETURN NEXT made;
		END LOOP;
		SELECT f.* INTO person FROM customer_contact f WHERE f.customer_contact_id = person.formerly;
	END LOOP;
END $$;
COMMENT ON FUNCTION person_contacts(bigint, bigint, text[], timestamptz, timestamptz) IS 'Contacts with a person, by some channels, after one time and up to another, messages of the outbox that were sent among them, also those with it at a customer that was merged into this one, which are told as about every debt. Behind contact_findings().';

-- Cost: each rule reads a few rows by index, of the last days, however long the history is.
CREATE OR REPLACE FUNCTION contact_findings(p_customer_id bigint, p_customer_contact_id bigint, p_channel text, p_at timestamptz, p_document_ids bigint[] DEFAULT '{}',
	p_purpose text DEFAULT 'collection', p_except_contact_id bigint DEFAULT NULL)
RETURNS TABLE (rule_no integer, kind text, says text, until timestamptz, overridable boolean, source text)
LANGUAGE plpgsql STABLE ROWS 3 SET search_path FROM CURRENT AS $$
DECLARE
	person customer_contact := read_customer_contact(p_customer_id, p_customer_contact_id);
	zone text := COALESCE(person.time_zone, 'UTC');
	here timestamp := p_at AT TIME ZONE zone;
	rule contact_rule;
	fact contact_fact;
	debt bigint;
	day date;
BEGIN
	IF p_at IS NULL OR NOT isfinite(p_at) THEN
		RAISE EXCEPTION 'a contact with customer % must have a time', p_customer_id USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is %s.', COALESCE(p_at::text, 'null'));
	END IF;
	SELECT CASE WHEN c.status = 'sanctioned' THEN 'sanctions' ELSE 'bankruptcy' END,
		CASE WHEN c.status = 'sanctioned' THEN 'The customer is sanctioned.' ELSE format('A petition of %s stays collection.', COALESCE(n.petition_date::text, 'unknown date')) END,
		CASE WHEN c.status = 'sanctioned' THEN 'Sanctions law: no dealings' ELSE '11 USC 362(a)' END
	INTO kind, says, source
	FROM customer c LEFT JOIN LATERAL (SELECT o.petition_date FROM insolvency o WHERE o.customer_id = c.customer_id AND o.petition_date <= here::date
			AND COALESCE(o.ended_on, 'infinity') > here::date ORDER BY o.petition_date LIMIT 1) n ON true
	WHERE c.customer_id = p_customer_id AND (c.status IN ('bankrupt', 'sanctioned') OR n.petition_date IS NOT NULL);
	IF FOUND THEN
		overridable := false;
		RETURN NEXT;
	END IF;
	IF COALESCE(person.ended_on, 'infinity') <= here::date THEN
		kind := 'ended';
		says := format('%s is no longer there since %s.', person.name, person.ended_on);
		source := 'customer_contact.ended_on';
		overridable := false;
		RETURN NEXT;
	END IF;
	FOR rule IN SELECT r.* FROM contact_rules_for(person.kind, person.jurisdiction, p_channel, here::date) r LOOP
		rule_no := rule.rule_no;
		kind := rule.kind;
		overridable := rule.overridable;
		source := rule.source;
		says := NULL;
		until := NULL;
		CASE rule.kind
			WHEN 'time_zone' THEN
				IF person.time_zone IS NULL THEN
					says := format('The time zone of %s is not known.', person.name);
				END IF;
			WHEN 'hours' THEN
				IF NOT (here::time > rule.from_time AND here::time < rule.to_time) OR extract(isodow FROM here) <> ALL (COALESCE(rule.weekdays, '{1,2,3,4,5,6,7}')) THEN
					says := format('It is %s on %s there; contacts are allowed after %s and before %s.', to_char(here, 'HH24:MI'), to_char(here, 'YYYY-MM-DD'),
						to_char(rule.from_time, 'HH24:MI'), to_char(rule.to_time, 'HH24:MI'));
					SELECT min(d) INTO day FROM generate_series(here::date + CASE WHEN here::time <= rule.from_time THEN 0 ELSE 1 END, here::date + 8, interval '1 day') d
					WHERE extract(isodow FROM d) = ANY (COALESCE(rule.weekdays, '{1,2,3,4,5,6,7}'));
					until := (day + rule.from_time + interval '1 minute') AT TIME ZONE zone;
				END IF;
			WHEN 'inconvenient' THEN
				fact := contact_fact_at(p_customer_id, p_customer_contact_id, '{inconvenient}', p_channel, p_at, here::time);
				IF fact.contact_fact_id IS NOT NULL THEN
					says := format('%s said that it does not suit.', person.name);
					until := LEAST(CASE WHEN fact.from_time IS NOT NULL THEN (here::date + CASE WHEN here::time < fact.to_time THEN 0 ELSE 1 END + fact.to_time) AT TIME ZONE zone END,
						NULLIF(fact.valid_to, 'infinity'));
				END IF;
			WHEN 'cease' THEN
				fact := contact_fact_at(p_customer_id, p_customer_contact_id, '{cease,refusal}', p_channel, p_at);
				IF fact.contact_fact_id IS NOT NULL AND p_purpose IN ('collection', 'answer') THEN
					says := format('%s %s in writing.', person.name, CASE fact.kind WHEN 'cease' THEN 'asked to cease' ELSE 'refuses to pay' END);
					until := NULLIF(fact.valid_to, 'infinity');
				END IF;
			WHEN 'attorney', 'workplace', 'opt_out' THEN
				fact := contact_fact_at(p_customer_id, p_customer_contact_id, ARRAY[rule.kind], p_channel, p_at);
				IF fact.contact_fact_id IS NOT NULL THEN
					says := CASE rule.kind WHEN 'attorney' THEN format('%s is represented by an attorney.', person.name)
						WHEN 'workplace' THEN format('The employer of %s forbids contacts at work.', person.name)
						ELSE format('%s declined contacts by %s.', person.name, p_channel) END;
					until := NULLIF(fact.valid_to, 'infinity');
				END IF;
			WHEN 'consent' THEN
				fact := contact_fact_at(p_customer_id, p_customer_contact_id, '{consent}', p_channel, p_at);
				IF fact.contact_fact_id IS NULL THEN
					says := format('%s has not agreed to contacts by %s.', person.name, p_channel);
				END IF;
			WHEN 'frequency' THEN
				-- Per debt: a call about the account is one about each.  Any so many days with this call among them count, for calls are entered late, too.
				FOREACH debt IN ARRAY CASE WHEN COALESCE(p_document_ids, '{}') = '{}' THEN ARRAY[NULL::bigint] ELSE p_document_ids END LOOP
					SELECT max(w.first_day) INTO day FROM (
						SELECT k.day AS first_day, lead(k.day, rule.most - 1) OVER (ORDER BY k.day) AS last_day
						FROM (SELECT (c.contacted_at AT TIME ZONE zone)::date AS day
							FROM person_contacts(p_customer_id, p_customer_contact_id, ARRAY[p_channel], p_at - make_interval(days => rule.days + 1), p_at + make_interval(days => rule.days + 1)) c
							WHERE c.direction = 'out' AND c.contact_id IS DISTINCT FROM p_except_contact_id
								AND (debt IS NULL OR c.document_ids = '{}' OR debt = ANY (c.document_ids))
								-- A line that was busy was not connected.
								AND c.outcome_code <> 'busy') k) w
					WHERE w.last_day IS NOT NULL AND GREATEST(w.last_day, here::date) - LEAST(w.first_day, here::date) < rule.days;
					IF day IS NOT NULL THEN
						says := format('%s was called %s times in %s days%s.', person.name, rule.most, rule.days, CASE WHEN debt IS NOT NULL THEN format(' about document %s', debt) END);
						until := GREATEST(until, (GREATEST(day, here::date - rule.days + 1) + rule.days)::timestamp AT TIME ZONE zone);
					END IF;
				END LOOP;
			WHEN 'conversation' THEN
				FOREACH debt IN ARRAY CASE WHEN COALESCE(p_document_ids, '{}') = '{}' THEN ARRAY[NULL::bigint] ELSE p_document_ids END LOOP
					SELECT (c.contacted_at AT TIME ZONE zone)::date INTO day FROM (
						SELECT c.contacted_at, c.outcome_code
						FROM person_contacts(p_customer_id, p_customer_contact_id, ARRAY[p_channel], p_at - make_interval(days => rule.days + 1), p_at) c
							JOIN contact_outcome o ON o.outcome_code = c.outcome_code AND o.reached
						WHERE c.contact_id IS DISTINCT FROM p_except_contact_id AND (c.contacted_at AT TIME ZONE zone)::date > here::date - rule.days
							AND (debt IS NULL OR c.document_ids = '{}' OR debt = ANY (c.document_ids))
						ORDER BY c.contacted_at DESC LIMIT 1) c
					-- Who asks to be called back agrees to be.
					WHERE c.outcome_code <> 'call_back';
					IF FOUND THEN
						says := format('%s was spoken with on %s, less than %s days ago.', person.name, day, rule.days);
						until := GREATEST(until, (day + rule.days)::timestamp AT TIME ZONE zone);
					END IF;
				END LOOP;
			WHEN 'quiet_days' THEN
				SELECT (max(c.contacted_at) AT TIME ZONE zone)::date INTO day
				FROM person_contacts(p_customer_id, p_customer_contact_id, '{phone,e-mail,letter,visit}', p_at - make_interval(days => rule.days + 2), p_at) c
				WHERE c.direction = 'out' AND c.contact_id IS DISTINCT FROM p_except_contact_id;
				IF here::date <= day + rule.days THEN
					says := format('The last contact was on %s; %s quiet days follow it.', day, rule.days);
					until := (day + rule.days + 1)::timestamp AT TIME ZONE zone;
				END IF;
			WHEN 'validation' THEN
				SELECT d.received_on INTO day FROM debt_request d
				WHERE d.customer_id = p_customer_id AND d.customer_contact_id = p_customer_contact_id AND d.in_time AND d.answered_on IS NULL AND d.received_on <= here::date
					AND (d.document_ids = '{}' OR COALESCE(p_document_ids, '{}') = '{}' OR d.document_ids && p_document_ids)
				ORDER BY d.debt_request_id LIMIT 1;
				-- The answer is what it waits for (15 USC 1692g(b)).
				IF FOUND AND p_purpose <> 'answer' THEN
					says := format('What %s asked in writing on %s is not answered.', person.name, day);
				END IF;
			WHEN 'holiday' THEN
				IF EXISTS (SELECT FROM contact_holiday h WHERE h.day = here::date AND person.jurisdiction IS NOT NULL AND lies_in(person.jurisdiction, h.jurisdiction)) THEN
					says := format('%s is a holiday there.', here::date);
					until := (here::date + 1)::timestamp AT TIME ZONE zone;
				END IF;
			ELSE
				-- A rule on notices forbids no contact.
				CONTINUE;
		END CASE;
		IF says IS NOT NULL THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION contact_findings(bigint, bigint, text, timestamptz, bigint[], text, bigint) IS 'Every rule that speaks against contacting a person by a channel at a time: in what words, and until when (NULL: no end is known). Behind contact_allowed().';

CREATE OR REPLACE FUNCTION judge_contact(p_customer_id bigint, p_customer_contact_id bigint, p_channel text, p_at timestamptz, p_document_ids bigint[], p_purpose text,
	p_except_contact_id bigint DEFAULT NULL, OUT rules jsonb, OUT next_allowed timestamptz)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	later timestamptz;
	endless boolean;
BEGIN
	SELECT COALESCE(jsonb_agg(to_jsonb(f) ORDER BY f.rule_no NULLS FIRST), '[]'), max(f.until), bool_or(f.until IS NULL) INTO rules, next_allowed, endless
	FROM contact_findings(p_customer_id, p_customer_contact_id, p_channel, p_at, p_document_ids, p_purpose, p_except_contact_id) f;
	IF rules = '[]' THEN
		next_allowed := p_at;
		RETURN;
	END IF;
	-- When all that speaks now has ended, something else may speak: a night, a holiday.
	FOR n IN 1 .. 100 LOOP
		EXIT WHEN endless;
		SELECT max(f.until), COALESCE(bool_or(f.until IS NULL), false) INTO later, endless
		FROM contact_findings(p_customer_id, p_customer_contact_id, p_channel, next_allowed, p_document_ids, p_purpose, p_except_contact_id) f;
		IF later IS NULL AND NOT endless THEN
			RETURN;
		END IF;
		next_allowed := GREATEST(later, next_allowed + interval '1 minute');
	END LOOP;
	next_allowed := NULL;
END $$;
COMMENT ON FUNCTION judge_contact(bigint, bigint, text, timestamptz, bigint[], text, bigint) IS 'The rules that speak against a contact, and the next time when none does. Behind contact_allowed() and the trigger on contact.';

CREATE OR REPLACE FUNCTION contact_allowed(p_customer_contact_id bigint, p_channel text, p_at timestamptz, p_document_ids bigint[] DEFAULT '{}', p_purpose text DEFAULT 'collection',
	OUT allowed boolean, OUT rules jsonb, OUT next_allowed timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	customer bigint := (SELECT c.customer_id FROM customer_contact c WHERE c.customer_contact_id = p_customer_contact_id);
BEGIN
	PERFORM require_channel(p_channel);
	IF p_channel IS NULL OR p_at IS NULL OR NOT isfinite(p_at) THEN
		RAISE EXCEPTION 'a contact is by a channel at a time' USING ERRCODE = 'null_value_not_allowed', DETAIL = format('It is by %s at %s.', COALESCE(p_channel, 'null'), COALESCE(p_at::text, 'null'));
	END IF;
	PERFORM require_purpose(p_purpose);
	IF customer IS NULL THEN
		RAISE EXCEPTION 'there is no contact person %', p_customer_contact_id USING ERRCODE = 'foreign_key_violation', HINT = 'Add the person with add_customer_contact().';
	END IF;
	SELECT j.rules, j.next_allowed INTO rules, next_allowed FROM judge_contact(customer, p_customer_contact_id, p_channel, p_at, p_document_ids, p_purpose) j;
	allowed := rules = '[]';
END $$;
COMMENT ON FUNCTION contact_allowed(bigint, text, timestamptz, bigint[], text) IS 'Whether a person may be contacted by p_channel (phone, e-mail, letter or visit) at p_at: allowed; every rule that speaks against it, with its number, kind, words, end and source; and the next time when none does (NULL: nobody can say). p_document_ids: the debts it is about, default the account. p_purpose: collection; or end_of_collection or remedy, which a request to cease does not stop; or answer, which what was asked or disputed in writing does not stop.';

-- ---- The trigger, and what is refused ----

CREATE OR REPLACE FUNCTION guard_contact()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	findings jsonb;
	speaking record;
	next_time timestamptz;
BEGIN
	IF NEW.direction = 'in' THEN
		RETURN NULL;
	END IF;
	-- Two calls at once count each other.
	PERFORM lock_customer(NEW.customer_id);
	SELECT j.rules, j.next_allowed INTO findings, next_time
	FROM judge_contact(NEW.customer_id, NEW.customer_contact_id, NEW.channel, NEW.contacted_at, NEW.document_ids, NEW.purpose, NEW.contact_id) j;
	IF findings = '[]' THEN
		RETURN NULL;
	END IF;
	SELECT f ->> 'says' AS says, f ->> 'source' AS source INTO speaking FROM jsonb_array_elements(findings) f
	ORDER BY (NEW.override_reason IS NOT NULL AND (f ->> 'overridable')::boolean) LIMIT 1;
	IF NEW.override_reason IS NULL OR EXISTS (SELECT FROM jsonb_array_elements(findings) f WHERE NOT (f ->> 'overridable')::boolean) THEN
		RAISE EXCEPTION 'contact with person % of customer % by % is not allowed', NEW.customer_contact_id, NEW.customer_id, NEW.channel
			USING ERRCODE = 'RC005', DETAIL = format('%s (%s) All that speaks against it: %s', speaking.says, speaking.source, findings),
				HINT = CASE WHEN NEW.override_reason IS NOT NULL THEN 'No authority overrides this.'
					WHEN next_time IS NULL THEN 'Nobody can say when it will be.' ELSE format('It is from %s on; log_contact() records what is refused.', next_time) END;
	END IF;
	IF NOT EXISTS (SELECT FROM authority_of(actor(), 'contact_override', ledger_today())) THEN
		RAISE EXCEPTION '% may not contact person % of customer % all the same', actor(), NEW.customer_contact_id, NEW.customer_id
			USING ERRCODE = 'RC005', DETAIL = format('%s (%s)', speaking.says, speaking.source), HINT = 'It takes authority for contact_override, and a reason.';
	END IF;
	INSERT INTO contact_refusal (customer_id, customer_contact_id, channel, at, document_ids, rules, contact_id, override_reason)
	VALUES (NEW.customer_id, NEW.customer_contact_id, NEW.channel, NEW.contacted_at, NEW.document_ids, findings, NEW.contact_id, NEW.override_reason);
	RETURN NULL;
END $$;
COMMENT ON FUNCTION guard_contact() IS 'Trigger: refuses a contact out that a rule speaks against (RC005), unless a person with authority for contact_override gives a reason and every rule can be overridden; then it goes to contact_refusal.';
CREATE OR REPLACE TRIGGER contact_guard AFTER INSERT ON contact
	FOR EACH ROW EXECUTE FUNCTION guard_contact();

CREATE OR REPLACE FUNCTION log_contact(p_customer_id bigint, p_customer_contact_id bigint, p_channel text, p_outcome_code text, p_direction text DEFAULT 'out',
	p_reason_code text DEFAULT NULL, p_note text DEFAULT NULL, p_next_step text DEFAULT NULL, p_resubmit_on date DEFAULT NULL, p_document_ids bigint[] DEFAULT '{}',
	p_contacted_at timestamptz DEFAULT NULL, p_person text DEFAULT NULL, p_override_reason text DEFAULT NULL, p_purpose text DEFAULT 'collection',
	OUT contact_id bigint, OUT allowed boolean, OUT rules jsonb, OUT next_allowed timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	BEGIN
		contact_id := record_contact(p_customer_id, p_customer_contact_id, p_channel, p_outcome_code, p_direction, p_reason_code, p_note, p_next_step, p_resubmit_on,
			p_document_ids, p_contacted_at, p_person, p_override_reason, p_purpose);
		allowed := true;
		rules := COALESCE((SELECT r.rules FROM contact_refusal r WHERE r.customer_id = p_customer_id AND r.contact_id = log_contact.contact_id), '[]');
		next_allowed := COALESCE(p_contacted_at, now());
	EXCEPTION WHEN SQLSTATE 'RC005' THEN
		-- Only the contact is undone; that it was wanted stays on record.
		SELECT a.rules, a.next_allowed INTO rules, next_allowed
		FROM contact_allowed(p_customer_contact_id, p_channel, COALESCE(p_contacted_at, now()), COALESCE(p_document_ids, '{}'), p_purpose) a;
		contact_id := NULL;
		allowed := false;
		INSERT INTO contact_refusal (customer_id, customer_contact_id, channel, at, document_ids, rules)
		VALUES (p_customer_id, p_customer_contact_id, p_channel, COALESCE(p_contacted_at, now()), COALESCE(p_document_ids, '{}'), rules);
	END;
END $$;
COMMENT ON FUNCTION log_contact(bigint, bigint, text, text, text, text, text, text, date, bigint[], timestamptz, text, text, text) IS 'Records a contact as record_contact() does, with the same arguments; what the law of contacts refuses is no error, but recorded in contact_refusal and told: allowed, the rules that spoke, and the next time when none does. contact_id: NULL where it was refused.';

CREATE OR REPLACE VIEW compliance_log AS
SELECT r.customer_id, c.name AS customer_name, r.contact_refusal_id, r.customer_contact_id, p.name AS person, r.channel, r.at,
	CASE WHEN r.contact_id IS NULL THEN 'refused' ELSE 'overridden' END AS outcome,
	ARRAY(SELECT f ->> 'kind' FROM jsonb_array_elements(r.rules) f) AS rules, r.rules AS details, r.contact_id, r.override_reason, r.actor, r.recorded_at
FROM contact_refusal r JOIN customer c ON c.customer_id = r.customer_id
	LEFT JOIN customer_contact p ON p.customer_id = r.customer_id AND p.customer_contact_id = r.customer_contact_id;
COMMENT ON VIEW compliance_log IS 'Every contact that was refused and recorded by log_contact(), and every one made in spite of a rule.';
COMMENT ON COLUMN compliance_log.customer_id IS 'The debtor.';
COMMENT ON COLUMN compliance_log.customer_name IS 'Its name.';
COMMENT ON COLUMN compliance_log.contact_refusal_id IS 'Key, with customer_id.';
COMMENT ON COLUMN compliance_log.customer_contact_id IS 'The person.';
COMMENT ON COLUMN compliance_log.person IS 'Its name.';
COMMENT ON COLUMN compliance_log.channel IS 'Channel it was to go by.';
COMMENT ON COLUMN compliance_log.at IS 'Time it was to be made.';
COMMENT ON COLUMN compliance_log.outcome IS 'refused, or overridden.';
COMMENT ON COLUMN compliance_log.rules IS 'Kinds of the rules that spoke.';
COMMENT ON COLUMN compliance_log.details IS 'The rules, as contact_allowed() tells them.';
COMMENT ON COLUMN compliance_log.contact_id IS 'The contact that was made all the same.';
COMMENT ON COLUMN compliance_log.override_reason IS 'Why it was made.';
COMMENT ON COLUMN compliance_log.actor IS 'Person who wanted it.';
COMMENT ON COLUMN compliance_log.recorded_at IS 'Record time.';
