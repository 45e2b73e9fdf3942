-- Portfolios: who looks after whom, by rule or by hand, and who stands in.

ALTER TABLE collector_absence ALTER actor SET DEFAULT actor();
ALTER TABLE portfolio_change ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER collector_absence_append_only BEFORE DELETE OR UPDATE OF collector_absence_id, collector, substitute, absent_from, reason, recorded_at,
		recorded_by, actor ON collector_absence
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter another absence with enter_absence().');
CREATE OR REPLACE TRIGGER collector_absence_no_truncate BEFORE TRUNCATE ON collector_absence
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter another absence with enter_absence().');
CREATE OR REPLACE TRIGGER portfolio_change_append_only BEFORE UPDATE OR DELETE ON portfolio_change
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Assign the customer again with assign_customer().');
CREATE OR REPLACE TRIGGER portfolio_change_no_truncate BEFORE TRUNCATE ON portfolio_change
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Assign the customer again with assign_customer().');

CREATE OR REPLACE FUNCTION require_collector(p_person text)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM collector c WHERE c.person = p_person) THEN
		RAISE EXCEPTION 'there is no collector "%"', left(p_person, 100)
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table collector lists them; the ledger''s owner adds more.';
	END IF;
END $$;
COMMENT ON FUNCTION require_collector(text) IS 'Error 23503 unless it is a collector.';

CREATE OR REPLACE FUNCTION assign_customer(p_customer_id bigint, p_collector text, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_reason(p_reason, format('the assignment of customer %s', p_customer_id));
	IF p_collector IS NOT NULL THEN
		PERFORM require_collector(p_collector);
	END IF;
	PERFORM lock_customer(p_customer_id);
	IF p_collector IS NULL THEN
		DELETE FROM portfolio f WHERE f.customer_id = p_customer_id;
	ELSE
		INSERT INTO portfolio AS f (customer_id, collector, by_hand, since) VALUES (p_customer_id, p_collector, true, ledger_today())
		ON CONFLICT ON CONSTRAINT portfolio_pkey DO UPDATE SET collector = EXCLUDED.collector, by_hand = true,
			since = CASE WHEN f.collector = EXCLUDED.collector THEN f.since ELSE EXCLUDED.since END;
	END IF;
	INSERT INTO portfolio_change (customer_id, collector, by_hand, reason, changed_on) VALUES (p_customer_id, p_collector, p_collector IS NOT NULL, p_reason, ledger_today());
END $$;
COMMENT ON FUNCTION assign_customer(bigint, text, text) IS 'Gives a customer to a collector by hand, so that rules leave it alone; NULL: takes it from whoever has it, for assign_portfolios() to give it to somebody.';

CREATE OR REPLACE FUNCTION assign_portfolios()
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	today date := ledger_today();
	n bigint;
BEGIN
	-- Two runs at once would write the same changes twice.
	PERFORM pg_advisory_xact_lock(hashtextextended(concat_ws(' ', current_schema(), 'portfolios'), 0));
	WITH rate AS MATERIALIZED (SELECT q.currency, fx_rate_on(q.currency, today) AS rate FROM (SELECT DISTINCT e.currency FROM exposure e WHERE e.receivable <> 0) q),
	owed AS (SELECT e.customer_id, sum(e.receivable * r.rate) AS amount FROM exposure e JOIN rate r ON r.currency = e.currency GROUP BY e.customer_id),
	given AS (
		SELECT DISTINCT ON (c.customer_id) c.customer_id, r.collector, r.rule_no
		FROM customer c
			JOIN exposure k ON k.customer_id = c.customer_id AND k.currency = base AND k.merged_into IS NULL
			LEFT JOIN owed o ON o.customer_id = c.customer_id
			JOIN portfolio_rule r ON (r.risk_class IS NULL OR r.risk_class = c.risk_class) AND (r.group_id IS NULL OR r.group_id IN (c.customer_id, c.parent_id))
				AND (r.currency IS NULL OR r.currency = COALESCE(c.currency, base)) AND (r.least_owed IS NULL OR o.amount >= r.least_owed)
				AND mod(mod(c.customer_id, r.shares) + r.shares, r.shares) = r.share
			JOIN collector p ON p.person = r.collector AND p.active
		ORDER BY c.customer_id, r.rule_no),
	changed AS (
		INSERT INTO portfolio AS f (customer_id, collector, by_hand, since)
		SELECT g.customer_id, g.collector, false, today FROM given g ORDER BY g.customer_id
		ON CONFLICT ON CONSTRAINT portfolio_pkey DO UPDATE SET collector = EXCLUDED.collector, since = EXCLUDED.since
		WHERE NOT f.by_hand AND f.collector <> EXCLUDED.collector
		RETURNING f.customer_id, f.collector)
	INSERT INTO portfolio_change (customer_id, collector, by_hand, rule_no, changed_on)
	SELECT c.customer_id, c.collector, false, g.rule_no, today FROM changed c JOIN given g ON g.customer_id = c.customer_id ORDER BY c.customer_id;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
COMMENT ON FUNCTION assign_portfolios() IS 'Gives every customer that was not assigned by hand to the collector of the first portfolio rule that fits. Customers that no rule fits stay where they are. Returns how many changed hands. RC006 where a rate is missing.';

CREATE OR REPLACE FUNCTION enter_absence(p_collector text, p_substitute text, p_from date, p_until date, p_reason text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM require_collector(p_collector);
	PERFORM require_collector(p_substitute);
	IF p_from IS NULL OR p_until IS NULL OR NOT isfinite(p_from) OR NOT isfinite(p_until) OR p_until < p_from OR p_collector = p_substitute THEN
		RAISE EXCEPTION '% cannot stand in for % from % to %', left(p_substitute, 100), left(p_collector, 100), COALESCE(p_from::text, 'null'), COALESCE(p_until::text, 'null')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Somebody else does, from a day to the same or a later one.';
	END IF;
	INSERT INTO collector_absence (collector, substitute, absent_from, absent_until, reason) VALUES (p_collector, p_substitute, p_from, p_until, p_reason)
	RETURNING collector_absence_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION enter_absence(text, text, date, date, text) IS 'p_substitute works on the customers of p_collector from p_from to p_until, besides its own. Returns the id of the absence.';

CREATE OR REPLACE FUNCTION end_absence(p_collector_absence_id bigint, p_last_day date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	UPDATE collector_absence a SET absent_until = GREATEST(COALESCE(p_last_day, ledger_today()), a.absent_from)
	WHERE a.collector_absence_id = p_collector_absence_id AND a.absent_until > COALESCE(p_last_day, ledger_today());
	IF NOT FOUND AND NOT EXISTS (SELECT FROM collector_absence a WHERE a.collector_absence_id = p_collector_absence_id) THEN
		RAISE EXCEPTION 'there is no absence %', p_collector_absence_id USING ERRCODE = 'foreign_key_violation', HINT = 'Table collector_absence lists them.';
	END IF;
END $$;
COMMENT ON FUNCTION end_absence(bigint, date) IS 'Who was away is back: p_last_day (default today) is the last day somebody stands in. Never longer than it was.';

CREATE OR REPLACE FUNCTION move_portfolio(p_customer_id bigint, p_into_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM portfolio f WHERE f.customer_id = p_into_customer_id) THEN
		PERFORM assign_customer(p_into_customer_id, f.collector, format('customer %s merged into it', p_customer_id)) FROM portfolio f WHERE f.customer_id = p_customer_id;
	END IF;
	IF EXISTS (SELECT FROM portfolio f WHERE f.customer_id = p_customer_id) THEN
		PERFORM assign_customer(p_customer_id, NULL, format('merged into customer %s', p_into_customer_id));
	END IF;
	DELETE FROM worklist_claim c WHERE c.customer_id = p_customer_id;
END $$;
COMMENT ON FUNCTION move_portfolio(bigint, bigint) IS 'Whoever looks after a customer that is merged into another looks after that one, if nobody does. Behind merge_customers().';
