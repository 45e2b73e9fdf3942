-- Texts of letters, written for their reader, and the outbox they wait in.

CREATE OR REPLACE FUNCTION letter_placeholders()
RETURNS TABLE (place text, name text, meaning text) LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY VALUES ('text', 'customer', 'Name of the customer.'), ('text', 'customer_number', 'Its account number.'), ('text', 'date', 'Day of the letter.'),
		('text', 'level', 'Highest level among the items.'), ('text', 'currency', 'Currency of the amounts.'), ('text', 'amount', 'What of the items is to be paid.'),
		('text', 'unapplied', 'Credit of the customer that is taken off.'), ('text', 'fee', 'Fee of the letter.'),
		('text', 'interest', 'Interest charged with the letter.'), ('text', 'charges', 'Fees and interest of before that are open, and not disputed.'),
		('text', 'total', 'What is to be paid in all.'), ('text', 'pay_by', 'Day by which.'), ('text', 'items', 'The items, a line for each.'),
		('line', 'number', 'Number of the document.'), ('line', 'doc_date', 'Its date.'), ('line', 'due_date', 'When the item was due.'),
		('line', 'days', 'Days past due.'), ('line', 'level', 'Level of the item.'), ('line', 'amount', 'What of it is to be paid.');
END $$;
COMMENT ON FUNCTION letter_placeholders() IS 'Placeholders that letter templates may use: in subject and body (text), and in the line for each item (line).';

CREATE OR REPLACE FUNCTION check_letter_template()
RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	wrong text;
BEGIN
	SELECT w.found INTO wrong FROM (
		SELECT 'text' AS place, m[1] AS found FROM regexp_matches(NEW.subject || E'\n' || NEW.body, '\{([^{}]*)\}', 'g') m
		UNION ALL SELECT 'line', m[1] FROM regexp_matches(NEW.line, '\{([^{}]*)\}', 'g') m) w
	WHERE NOT EXISTS (SELECT FROM letter_placeholders() p WHERE p.place = w.place AND p.name = w.found)
		OR (w.found = 'items' AND NEW.line = '') LIMIT 1;
	-- A brace without its partner is a misspelt placeholder too.
	IF wrong IS NULL AND regexp_replace(NEW.subject || NEW.body || NEW.line, '\{[^{}]*\}', '', 'g') ~ '[{}]' THEN
		wrong := '{';
	END IF;
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION 'letter template "%" in % has an unknown placeholder "%"', NEW.template, NEW.language, wrong
			USING ERRCODE = 'invalid_parameter_value', HINT = format('In the text there may be %s; in the line of an item %s.',
				(SELECT string_agg(p.name, ', ') FROM letter_placeholders() p WHERE p.place = 'text'),
				(SELECT string_agg(p.name, ', ') FROM letter_placeholders() p WHERE p.place = 'line'));
	END IF;
	RETURN NEW;
END $$;
COMMENT ON FUNCTION check_letter_template() IS 'Trigger: refuses a letter template with a placeholder that letter_placeholders() does not know (22023).';
CREATE OR REPLACE TRIGGER letter_template_check BEFORE INSERT OR UPDATE ON letter_template
	FOR EACH ROW EXECUTE FUNCTION check_letter_template();

CREATE OR REPLACE FUNCTION set_letter_template(p_template text, p_language text, p_subject text, p_body text, p_line text DEFAULT '{number}  {due_date}  {amount}')
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_text(p_template, 'the name of a letter template'), require_text(p_language, 'the language of a letter template'),
		require_text(p_subject, 'the subject of a letter template'), require_text(p_body, 'the text of a letter template');
	IF p_language !~ '^[a-z]{2,3}(-[A-Z]{2})?$' THEN
		RAISE EXCEPTION 'unknown language "%"', p_language
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is a language, or a language and a country, such as en or de-CH.';
	END IF;
	INSERT INTO letter_template AS t (template, language, subject, body, line) VALUES (p_template, p_language, p_subject, p_body, COALESCE(p_line, ''))
	ON CONFLICT (template, language) DO UPDATE SET subject = excluded.subject, body = excluded.body, line = excluded.line;
END $$;
COMMENT ON FUNCTION set_letter_template(text, text, text, text, text) IS 'Stores the text of a letter in a language: p_subject and p_body with placeholders as {amount}, p_line for each item. 22023 for a placeholder that letter_placeholders() does not know.';

CREATE OR REPLACE FUNCTION read_letter_template(p_template text, p_language text, p_default_language text)
RETURNS letter_template LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	found_template letter_template;
BEGIN
	SELECT t.* INTO found_template
	FROM unnest(ARRAY[p_language, split_part(p_language, '-', 1), p_default_language, split_part(p_default_language, '-', 1)]) WITH ORDINALITY w (language, n)
		JOIN letter_template t ON t.template = p_template AND t.language = w.language
	ORDER BY w.n LIMIT 1;
	RETURN found_template;
END $$;
COMMENT ON FUNCTION read_letter_template(text, text, text) IS 'The text of a letter in a language, or in its first part, or in the default language; NULL where there is none.';

CREATE OR REPLACE FUNCTION read_locale(p_language text)
RETURNS letter_locale LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	found_locale letter_locale;
BEGIN
	SELECT l.* INTO found_locale FROM letter_locale l WHERE l.language IN (p_language, split_part(p_language, '-', 1), 'und')
	ORDER BY l.language = 'und', length(l.language) DESC LIMIT 1;
	RETURN found_locale;
END $$;
COMMENT ON FUNCTION read_locale(text) IS 'How a language writes dates and amounts.';

CREATE OR REPLACE FUNCTION write_amount(p_amount numeric, p_currency text, p_style jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	decimals integer := credit.minor_unit(p_currency);
	mark text := COALESCE(p_style ->> 'group_mark', '');
	parts text[];
	figure text;
BEGIN
	IF p_amount IS NULL OR decimals IS NULL THEN
		RETURN NULL;
	END IF;
	IF p_amount IN ('NaN', 'Infinity', '-Infinity') THEN
		RAISE EXCEPTION 'an amount of % cannot be written', p_currency USING ERRCODE = 'numeric_value_out_of_range', DETAIL = concat('It is ', p_amount, '.');
	END IF;
	parts := string_to_array(round(abs(p_amount), decimals)::text, '.');
	IF mark <> '' THEN
		parts[1] := regexp_replace(parts[1], CASE p_style ->> 'lakh_groups' WHEN 'true' THEN '(\d)(?=(\d{2})*\d{3}$)' ELSE '(\d)(?=(\d{3})+$)' END, '\1' || mark, 'g');
	END IF;
	figure := CASE WHEN p_amount < 0 THEN '-' ELSE '' END || parts[1] || COALESCE(COALESCE(p_style ->> 'decimal_mark', '.') || parts[2], '');
	RETURN CASE p_style ->> 'currency_first' WHEN 'false' THEN figure || ' ' || p_currency ELSE p_currency || ' ' || figure END;
END $$;
COMMENT ON FUNCTION write_amount(numeric, text, jsonb) IS 'An amount with the decimals of its currency, in a style: an object as a row of letter_locale. NULL for a NULL amount or currency.';

-- One pass: what is filled in is never looked at again, whatever a customer is called.
CREATE OR REPLACE FUNCTION fill_in(p_text text, p_values jsonb)
RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	parts text[] := regexp_split_to_array(p_text, '\{[a-z_]+\}');
	names text[] := ARRAY(SELECT m[1] FROM regexp_matches(p_text, '\{([a-z_]+)\}', 'g') m);
	filled text := parts[1];
BEGIN
	FOR n IN 1 .. COALESCE(cardinality(names), 0) LOOP
		filled := filled || COALESCE(p_values ->> names[n], '') || parts[n + 1];
	END LOOP;
	RETURN filled;
END $$;
COMMENT ON FUNCTION fill_in(text, jsonb) IS 'A text whose placeholders are replaced by the values of their names; empty where there is none.';

-- ---- The outbox ----

CREATE OR REPLACE FUNCTION queue_message(p_customer_id bigint, p_channel text, p_recipient text, p_subject text, p_body text, p_source text,
	p_source_id bigint DEFAULT NULL, p_language text DEFAULT 'und', p_customer_contact_id bigint DEFAULT NULL, p_not_before timestamptz DEFAULT NULL,
	p_purpose text DEFAULT 'collection')
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	IF p_channel IS NULL OR p_channel NOT IN ('letter', 'e-mail', 'sms') THEN
		RAISE EXCEPTION 'unknown channel "%" of a message', p_channel USING ERRCODE = 'invalid_parameter_value', HINT = 'It is letter, e-mail or sms.';
	END IF;
	PERFORM require_text(p_recipient, 'the recipient of a message'), require_text(p_subject, 'the subject of a message'),
		require_text(p_body, 'the text of a message'), require_text(p_source, 'what a message comes from'), require_purpose(p_purpose);
	IF NOT EXISTS (SELECT FROM customer c WHERE c.customer_id = p_customer_id) THEN
		RAISE EXCEPTION 'there is no customer %', p_customer_id USING ERRCODE = 'foreign_key_violation', HINT = 'Add the customer first, with add_customer().';
	END IF;
	IF p_customer_contact_id IS NOT NULL THEN
		PERFORM read_customer_contact(p_customer_id, p_customer_contact_id);
	END IF;
	INSERT INTO outbox (customer_id, channel, recipient, subject, body, source, source_id, language, customer_contact_id, not_before, purpose)
	VALUES (p_customer_id, p_channel, p_recipient, p_subject, p_body, p_source, p_source_id, COALESCE(p_language, 'und'), p_customer_contact_id,
		COALESCE(p_not_before, now()), p_purpose)
	RETURNING outbox_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION queue_message(bigint, text, text, text, text, text, bigint, text, bigint, timestamptz, text) IS 'Puts a message (p_channel letter, e-mail or sms) into the outbox. p_source and p_source_id: what it comes from, once only. p_not_before: not to be taken earlier. p_purpose: collection; or end_of_collection, remedy or answer, as contact_allowed() has it. Returns its id.';

CREATE OR REPLACE FUNCTION take_messages(p_limit integer DEFAULT 100, p_channel text DEFAULT NULL, p_lease_minutes integer DEFAULT 10)
RETURNS TABLE (customer_id bigint, outbox_id bigint, channel text, recipient text, language text, subject text, body text, attempts integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF p_limit IS NULL OR p_limit NOT BETWEEN 1 AND 10000 OR p_lease_minutes IS NULL OR p_lease_minutes NOT BETWEEN 1 AND 1440 THEN
		RAISE EXCEPTION 'messages are taken 1 to 10000 at once, for 1 to 1440 minutes'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Asked for are %s for %s.', COALESCE(p_limit::text, 'null'), COALESCE(p_lease_minutes::text, 'null'));
	END IF;
	-- Who may no longer be written to is not, however long ago the letter was written.
	WITH stopped AS (
		SELECT o.customer_id, o.outbox_id, s.reason FROM outbox o JOIN collection_stops(ledger_today(),
			ARRAY(SELECT DISTINCT q.customer_id FROM outbox q WHERE q.state = 'queued')) s ON s.customer_id = o.customer_id
		-- A request to cease leaves saying that collection ends, or which remedy is or may be used (15 USC 1692c(c)), an unanswered one
		-- its answer (15 USC 1692g(b)); nothing else does.
		WHERE o.state = 'queued' AND CASE s.reason WHEN 'cease' THEN o.purpose IN ('collection', 'answer') WHEN 'validation' THEN o.purpose <> 'answer' ELSE true END FOR UPDATE OF o SKIP LOCKED)
	UPDATE outbox o SET state = 'failed', failed_at = now(), error = 'stopped: ' || s.reason
	FROM stopped s WHERE o.customer_id = s.customer_id AND o.outbox_id = s.outbox_id;
	RETURN QUERY
		WITH next_ones AS MATERIALIZED (
			SELECT o.customer_id, o.outbox_id, o.customer_contact_id, o.purpose, CASE o.channel WHEN 'sms' THEN 'e-mail' ELSE o.channel END AS channel FROM outbox o
			WHERE o.state = 'queued' AND o.not_before <= now() AND (o.taken_until IS NULL OR o.taken_until < now()) AND (p_channel IS NULL OR o.channel = p_channel)
			ORDER BY o.not_before, o.outbox_id LIMIT p_limit FOR UPDATE SKIP LOCKED),
		looked_at AS MATERIALIZED (
			SELECT n.customer_id, n.outbox_id, true AS allowed, NULL::timestamptz AS next_allowed, NULL::jsonb AS rules FROM next_ones n WHERE n.customer_contact_id IS NULL
			UNION ALL SELECT n.customer_id, n.outbox_id, a.allowed, a.next_allowed, a.rules
			FROM next_ones n CROSS JOIN LATERAL contact_allowed(n.customer_contact_id, n.channel, now(), p_purpose => n.purpose) a WHERE n.customer_contact_id IS NOT NULL),
		put_off AS (
			UPDATE outbox o SET not_before = COALESCE(l.next_allowed, o.not_before), error = l.rules -> 0 ->> 'says',
				state = CASE WHEN l.next_allowed IS NULL THEN 'failed' ELSE o.state END, failed_at = CASE WHEN l.next_allowed IS NULL THEN now() END
			FROM looked_at l WHERE o.customer_id = l.customer_id AND o.outbox_id = l.outbox_id AND NOT l.allowed)
		UPDATE outbox o SET taken_until = now() + make_interval(mins => p_lease_minutes), taken_by = session_user, attempts = o.attempts + 1
		FROM looked_at l WHERE o.customer_id = l.customer_id AND o.outbox_id = l.outbox_id AND l.allowed
		RETURNING o.customer_id, o.outbox_id, o.channel, o.recipient, o.language, o.subject, o.body, o.attempts;
END $$;
COMMENT ON FUNCTION take_messages(integer, text, integer) IS 'Takes up to p_limit messages out of the queue (of one channel, if given), the oldest first, and returns them; nobody else gets them for p_lease_minutes. Messages that another session is just taking are passed over. What is queued for a customer whose collection is stopped fails instead, but after a request to cease (15 USC 1692c(c)) not what ends collection or names a remedy, and after a question in writing not the answer (15 USC 1692g(b)); what the law of contacts forbids now waits until it does not, or fails where that is never.';

CREATE OR REPLACE FUNCTION report_message(p_customer_id bigint, p_outbox_id bigint, p_state text, p_error text DEFAULT NULL, p_retry_minutes integer DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	message outbox;
BEGIN
	IF p_state IS NULL OR p_state NOT IN ('sent', 'failed', 'delivered') THEN
		RAISE EXCEPTION 'unknown state "%" of a message', p_state USING ERRCODE = 'invalid_parameter_value', HINT = 'It is sent, failed or delivered.';
	END IF;
	SELECT * INTO message FROM outbox o WHERE o.customer_id = p_customer_id AND o.outbox_id = p_outbox_id FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no message %', p_customer_id, p_outbox_id USING ERRCODE = 'foreign_key_violation', HINT = 'Table outbox lists them.';
	END IF;
	IF message.state = p_state THEN
		RETURN;
	END IF;
	-- Sent ones may still bounce; what has arrived or failed is over.
	IF message.state IN ('failed', 'delivered') OR (message.state = 'queued' AND message.attempts = 0) THEN
		RAISE EXCEPTION 'message % of customer % is %', p_outbox_id, p_customer_id, message.state
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'take_messages() hands messages out; queue another one in place of one that failed.';
	END IF;
	IF p_state = 'failed' AND message.state = 'queued' AND p_retry_minutes IS NOT NULL THEN
		UPDATE outbox o SET not_before = now() + make_interval(mins => p_retry_minutes), taken_until = NULL, error = p_error WHERE o.customer_id = p_customer_id AND o.outbox_id = p_outbox_id;
	ELSE
		UPDATE outbox o SET state = p_state, taken_until = NULL, error = COALESCE(p_error, o.error),
			sent_at = CASE WHEN p_state IN ('sent', 'delivered') THEN COALESCE(o.sent_at, now()) ELSE o.sent_at END,
			delivered_at = CASE WHEN p_state = 'delivered' THEN now() END, failed_at = CASE WHEN p_state = 'failed' THEN now() END
		WHERE o.customer_id = p_customer_id AND o.outbox_id = p_outbox_id;
	END IF;
END $$;
COMMENT ON FUNCTION report_message(bigint, bigint, text, text, integer) IS 'Says what became of a message taken with take_messages(): sent, delivered, or failed with p_error. A failed one may be taken again after p_retry_minutes, if given, and is over otherwise. Saying the same again changes nothing.';
