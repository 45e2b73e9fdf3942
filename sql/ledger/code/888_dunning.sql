-- Dunning: letters for what is past due, a level at a time.
--
-- dunning_items() finds out, in one statement for all customers, which items reach their next level on a day and which
-- are spared and why.  A run locks these customers in id order, finds out again, and writes what follows from it.  What
-- reads all customers or some is planned for those it is asked about: one plan for both would read all for each batch.

ALTER TABLE dunning_policy ALTER actor SET DEFAULT actor();
ALTER TABLE dunning_run ALTER actor SET DEFAULT actor();
ALTER TABLE dunning_pause ALTER actor SET DEFAULT actor();
DO $do$
DECLARE
	guarded record;
BEGIN
	FOR guarded IN SELECT * FROM (VALUES ('dunning_policy', 'Set a policy that starts later, with set_dunning_policy().'), ('dunning_level', 'Set a policy that starts later, with set_dunning_policy().'),
			('dunning_run', 'What was dunned stays on record.'), ('dunning_letter', 'What was dunned stays on record.'), ('dunning_item', 'What was dunned stays on record.'),
			('dunning_skip', 'What was not dunned stays on record.')) t (name, hint) LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION credit.refuse_change(%L)',
			guarded.name || '_append_only', guarded.name, guarded.hint);
		EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change(%L)',
			guarded.name || '_no_truncate', guarded.name, guarded.hint);
	END LOOP;
END $do$;
CREATE OR REPLACE TRIGGER dunning_pause_append_only BEFORE DELETE OR UPDATE OF customer_id, dunning_pause_id, item_id, pauses_from, pauses_until, reason, recorded_at,
		recorded_by, actor ON dunning_pause
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('End it with resume_dunning().');
CREATE OR REPLACE TRIGGER dunning_pause_no_truncate BEFORE TRUNCATE ON dunning_pause
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('End it with resume_dunning().');

-- ---- Policies and pauses ----

CREATE OR REPLACE FUNCTION set_dunning_policy(p_name text, p_currency text, p_levels jsonb, p_risk_class text DEFAULT NULL, p_valid_from date DEFAULT NULL,
	p_interval_days integer DEFAULT 7, p_net_of_unapplied boolean DEFAULT true, p_language text DEFAULT 'en', p_pay_days integer DEFAULT 10)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	minor integer := credit.minor_unit(p_currency);
	starts date := COALESCE(p_valid_from, ledger_today());
	unknown text;
	id bigint;
BEGIN
	PERFORM require_text(p_name, 'the name of a dunning policy'), require_text(p_currency, 'the currency of a dunning policy');
	IF p_levels IS NULL OR jsonb_typeof(p_levels) <> 'array' OR jsonb_array_length(p_levels) NOT BETWEEN 1 AND 9
		OR EXISTS (SELECT FROM jsonb_array_elements(p_levels) l WHERE jsonb_typeof(l) <> 'object') THEN
		RAISE EXCEPTION 'levels of dunning policy "%" must be an array of 1 to 9 objects', p_name USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT k INTO unknown FROM jsonb_array_elements(p_levels) l, jsonb_object_keys(l) k
	WHERE k NOT IN ('days', 'days_from', 'minimum_amount', 'fee', 'charges_interest', 'channel', 'template', 'hold') LIMIT 1;
	IF unknown IS NOT NULL THEN
		RAISE EXCEPTION 'levels of dunning policy "%" have no "%"', p_name, unknown
			USING ERRCODE = 'invalid_parameter_value', HINT = 'A level has days, days_from, minimum_amount, fee, charges_interest, channel, template and hold.';
	END IF;
	IF EXISTS (SELECT FROM jsonb_array_elements(p_levels) l WHERE NOT l ?& ARRAY['days', 'template']) THEN
		RAISE EXCEPTION 'every level of dunning policy "%" needs days and a template', p_name USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO dunning_policy (name, currency, risk_class, valid_from, interval_days, net_of_unapplied, language, pay_days)
	VALUES (p_name, p_currency, p_risk_class, starts, COALESCE(p_interval_days, 7), COALESCE(p_net_of_unapplied, true), COALESCE(p_language, 'en'), COALESCE(p_pay_days, 10))
	RETURNING dunning_policy_id INTO id;
	INSERT INTO dunning_level (dunning_policy_id, level, days, days_from, minimum_amount, fee, charges_interest, channel, template, hold)
	SELECT id, l.n, (l.value ->> 'days')::integer, COALESCE(l.value ->> 'days_from', 'due_date'), COALESCE((l.value ->> 'minimum_amount')::numeric, 0),
		COALESCE((l.value ->> 'fee')::numeric, 0), COALESCE((l.value ->> 'charges_interest')::boolean, false), COALESCE(l.value ->> 'channel', 'letter'),
		l.value ->> 'template', COALESCE((l.value ->> 'hold')::boolean, false)
	FROM jsonb_array_elements(p_levels) WITH ORDINALITY l (value, n);
	SELECT format('Level %s has fee %s and minimum amount %s.', l.level, l.fee, l.minimum_amount) INTO unknown
	FROM dunning_level l WHERE l.dunning_policy_id = id AND (l.fee <> round(l.fee, minor) OR l.minimum_amount <> round(l.minimum_amount, minor)) LIMIT 1;
	IF unknown IS NOT NULL THEN
		RAISE EXCEPTION 'amounts of dunning policy "%" must be in minor units of %', p_name, p_currency USING ERRCODE = 'invalid_parameter_value', DETAIL = unknown;
	END IF;
	SELECT l.template INTO unknown FROM dunning_level l
	WHERE l.dunning_policy_id = id AND (read_letter_template(l.template, p_language, COALESCE(p_language, 'en'))).template IS NULL LIMIT 1;
	IF unknown IS NOT NULL THEN
		RAISE EXCEPTION 'there is no letter template "%" in %', unknown, p_language USING ERRCODE = 'foreign_key_violation', HINT = 'set_letter_template() stores one.';
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION set_dunning_policy(text, text, jsonb, text, date, integer, boolean, text, integer) IS 'Sets how items in a currency are dunned from p_valid_from (default today), for customers of p_risk_class or of every one without its own. p_levels: an array of objects as columns of dunning_level, level 1 first; days and template are needed. p_language: of letters to customers who name none. p_pay_days: until when a letter asks for payment. Returns its id.';

CREATE OR REPLACE FUNCTION pause_dunning(p_customer_id bigint, p_reason text, p_item_id bigint DEFAULT NULL, p_until date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, format('a pause in dunning customer %s', p_customer_id));
	IF NOT isfinite(p_until) OR p_until < ledger_today() THEN
		RAISE EXCEPTION 'a pause in dunning customer % must end today or later', p_customer_id
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It would end on %s; today is %s.', p_until, ledger_today());
	END IF;
	PERFORM lock_customer(p_customer_id);
	IF p_item_id IS NOT NULL AND NOT EXISTS (SELECT FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id AND i.amount > 0) THEN
		RAISE EXCEPTION 'customer % has no debit item %', p_customer_id, p_item_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View open_items shows the items of a customer.';
	END IF;
	INSERT INTO dunning_pause (customer_id, item_id, pauses_from, pauses_until, reason)
	VALUES (p_customer_id, p_item_id, ledger_today(), p_until, p_reason) RETURNING dunning_pause_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION pause_dunning(bigint, text, bigint, date) IS 'From today until p_until (default until resume_dunning()) the customer, or only p_item_id, gets no dunning letter; levels stay as they are. Returns the id of the pause.';

CREATE OR REPLACE FUNCTION resume_dunning(p_customer_id bigint, p_dunning_pause_id bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM lock_customer(p_customer_id);
	UPDATE dunning_pause p SET ended_on = ledger_today()
	WHERE p.customer_id = p_customer_id AND p.dunning_pause_id = p_dunning_pause_id AND p.ended_on IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no pause % to end', p_customer_id, p_dunning_pause_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table dunning_pause lists them.';
	END IF;
END $$;
COMMENT ON FUNCTION resume_dunning(bigint, bigint) IS 'Ends a pause in dunning, from today.';

-- ---- What is to be dunned ----

CREATE OR REPLACE FUNCTION dunning_items(p_as_of date, p_customers bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, item_id bigint, dunning_policy_id bigint, level integer, amount numeric, skipped text, letter_level integer, letter_amount numeric, unapplied numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100000 SET plan_cache_mode = force_custom_plan SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY
	WITH policies AS MATERIALIZED (
		SELECT k.risk_class, k.currency, (SELECT p.dunning_policy_id FROM dunning_policy p
			WHERE p.currency = k.currency AND (p.risk_class = k.risk_class OR p.risk_class IS NULL) AND p.valid_from <= p_as_of
			ORDER BY p.risk_class NULLS LAST, p.valid_from DESC LIMIT 1) AS dunning_policy_id
		FROM (SELECT r.risk_class, w.currency FROM (SELECT DISTINCT c.risk_class FROM customer c WHERE p_customers IS NULL OR c.customer_id = ANY (p_customers)) r, (SELECT DISTINCT p.currency FROM dunning_policy p) w) k),
	-- What was written about an item or a customer is read by index: of rows just written nobody has counted how many they are.
	overdue AS (
		SELECT i.customer_id, i.currency, i.item_id, i.due_date, i.open_amount, c.risk_class, COALESCE(d.level, 0) AS last_level, d.as_of AS last_on, l.as_of AS letter_on
		FROM item i JOIN customer c ON c.customer_id = i.customer_id
			CROSS JOIN LATERAL (SELECT max(o.level) AS level, max(o.as_of) AS as_of FROM dunning_item o WHERE o.customer_id = i.customer_id AND o.item_id = i.item_id) d
			CROSS JOIN LATERAL (SELECT max(o.as_of) AS as_of FROM dunning_letter o WHERE o.customer_id = i.customer_id AND o.currency = i.currency) l
		WHERE i.open_amount > 0 AND i.due_date < p_as_of AND i.posting_date <= p_as_of AND (p_customers IS NULL OR i.customer_id = ANY (p_customers))
			-- Fees of letters and interest are demanded with what they were charged on, and get no letters of their own.
			AND NOT EXISTS (SELECT FROM dunning_letter f WHERE f.customer_id = i.customer_id AND f.fee_document_id = i.document_id)
			AND NOT EXISTS (SELECT FROM interest_charge f WHERE f.customer_id = i.customer_id AND f.document_id = i.document_id)),
	stops AS MATERIALIZED (SELECT s.customer_id, min(s.reason) AS reason FROM collection_stops(p_as_of, p_customers) s GROUP BY s.customer_id),
	spared AS MATERIALIZED (SELECT s.customer_id, s.item_id, s.reason, s.amount FROM spared_from_dunning(p_as_of, p_customers) s WHERE s.item_id IS NOT NULL),
	paused AS MATERIALIZED (SELECT DISTINCT s.customer_id FROM spared_from_dunning(p_as_of, p_customers) s WHERE s.item_id IS NULL),
	found AS (
		SELECT o.customer_id, o.currency, o.item_id, p.dunning_policy_id, n.level,
			CASE WHEN s.reason = 'disputed' THEN GREATEST(o.open_amount - s.amount, 0) ELSE o.open_amount END AS amount,
			CASE WHEN t.reason IS NOT NULL THEN t.reason
				WHEN w.customer_id IS NOT NULL THEN 'paused'
				WHEN s.reason = 'disputed' AND s.amount >= o.open_amount THEN 'disputed'
				WHEN s.reason <> 'disputed' THEN s.reason
				WHEN p.dunning_policy_id IS NULL THEN 'no_policy'
				WHEN p_as_of - o.letter_on < y.interval_days THEN 'interval' END AS skipped, y.net_of_unapplied
		FROM overdue o
			LEFT JOIN policies p ON p.currency = o.currency AND p.risk_class IS NOT DISTINCT FROM o.risk_class
			LEFT JOIN dunning_policy y ON y.dunning_policy_id = p.dunning_policy_id
			LEFT JOIN dunning_level n ON n.dunning_policy_id = p.dunning_policy_id AND n.level = o.last_level + 1
			LEFT JOIN stops t ON t.customer_id = o.customer_id
			LEFT JOIN spared s ON s.customer_id = o.customer_id AND s.item_id = o.item_id
			LEFT JOIN paused w ON w.customer_id = o.customer_id
		-- Who has had the last level waits for a person; who has not reached the next one waits.
		WHERE p.dunning_policy_id IS NULL OR p_as_of - CASE WHEN n.days_from = 'last_level' THEN COALESCE(o.last_on, o.due_date) ELSE o.due_date END >= n.days),
	letter AS (
		SELECT f.*, max(f.level) FILTER (WHERE f.skipped IS NULL) OVER w AS top_level, sum(f.amount) FILTER (WHERE f.skipped IS NULL) OVER w AS total
		FROM found f WINDOW w AS (PARTITION BY f.customer_id, f.currency))
	SELECT r.customer_id, r.currency, r.item_id, r.dunning_policy_id, r.level, r.amount,
		COALESCE(r.skipped, CASE WHEN r.total <= u.taken_off THEN 'credit_balance' WHEN r.total - u.taken_off < n.minimum_amount THEN 'below_minimum' END),
		r.top_level, r.total, u.taken_off
	FROM letter r
		LEFT JOIN dunning_level n ON n.dunning_policy_id = r.dunning_policy_id AND n.level = r.top_level
		LEFT JOIN exposure e ON e.customer_id = r.customer_id AND e.currency = r.currency
		CROSS JOIN LATERAL (SELECT CASE WHEN r.net_of_unapplied THEN COALESCE(e.unapplied, 0) ELSE 0 END AS taken_off) u;
END $$;
COMMENT ON FUNCTION dunning_items(date, bigint[]) IS 'Items past due on p_as_of that reach their next level then, of all customers or of some: amount to be dunned, and in skipped why not (view dunning_preview lists the reasons). letter_level and letter_amount: of the letter to the customer in this currency; unapplied: credit taken off.';

CREATE OR REPLACE FUNCTION spared_from_dunning(p_as_of date, p_customers bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, item_id bigint, reason text, amount numeric)
LANGUAGE plpgsql STABLE ROWS 1000 SET plan_cache_mode = force_custom_plan SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT DISTINCT ON (s.customer_id, s.item_id) s.customer_id, s.item_id, s.reason, s.amount FROM (
			SELECT p.customer_id, p.item_id, 'paused' AS reason, NULL::numeric AS amount, 1 AS n FROM dunning_pause p
			WHERE p.pauses_from <= p_as_of AND COALESCE(p.pauses_until, 'infinity') >= p_as_of AND COALESCE(p.ended_on, 'infinity') > p_as_of
				AND (p_customers IS NULL OR p.customer_id = ANY (p_customers))
			UNION ALL SELECT p.customer_id, p.item_id, p.reason, NULL, CASE p.reason WHEN 'placed' THEN 2 WHEN 'promised' THEN 3 ELSE 4 END
			FROM protected_items(p_as_of, p_customers) p WHERE p.reason <> 'disputed'
			-- What is disputed now is not demanded, whatever the day of the run.
			UNION ALL SELECT d.customer_id, d.item_id, 'disputed', d.disputed_amount, 5 FROM disputed_items d WHERE p_customers IS NULL OR d.customer_id = ANY (p_customers)) s
		ORDER BY s.customer_id, s.item_id, s.n;
END $$;
COMMENT ON FUNCTION spared_from_dunning(date, bigint[]) IS 'Items (NULL: all of a customer) that get no letter on a day, of all customers or of some: paused, placed with lawyers or an agency, promised or planned as a whole; disputed by amount.';

CREATE OR REPLACE VIEW dunning_preview AS
SELECT d.customer_id, c.name AS customer_name, d.currency, d.item_id, o.number, i.due_date, t.today - i.due_date AS days_past_due, d.level, d.amount, d.skipped,
	d.letter_level, d.letter_amount, d.unapplied, CASE WHEN d.skipped IS NULL THEN n.fee END AS letter_fee
FROM ledger_info l
	CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	CROSS JOIN LATERAL dunning_items(t.today) d
	JOIN customer c ON c.customer_id = d.customer_id
	JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id
	JOIN document o ON o.customer_id = i.customer_id AND o.document_id = i.document_id
	LEFT JOIN dunning_level n ON n.dunning_policy_id = d.dunning_policy_id AND n.level = d.letter_level;
COMMENT ON VIEW dunning_preview IS 'What a dunning run would do today: every item that reaches its next level, and why it would be left alone.';
COMMENT ON COLUMN dunning_preview.customer_id IS 'The debtor.';
COMMENT ON COLUMN dunning_preview.customer_name IS 'Its name.';
COMMENT ON COLUMN dunning_preview.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN dunning_preview.item_id IS 'Key of the item, with customer_id.';
COMMENT ON COLUMN dunning_preview.number IS 'Number of its document.';
COMMENT ON COLUMN dunning_preview.due_date IS 'When it was due.';
COMMENT ON COLUMN dunning_preview.days_past_due IS 'Days since.';
COMMENT ON COLUMN dunning_preview.level IS 'Level it reaches; NULL where no policy says.';
COMMENT ON COLUMN dunning_preview.amount IS 'What of it is to be dunned: open, and not disputed.';
COMMENT ON COLUMN dunning_preview.skipped IS 'NULL: it is dunned. Else why not: legal, bankruptcy, sanctions, cease, attorney or validation (the customer is protected), paused, placed (lawyers or an agency have it), disputed, promised, planned, no_policy, interval (its last letter is too recent), credit_balance (unapplied credit covers it), below_minimum.';
COMMENT ON COLUMN dunning_preview.letter_level IS 'Level of the letter: the highest of its items.';
COMMENT ON COLUMN dunning_preview.letter_amount IS 'What the items of the letter come to.';
COMMENT ON COLUMN dunning_preview.unapplied IS 'Credit of the customer that is taken off.';
COMMENT ON COLUMN dunning_preview.letter_fee IS 'Fee of the letter.';

-- Its levels count while the item is open; paid back into being, it has them again.
CREATE OR REPLACE FUNCTION dunning_level_of(p_customer_id bigint, p_on date, p_known_at timestamptz DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN (SELECT COALESCE(max(d.level), 0) FROM dunning_item d JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id
		WHERE d.customer_id = p_customer_id AND d.as_of <= p_on AND (i.open_amount > 0 OR (p_known_at IS NOT NULL AND i.last_applied_on > p_on))
			AND (p_known_at IS NULL OR d.dunning_letter_id IS NULL OR EXISTS (SELECT FROM dunning_letter l JOIN dunning_run r ON r.dunning_run_id = l.dunning_run_id
				WHERE l.customer_id = d.customer_id AND l.dunning_letter_id = d.dunning_letter_id AND r.recorded_at <= p_known_at)));
END $$;
COMMENT ON FUNCTION dunning_level_of(bigint, date, timestamptz) IS 'Highest dunning level that an open item of the customer had reached by a day; 0 when none had. p_known_at: as known then, of items open on that day. Behind the rule dunning_level, together with a level entered by hand.';

-- ---- Runs ----

CREATE OR REPLACE FUNCTION start_dunning(p_as_of date)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	latest date;
	id bigint;
BEGIN
	PERFORM require_past_day(p_as_of, 'a dunning run');
	-- One that starts waits for one that is starting.
	LOCK TABLE dunning_run IN SHARE ROW EXCLUSIVE MODE;
	SELECT max(r.as_of) INTO latest FROM dunning_run r;
	IF p_as_of < latest THEN
		RAISE EXCEPTION 'a dunning run of % would be before the last one', p_as_of
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('The last one was of %s.', latest), HINT = 'A run is of that day or later.';
	END IF;
	INSERT INTO dunning_run (as_of) VALUES (p_as_of) RETURNING dunning_run_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION start_dunning(date) IS 'Begins a dunning run of a day and returns its id. 55000 before the day of an earlier run, 22008 for a day to come. Behind run_dunning().';

CREATE OR REPLACE FUNCTION customers_to_dun(p_as_of date)
RETURNS bigint[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN ARRAY(SELECT DISTINCT d.customer_id FROM dunning_items(p_as_of) d ORDER BY d.customer_id);
END $$;
COMMENT ON FUNCTION customers_to_dun(date) IS 'Customers with items that reach their next level on a day, in id order.';

CREATE OR REPLACE FUNCTION dun_customers(p_dunning_run_id bigint, p_customers bigint[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	as_of date := (SELECT r.as_of FROM dunning_run r WHERE r.dunning_run_id = p_dunning_run_id);
	n integer;
BEGIN
	IF as_of IS NULL THEN
		RAISE EXCEPTION 'there is no dunning run %', p_dunning_run_id USING ERRCODE = 'foreign_key_violation', HINT = 'start_dunning() begins one.';
	END IF;
	-- Another run, a payment or a dispute that had the customer first is seen by what is read below.
	PERFORM FROM exposure e WHERE e.customer_id = ANY (p_customers) AND e.currency = base ORDER BY e.customer_id FOR NO KEY UPDATE;

	WITH found AS MATERIALIZED (
		SELECT d.* FROM dunning_items(as_of, p_customers) d),
	skipped AS (
		INSERT INTO dunning_skip (customer_id, dunning_run_id, item_id, currency, level, amount, reason)
		SELECT f.customer_id, p_dunning_run_id, f.item_id, f.currency, f.level, f.amount, f.skipped FROM found f WHERE f.skipped IS NOT NULL
		ON CONFLICT DO NOTHING),
	letters AS MATERIALIZED (
		SELECT f.customer_id, f.currency, f.dunning_policy_id, f.letter_level, f.letter_amount, f.unapplied, count(*)::integer AS items
		FROM found f WHERE f.skipped IS NULL
		GROUP BY f.customer_id, f.currency, f.dunning_policy_id, f.letter_level, f.letter_amount, f.unapplied),
	fees AS (
		INSERT INTO document (customer_id, kind, number, doc_date, due_date, currency, amount, reason)
		SELECT t.customer_id, 'fee', format('dunning %s %s', p_dunning_run_id, t.currency), as_of, as_of, t.currency, l.fee, format('dunning level %s', t.letter_level)
		FROM letters t JOIN dunning_level l ON l.dunning_policy_id = t.dunning_policy_id AND l.level = t.letter_level
		WHERE l.fee > 0 ORDER BY t.customer_id
		RETURNING document.customer_id, document.currency, document.document_id),
	written AS (
		INSERT INTO dunning_letter (customer_id, dunning_run_id, dunning_policy_id, currency, level, as_of, items, amount, unapplied, fee, fee_document_id, pay_by, channel,
			template, language)
		SELECT t.customer_id, p_dunning_run_id, t.dunning_policy_id, t.currency, t.letter_level, as_of, t.items, t.letter_amount, t.unapplied, l.fee, f.document_id,
			as_of + p.pay_days, CASE WHEN w.email IS NULL THEN 'letter' ELSE l.channel END, l.template, COALESCE(w.language, p.language)
		FROM letters t JOIN dunning_level l ON l.dunning_policy_id = t.dunning_policy_id AND l.level = t.letter_level
			JOIN dunning_policy p ON p.dunning_policy_id = t.dunning_policy_id
			LEFT JOIN fees f ON f.customer_id = t.customer_id AND f.currency = t.currency
			LEFT JOIN dunning_recipients(p_customers) w ON w.customer_id = t.customer_id
		RETURNING dunning_letter.customer_id, dunning_letter.currency, dunning_letter.dunning_letter_id)
	INSERT INTO dunning_item (customer_id, item_id, level, dunning_letter_id, as_of, amount)
	SELECT f.customer_id, f.item_id, f.level, w.dunning_letter_id, as_of, f.amount
	FROM found f JOIN written w ON w.customer_id = f.customer_id AND w.currency = f.currency WHERE f.skipped IS NULL;

	-- Orders that wait must see the new level.
	UPDATE exposure e SET check_seq = e.check_seq + 1
	WHERE e.currency = base AND e.customer_id IN (SELECT l.customer_id FROM dunning_letter l WHERE l.dunning_run_id = p_dunning_run_id AND l.customer_id = ANY (p_customers));
	PERFORM place_hold(h.customer_id, format('dunning level %s', h.level), 'overdue', p_automatic => true)
	FROM (SELECT t.customer_id, max(t.level) AS level FROM dunning_letter t JOIN dunning_level l ON l.dunning_policy_id = t.dunning_policy_id AND l.level = t.level
		WHERE t.dunning_run_id = p_dunning_run_id AND t.customer_id = ANY (p_customers) AND l.hold GROUP BY t.customer_id ORDER BY t.customer_id) h;
	PERFORM charge_with_letters(p_dunning_run_id, p_customers);
	INSERT INTO outbox (customer_id, channel, customer_contact_id, recipient, language, subject, body, source, source_id)
	SELECT t.customer_id, t.channel, t.customer_contact_id, t.recipient, t.language, t.subject, t.body, 'dunning_letter', t.dunning_letter_id
	FROM letter_texts(p_dunning_run_id, p_customers) t ORDER BY t.customer_id;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
COMMENT ON FUNCTION dun_customers(bigint, bigint[]) IS 'Duns some customers in a run, under their locks: letters, their items, fees, interest, holds and messages in the outbox, and what was skipped and why. Returns how many letters. Behind run_dunning().';

CREATE OR REPLACE FUNCTION run_dunning(p_as_of date, p_simulate boolean DEFAULT false)
RETURNS TABLE (customer_id bigint, currency text, level integer, items integer, amount numeric, fee numeric, skipped text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	run bigint;
BEGIN
	IF COALESCE(p_simulate, false) THEN
		IF p_as_of IS NULL OR NOT isfinite(p_as_of) OR p_as_of < (SELECT max(r.as_of) FROM dunning_run r) THEN
			RAISE EXCEPTION 'a dunning run of % would be before the last one', COALESCE(p_as_of::text, 'null') USING ERRCODE = 'object_not_in_prerequisite_state';
		END IF;
		RETURN QUERY
			SELECT d.customer_id, d.currency, CASE WHEN d.skipped IS NULL THEN d.letter_level ELSE max(d.level) END, count(*)::integer, sum(d.amount),
				CASE WHEN d.skipped IS NULL THEN max(l.fee) END, d.skipped
			FROM dunning_items(p_as_of) d LEFT JOIN dunning_level l ON l.dunning_policy_id = d.dunning_policy_id AND l.level = d.letter_level
			GROUP BY d.customer_id, d.currency, d.skipped, d.letter_level ORDER BY d.customer_id, d.currency, d.skipped NULLS FIRST;
		RETURN;
	END IF;
	run := start_dunning(p_as_of);
	PERFORM dun_customers(run, customers_to_dun(p_as_of));
	RETURN QUERY
		SELECT l.customer_id, l.currency, l.level, l.items, l.amount, l.fee, NULL FROM dunning_letter l WHERE l.dunning_run_id = run
		UNION ALL SELECT s.customer_id, s.currency, max(s.level), count(*)::integer, sum(s.amount), NULL, s.reason
		FROM dunning_skip s WHERE s.dunning_run_id = run GROUP BY s.customer_id, s.currency, s.reason
		ORDER BY 1, 2, 7 NULLS FIRST;
END $$;
COMMENT ON FUNCTION run_dunning(date, boolean) IS 'Duns all customers as of a day, in one transaction: a row for every letter written (customer and currency, its level, items, amount and fee), and for what was skipped, with the reason. p_simulate: shows the same and changes nothing. The same day again writes nothing more; a day before the last run is 55000. run_dunning_in_batches() is for many customers.';

DO $do$
BEGIN
	EXECUTE format($f$
		CREATE OR REPLACE PROCEDURE %1$I.run_dunning_in_batches(p_as_of date, p_batch_size integer DEFAULT 5000, INOUT letters integer DEFAULT 0)
		LANGUAGE plpgsql AS $p$
		DECLARE
			run bigint;
			customers bigint[];
			n integer := 1;
			size integer := pg_catalog.int4larger(1, COALESCE(p_batch_size, 5000));
			written integer;
			message text;
		BEGIN
			letters := 0;
			run := %1$I.start_dunning(p_as_of);
			customers := %1$I.customers_to_dun(p_as_of);
			COMMIT;
			WHILE n OPERATOR(pg_catalog.<=) pg_catalog.cardinality(customers) LOOP
				BEGIN
					written := %1$I.dun_customers(run, customers[n : n OPERATOR(pg_catalog.+) size OPERATOR(pg_catalog.-) 1]);
					letters := letters OPERATOR(pg_catalog.+) written;
				EXCEPTION WHEN OTHERS THEN
					GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
					written := NULL;
				END;
				COMMIT;
				-- Smaller batches, until whose fault it is stands alone and stops nobody else.
				IF written IS NULL AND size OPERATOR(pg_catalog.>) 1 THEN
					size := size OPERATOR(pg_catalog./) 2;
					CONTINUE;
				ELSIF written IS NULL THEN
					RAISE WARNING 'customer %% was not dunned: %%', customers[n], message;
				END IF;
				n := n OPERATOR(pg_catalog.+) size;
				size := pg_catalog.int4smaller(size OPERATOR(pg_catalog.*) 2, pg_catalog.int4larger(1, COALESCE(p_batch_size, 5000)));
			END LOOP;
		END $p$$f$, current_schema());
END $do$;
COMMENT ON PROCEDURE run_dunning_in_batches(date, integer, integer) IS 'Duns all customers as of a day as run_dunning() does, p_batch_size customers at a time, and commits after each batch; a customer that cannot be dunned is left out with a warning. letters: how many were written. Run it outside a transaction block.';

-- ---- The text of a letter ----

CREATE OR REPLACE FUNCTION dunning_recipients(p_customers bigint[])
RETURNS TABLE (customer_id bigint, customer_contact_id bigint, recipient text, email text, language text)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT DISTINCT ON (c.customer_id) c.customer_id, k.customer_contact_id, concat_ws(E'\n', c.name, NULLIF(k.name, c.name), k.address), k.email, k.language
		FROM customer c LEFT JOIN customer_contact k ON k.customer_id = c.customer_id AND COALESCE(k.ended_on, 'infinity') > ledger_today()
		WHERE c.customer_id = ANY (p_customers)
		ORDER BY c.customer_id, k.role IS DISTINCT FROM 'dunning', k.role IS DISTINCT FROM 'accounts payable', k.customer_contact_id;
END $$;
COMMENT ON FUNCTION dunning_recipients(bigint[]) IS 'Whom dunning letters to customers go to, and in which language (NULL: that of the policy): the person with role dunning, else accounts payable, else the first one; without any, the customer.';

CREATE OR REPLACE FUNCTION letter_texts(p_dunning_run_id bigint, p_customers bigint[])
RETURNS TABLE (customer_id bigint, dunning_letter_id bigint, channel text, customer_contact_id bigint, recipient text, language text, subject text, body text)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
	WITH letters AS MATERIALIZED (
		SELECT l.* FROM dunning_letter l WHERE l.dunning_run_id = p_dunning_run_id AND l.customer_id = ANY (p_customers)),
	-- One look for each text and language, not for each letter.
	texts AS MATERIALIZED (
		SELECT k.template, k.language, k.dunning_policy_id, read_letter_template(k.template, k.language, p.language) AS template_row
		FROM (SELECT DISTINCT l.template, l.language, l.dunning_policy_id FROM letters l) k JOIN dunning_policy p ON p.dunning_policy_id = k.dunning_policy_id),
	styles AS MATERIALIZED (
		SELECT t.template, t.language, t.dunning_policy_id, t.template_row, to_jsonb(read_locale(CASE WHEN t.language LIKE (t.template_row).language || '%' THEN t.language
			ELSE (t.template_row).language END)) AS style FROM texts t),
	filled AS (
		SELECT l.*, s.template_row, w.customer_contact_id, CASE l.channel WHEN 'e-mail' THEN w.email ELSE w.recipient END AS recipient, (s.template_row).language AS written_in,
			jsonb_build_object('customer', c.name, 'customer_number', COALESCE(c.number, c.customer_id::text), 'date', to_char(l.as_of, s.style ->> 'date_format'), 'level', l.level,
				'currency', l.currency, 'amount', write_amount(l.amount, l.currency, s.style), 'unapplied', write_amount(l.unapplied, l.currency, s.style),
				'fee', write_amount(l.fee, l.currency, s.style), 'interest', write_amount(x.interest, l.currency, s.style),
				'charges', write_amount(x.charges, l.currency, s.style),
				'total', write_amount(l.amount - l.unapplied + l.fee + x.interest + x.charges, l.currency, s.style),
				'pay_by', to_char(l.pay_by, s.style ->> 'date_format'), 'items', n.items) AS contents
		FROM letters l JOIN styles s ON s.template = l.template AND s.language = l.language AND s.dunning_policy_id = l.dunning_policy_id
			JOIN customer c ON c.customer_id = l.customer_id
			-- Letter by letter, by index: the rows were written just now, and nobody has counted them.
			CROSS JOIN LATERAL (
				SELECT string_agg(fill_in((s.template_row).line, jsonb_build_object('number', d.number, 'doc_date', to_char(d.doc_date, s.style ->> 'date_format'),
					'due_date', to_char(i.due_date, s.style ->> 'date_format'), 'days', l.as_of - i.due_date, 'level', o.level,
					'amount', write_amount(o.amount, l.currency, s.style))), E'\n' ORDER BY i.due_date, i.item_id) AS items
				FROM dunning_item o JOIN item i ON i.customer_id = o.customer_id AND i.item_id = o.item_id
					JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
				WHERE o.customer_id = l.customer_id AND o.dunning_letter_id = l.dunning_letter_id) n
			CROSS JOIN LATERAL dunning_recipients(ARRAY[l.customer_id]) w
			CROSS JOIN LATERAL open_charges(l.customer_id, l.currency, l.as_of, l.fee_document_id) x)
	SELECT f.customer_id, f.dunning_letter_id, f.channel, f.customer_contact_id, f.recipient, f.written_in, fill_in((f.template_row).subject, f.contents),
		fill_in((f.template_row).body, f.contents)
	FROM filled f;
END $$;
COMMENT ON FUNCTION letter_texts(bigint, bigint[]) IS 'The letters of a run to some customers, as their readers write amounts and dates.';
