-- Contacts: who is there, what is known of them, and what was said.

ALTER TABLE customer_contact ALTER actor SET DEFAULT actor();
ALTER TABLE contact_fact ALTER actor SET DEFAULT actor();
ALTER TABLE contact ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER contact_fact_append_only BEFORE DELETE OR UPDATE OF customer_id, contact_fact_id, customer_contact_id, kind, channel, from_time, to_time,
		valid_from, note, recorded_at, recorded_by, actor ON contact_fact
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('End it with end_contact_fact(), and enter another one.');
CREATE OR REPLACE TRIGGER contact_fact_no_truncate BEFORE TRUNCATE ON contact_fact
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('End it with end_contact_fact(), and enter another one.');
CREATE OR REPLACE TRIGGER contact_append_only BEFORE UPDATE OR DELETE ON contact
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Record another contact.');
CREATE OR REPLACE TRIGGER contact_no_truncate BEFORE TRUNCATE ON contact
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Record another contact.');

CREATE OR REPLACE FUNCTION read_customer_contact(p_customer_id bigint, p_customer_contact_id bigint)
RETURNS customer_contact LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	person customer_contact;
BEGIN
	SELECT * INTO person FROM customer_contact c WHERE c.customer_id = p_customer_id AND c.customer_contact_id = p_customer_contact_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no contact person %', p_customer_id, p_customer_contact_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Add the person with add_customer_contact().';
	END IF;
	RETURN person;
END $$;
COMMENT ON FUNCTION read_customer_contact(bigint, bigint) IS 'A person at a customer; error 23503 if there is none.';

-- An unknown zone would only show when somebody is to be called.
CREATE OR REPLACE FUNCTION require_time_zone(p_time_zone text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_time_zone IS NOT NULL AND NOT (p_time_zone = 'UTC' OR (p_time_zone LIKE '%/%' AND EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = p_time_zone))) THEN
		RAISE EXCEPTION 'unknown time zone "%"', left(p_time_zone, 100)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is a name of the IANA database such as America/New_York; view pg_timezone_names lists them.';
	END IF;
END $$;
COMMENT ON FUNCTION require_time_zone(text) IS 'Error 22023 unless it is the name of an IANA time zone with its place, or UTC. NULL passes.';

CREATE OR REPLACE FUNCTION require_channel(p_channel text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_channel NOT IN ('phone', 'e-mail', 'letter', 'visit') THEN
		RAISE EXCEPTION 'unknown channel "%"', left(p_channel, 100) USING ERRCODE = 'invalid_parameter_value', HINT = 'Channels are phone, e-mail, letter and visit.';
	END IF;
END $$;
COMMENT ON FUNCTION require_channel(text) IS 'Error 22023 unless it is phone, e-mail, letter or visit. NULL passes.';

CREATE OR REPLACE FUNCTION require_purpose(p_purpose text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_purpose IS NULL OR p_purpose NOT IN ('collection', 'end_of_collection', 'remedy', 'answer') THEN
		RAISE EXCEPTION 'unknown purpose "%" of a contact', left(p_purpose, 100)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is collection; end_of_collection or remedy: to say that collection ends, or which remedy is or may be used; answer: of what was asked or disputed in writing.';
	END IF;
END $$;
COMMENT ON FUNCTION require_purpose(text) IS 'Error 22023 unless it is a purpose of a contact: collection, end_of_collection, remedy or answer.';

CREATE OR REPLACE FUNCTION add_customer_contact(p_customer_id bigint, p_name text, p_time_zone text DEFAULT NULL, p_role text DEFAULT NULL, p_phone text DEFAULT NULL,
	p_email text DEFAULT NULL, p_address text DEFAULT NULL, p_language text DEFAULT NULL, p_preferred_channel text DEFAULT NULL, p_jurisdiction text DEFAULT NULL,
	p_kind text DEFAULT 'business')
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM lock_customer(p_customer_id);
	PERFORM require_time_zone(p_time_zone);
	PERFORM require_channel(p_preferred_channel);
	INSERT INTO customer_contact (customer_id, name, role, kind, language, preferred_channel, phone, email, address, jurisdiction, time_zone)
	VALUES (p_customer_id, p_name, p_role, p_kind, p_language, p_preferred_channel, p_phone, p_email, p_address, p_jurisdiction, p_time_zone)
	RETURNING customer_contact_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_customer_contact(bigint, text, text, text, text, text, text, text, text, text, text) IS 'Adds a person at a customer. p_time_zone: its IANA time zone; without one nobody can say that an hour suits, and nothing goes out to the person. p_kind: business, or consumer. Returns its id.';

CREATE OR REPLACE FUNCTION change_customer_contact(p_customer_id bigint, p_customer_contact_id bigint, p_changes jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	changeable text[] := ARRAY['name', 'role', 'kind', 'language', 'preferred_channel', 'phone', 'email', 'address', 'jurisdiction', 'time_zone', 'ended_on'];
	person customer_contact;
BEGIN
	IF p_changes IS NULL OR jsonb_typeof(p_changes) <> 'object' OR NOT p_changes - changeable = '{}' THEN
		RAISE EXCEPTION 'changes of contact person % of customer % are not understood', p_customer_contact_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are %s.', COALESCE(left(p_changes::text, 200), 'null')),
				HINT = format('They are an object with some of %s.', array_to_string(changeable, ', '));
	END IF;
	PERFORM lock_customer(p_customer_id);
	person := jsonb_populate_record(read_customer_contact(p_customer_id, p_customer_contact_id), p_changes);
	PERFORM require_time_zone(person.time_zone);
	PERFORM require_channel(person.preferred_channel);
	UPDATE customer_contact c SET name = person.name, role = person.role, kind = person.kind, language = person.language,
		preferred_channel = person.preferred_channel, phone = person.phone, email = person.email, address = person.address,
		jurisdiction = person.jurisdiction, time_zone = person.time_zone, ended_on = person.ended_on
	WHERE c.customer_id = p_customer_id AND c.customer_contact_id = p_customer_contact_id;
END $$;
COMMENT ON FUNCTION change_customer_contact(bigint, bigint, jsonb) IS 'Changes what is named in p_changes, an object of columns of customer_contact with their new values (null: none). ended_on: the person is no longer there.';

CREATE OR REPLACE FUNCTION add_contact_fact(p_customer_id bigint, p_customer_contact_id bigint, p_kind text, p_channel text DEFAULT NULL,
	p_valid_from timestamptz DEFAULT NULL, p_note text DEFAULT NULL, p_from_time time DEFAULT NULL, p_to_time time DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM lock_customer(p_customer_id);
	PERFORM read_customer_contact(p_customer_id, p_customer_contact_id);
	PERFORM require_channel(p_channel);
	IF p_kind IS NULL OR p_kind NOT IN ('consent', 'opt_out', 'cease', 'refusal', 'attorney', 'workplace', 'inconvenient') THEN
		RAISE EXCEPTION 'unknown fact "%" about a contact person', left(p_kind, 100)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is consent, opt_out, cease, refusal, attorney, workplace or inconvenient.';
	END IF;
	INSERT INTO contact_fact (customer_id, customer_contact_id, kind, channel, from_time, to_time, valid_from, note)
	VALUES (p_customer_id, p_customer_contact_id, p_kind, p_channel, p_from_time, p_to_time, COALESCE(p_valid_from, now()), p_note)
	RETURNING contact_fact_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_contact_fact(bigint, bigint, text, text, timestamptz, text, time, time) IS 'Enters what a person said or what is so, from p_valid_from (default now) on: consent, opt_out, cease, refusal, attorney, workplace or inconvenient, by p_channel or (NULL) by every one. Returns its id.';

CREATE OR REPLACE FUNCTION end_contact_fact(p_customer_id bigint, p_contact_fact_id bigint, p_valid_to timestamptz DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	fact contact_fact;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO fact FROM contact_fact f WHERE f.customer_id = p_customer_id AND f.contact_fact_id = p_contact_fact_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no fact % about a contact person', p_customer_id, p_contact_fact_id USING ERRCODE = 'foreign_key_violation';
	END IF;
	IF fact.ended_at IS NOT NULL THEN
		RAISE EXCEPTION 'fact % about a contact person of customer % has ended', p_contact_fact_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('%s ended it.', fact.ended_by), HINT = 'Enter it again with add_contact_fact().';
	END IF;
	UPDATE contact_fact f SET valid_to = GREATEST(COALESCE(p_valid_to, now()), f.valid_from), ended_at = now(), ended_by = actor()
	WHERE f.customer_id = p_customer_id AND f.contact_fact_id = p_contact_fact_id;
END $$;
COMMENT ON FUNCTION end_contact_fact(bigint, bigint, timestamptz) IS 'Ends a fact about a person, from p_valid_to (default now) on, such as a consent that was taken back. Once.';

CREATE OR REPLACE FUNCTION record_contact(p_customer_id bigint, p_customer_contact_id bigint, p_channel text, p_outcome_code text, p_direction text DEFAULT 'out',
	p_reason_code text DEFAULT NULL, p_note text DEFAULT NULL, p_next_step text DEFAULT NULL, p_resubmit_on date DEFAULT NULL, p_document_ids bigint[] DEFAULT '{}',
	p_contacted_at timestamptz DEFAULT NULL, p_person text DEFAULT NULL, p_override_reason text DEFAULT NULL, p_purpose text DEFAULT 'collection')
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	at timestamptz := COALESCE(p_contacted_at, now());
	unknown bigint;
	id bigint;
BEGIN
	PERFORM require_channel(p_channel);
	IF p_direction IS NULL OR p_direction NOT IN ('in', 'out') THEN
		RAISE EXCEPTION 'unknown direction "%" of a contact', left(p_direction, 100) USING ERRCODE = 'invalid_parameter_value', HINT = 'It is in or out.';
	END IF;
	PERFORM require_purpose(p_purpose);
	IF NOT EXISTS (SELECT FROM contact_outcome o WHERE o.outcome_code = p_outcome_code) THEN
		RAISE EXCEPTION 'there is no outcome "%" of a contact', left(p_outcome_code, 100)
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table contact_outcome lists them; the ledger''s owner adds more.';
	END IF;
	IF p_reason_code IS NOT NULL AND NOT EXISTS (SELECT FROM payment_reason r WHERE r.reason_code = p_reason_code) THEN
		RAISE EXCEPTION 'there is no reason "%" for not paying', left(p_reason_code, 100)
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table payment_reason lists them; the ledger''s owner adds more.';
	END IF;
	-- A clock may be some minutes ahead of ours.
	IF at > now() + interval '1 hour' OR NOT isfinite(at) THEN
		RAISE EXCEPTION 'contact with customer % is in the future', p_customer_id USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is at %s.', at);
	END IF;
	IF p_resubmit_on < ledger_today() OR NOT isfinite(p_resubmit_on) THEN
		RAISE EXCEPTION 'customer % cannot be resubmitted on %', p_customer_id, p_resubmit_on
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('Today is %s.', ledger_today());
	END IF;
	-- Two calls at once count each other.
	PERFORM lock_customer(p_customer_id);
	IF p_customer_contact_id IS NOT NULL OR p_direction = 'out' THEN
		PERFORM read_customer_contact(p_customer_id, p_customer_contact_id);
	END IF;
	SELECT u INTO unknown FROM unnest(p_document_ids) u WHERE NOT EXISTS (SELECT FROM document d WHERE d.customer_id = p_customer_id AND d.document_id = u) LIMIT 1;
	IF FOUND THEN
		PERFORM read_document(p_customer_id, unknown);
	END IF;
	INSERT INTO contact (customer_id, customer_contact_id, contacted_at, direction, channel, person, outcome_code, reason_code, note, next_step, resubmit_on,
		document_ids, override_reason, purpose)
	VALUES (p_customer_id, p_customer_contact_id, at, p_direction, p_channel, p_person, p_outcome_code, p_reason_code, p_note, p_next_step, p_resubmit_on,
		COALESCE(p_document_ids, '{}'), p_override_reason, p_purpose)
	RETURNING contact_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION record_contact(bigint, bigint, text, text, text, text, text, text, date, bigint[], timestamptz, text, text, text) IS 'Records a contact with a customer, at p_contacted_at (default now): with whom, by which channel, in which direction (out or in), what came of it, why they do not pay, what is next and when. A contact out is checked against the law of contacts; p_override_reason, from a person who may, has it recorded all the same. p_purpose: collection; or end_of_collection, remedy or answer, as contact_allowed() has it. Returns its id.';

-- The people go along with the account, and so does what they said, or nobody would have to heed it any more.
CREATE OR REPLACE FUNCTION move_contacts(p_customer_id bigint, p_into_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	INSERT INTO customer_contact (customer_id, name, role, kind, language, preferred_channel, phone, email, address, jurisdiction, time_zone, formerly)
	SELECT p_into_customer_id, c.name, c.role, c.kind, c.language, c.preferred_channel, c.phone, c.email, c.address, c.jurisdiction, c.time_zone, c.customer_contact_id
	FROM customer_contact c
	WHERE c.customer_id = p_customer_id AND c.ended_on IS NULL
		AND NOT EXISTS (SELECT FROM customer_contact o WHERE o.customer_id = p_into_customer_id AND o.formerly = c.customer_contact_id)
	ORDER BY c.customer_contact_id;
	INSERT INTO contact_fact (customer_id, customer_contact_id, kind, channel, from_time, to_time, valid_from, valid_to, note, ended_at, ended_by)
	SELECT p_into_customer_id, c.customer_contact_id, f.kind, f.channel, f.from_time, f.to_time, f.valid_from, f.valid_to, f.note, f.ended_at, f.ended_by
	FROM contact_fact f JOIN customer_contact c ON c.customer_id = p_into_customer_id AND c.formerly = f.customer_contact_id
	WHERE f.customer_id = p_customer_id
		-- Called again, it takes along what was said since.
		AND f.recorded_at > COALESCE((SELECT max(m.recorded_at) FROM customer_merge m WHERE m.customer_id = p_customer_id), '-infinity')
	ORDER BY f.contact_fact_id;
END $$;
COMMENT ON FUNCTION move_contacts(bigint, bigint) IS 'Copies the people at a customer, and the facts about them, to the customer it is merged into. Behind merge_customers().';
