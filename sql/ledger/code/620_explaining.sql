-- Why a customer or an order is on hold, and what would release it.

CREATE OR REPLACE FUNCTION amount_text(p_amount numeric, p_currency text)
RETURNS text LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	minor integer := credit.minor_unit(p_currency);
BEGIN
	-- "." and "," are these two in every locale, unlike "D" and "G".
	RETURN to_char(p_amount, 'FM999,999,999,999,999,999,990' || CASE WHEN minor > 0 THEN '.' || repeat('0', minor) ELSE '' END) || ' ' || p_currency;
END $$;
COMMENT ON FUNCTION amount_text(numeric, text) IS 'An amount for people: 1,250.00 USD.';

-- Rounded up to the minor unit: what is paid must be enough.
CREATE OR REPLACE FUNCTION payment_of(p_amount numeric, p_minor integer)
RETURNS numeric LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN round(ceil(p_amount * 10::numeric ^ p_minor) / 10::numeric ^ p_minor, p_minor);
END $$;
COMMENT ON FUNCTION payment_of(numeric, integer) IS 'An amount rounded up to the minor unit. Used by explain_check().';

-- The items a payment of p_amount is applied to, the oldest first; with p_due_before only those due before that day,
-- and none of the kinds that do not count.
CREATE OR REPLACE FUNCTION oldest_items(p_customer_id bigint, p_currency text, p_amount numeric, p_due_before date DEFAULT NULL, p_left_out text[] DEFAULT '{}')
RETURNS text LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	labels text[];
BEGIN
	SELECT array_agg(s.label ORDER BY s.n) INTO labels
	FROM (SELECT format('%s %s', replace(d.kind, '_', ' '), d.number) AS label, row_number() OVER oldest AS n,
			sum(i.open_amount - COALESCE(s.amount, 0)) OVER oldest - (i.open_amount - COALESCE(s.amount, 0)) AS before
		FROM item i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
			LEFT JOIN spared_items(p_customer_id) s ON p_due_before IS NOT NULL AND s.item_id = i.item_id
		WHERE i.customer_id = p_customer_id AND i.currency = p_currency AND i.open_amount > COALESCE(s.amount, 0) AND (p_due_before IS NULL OR i.due_date < p_due_before)
			AND d.kind <> ALL (p_left_out)
		WINDOW oldest AS (ORDER BY i.due_date, i.item_id)) s
	WHERE s.before < p_amount;
	RETURN array_to_string(labels[:5], ', ') || CASE WHEN cardinality(labels) > 5 THEN format(' and %s more', cardinality(labels) - 5) ELSE '' END;
END $$;
COMMENT ON FUNCTION oldest_items(bigint, text, numeric, date, text[]) IS 'The open items that a payment is applied to, the oldest first, as text; NULL where there are none. Used by explain_check().';

-- What is to be paid and applied, given credit in hand that may be applied with it.
CREATE OR REPLACE FUNCTION payment_text(p_customer_id bigint, p_currency text, p_needed numeric, p_in_hand numeric, p_due_before date DEFAULT NULL,
	p_left_out text[] DEFAULT '{}')
RETURNS text LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	items text := oldest_items(p_customer_id, p_currency, p_needed, p_due_before, p_left_out);
	used numeric := LEAST(p_needed, p_in_hand);
BEGIN
	RETURN CASE WHEN used >= p_needed THEN format('apply %s of the unapplied credit', amount_text(used, p_currency))
			WHEN used > 0 THEN format('pay %s and apply it with the unapplied %s', amount_text(p_needed - used, p_currency), amount_text(used, p_currency))
			WHEN items IS NULL THEN format('pay %s', amount_text(p_needed, p_currency))
			ELSE format('pay %s, applied', amount_text(p_needed, p_currency)) END
		|| COALESCE(' to the oldest items: ' || items, '');
END $$;
COMMENT ON FUNCTION payment_text(bigint, text, numeric, numeric, date, text[]) IS 'What is to be paid, and applied to which items. Used by explain_check().';

CREATE OR REPLACE FUNCTION orders_beyond(p_customer_id bigint, p_last_day date)
RETURNS numeric LANGUAGE plpgsql STABLE STRICT SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	RETURN (SELECT COALESCE(sum(convert(s.amount, s.currency, base, ledger_today())), 0) FROM (
		SELECT o.currency, sum(o.amount) AS amount FROM order_schedule o WHERE o.customer_id = p_customer_id AND o.ship_date > p_last_day GROUP BY o.currency) s);
END $$;
COMMENT ON FUNCTION orders_beyond(bigint, date) IS 'Open orders of a customer that ship after a day, in base currency. Used by explain_check().';

CREATE OR REPLACE FUNCTION explain_check(p_customer_id bigint, p_order_id text, p_amount numeric, p_currency text, p_ship_date date, p_source text)
RETURNS TABLE (subject text, kind text, finding text, figure numeric, threshold numeric, remedy text, remedy_amount numeric, currency text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	minor integer := credit.minor_unit(base);
	today date := ledger_today();
	said record;
	rule record;
	part record;
	ordered numeric := round(convert(COALESCE(p_amount, 0), COALESCE(p_currency, base), base, today), minor);
	deposit numeric := 0;
	exposed numeric;		-- with the order
	others numeric;			-- of the group
	allowed numeric;
	needed numeric;
	in_hand numeric;
	headroom numeric;
	policy record;
	left_out text[];
	unapplied numeric := 0;
	released record;
	beyond numeric;			-- orders that ship after the horizon
	this text := CASE WHEN p_order_id IS NULL THEN format('customer %s', p_customer_id) ELSE format('order %s', p_order_id) END;
	with_order text := CASE WHEN ordered > 0 THEN format('With this order of %s the', amount_text(ordered, base)) ELSE 'The' END;
	until text;
	held boolean;
BEGIN
	SELECT LEAST(ordered, COALESCE(-sum(convert(i.open_amount, i.currency, base, today)), 0)) INTO deposit
	FROM item i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
	WHERE i.customer_id = p_customer_id AND i.reserved_for = p_order_id AND i.open_amount < 0
		AND (d.clears_on IS NULL OR d.clears_on <= today
			OR EXISTS (SELECT FROM clearing c WHERE c.customer_id = d.customer_id AND c.document_id = d.document_id));
	-- check_credit() knows no order: what its deposit covers is taken off, except where the order's own value counts.
	SELECT c.outcome, c.exposure, c.limit_amount, CASE WHEN deposit = 0 THEN c.checks ELSE
		(SELECT jsonb_agg(COALESCE(f.value, w.value) ORDER BY w.n) FROM jsonb_array_elements(c.checks) WITH ORDINALITY w (value, n)
			LEFT JOIN jsonb_array_elements((check_credit(p_customer_id, ordered, p_ship_date => p_ship_date)).checks) WITH ORDINALITY f (value, n)
				ON f.n = w.n AND f.value ->> 'kind' = 'document_value') END AS checks
	INTO said FROM check_credit(p_customer_id, ordered - deposit, p_ship_date => p_ship_date) c;
	exposed := said.exposure + ordered - deposit;
	SELECT r.* INTO released FROM (SELECT o.* FROM order_release o WHERE o.customer_id = p_customer_id AND o.source = p_source AND o.order_id = p_order_id
		ORDER BY o.order_release_id DESC LIMIT 1) r
	WHERE r.valid_until >= today AND r.amount > 0 AND r.amount >= p_amount AND r.currency = COALESCE(p_currency, base);
	-- What a person let pass is stopped by holds and the customer's status only.
	held := EXISTS (SELECT FROM jsonb_array_elements(said.checks) c WHERE c.value ->> 'outcome' IN ('hold', 'reject')
		AND (released.order_release_id IS NULL OR c.value ->> 'kind' IN ('manual_hold', 'customer_status')));
	currency := base;
	subject := this;
	-- What the exposure policy does not count frees nothing when it is paid; credit it does not count does when it is applied.
	SELECT p.left_out, p.counts_unapplied INTO policy FROM exposure_policy p, customer c
	WHERE c.customer_id = p_customer_id AND (p.risk_class = c.risk_class OR p.risk_class IS NULL) ORDER BY p.risk_class NULLS LAST LIMIT 1;
	left_out := COALESCE(policy.left_out, '{}');
	IF NOT policy.counts_unapplied THEN
		SELECT COALESCE(-sum(i.open_amount), 0) INTO unapplied FROM item i
		WHERE i.customer_id = p_customer_id AND i.currency = base AND i.open_amount < 0 AND i.reserved_for IS NULL;
	END IF;

	IF NOT said.checks @? '$[*] ? (@.outcome != "skipped")' AND said.outcome = 'hold' AND released.order_release_id IS NULL THEN
		kind := 'none'; finding := format('No check rule is in force for customer %s, and what nobody checks is held.', p_customer_id);
		remedy := 'put a rule into check_rule';
		RETURN NEXT;
		RETURN;
	END IF;

	FOR rule IN
		SELECT c.value ->> 'kind' AS kind, (c.value ->> 'figure')::numeric AS figure, (c.value ->> 'threshold')::numeric AS threshold,
			c.value ->> 'outcome' AS outcome, (c.value ->> 'group_id')::bigint AS group_id,
			(c.value ->> 'horizon_days')::integer AS horizon_days, r.grace_days, r.net_of_unapplied, c.value ->> 'rule_no' AS rule_no
		FROM jsonb_array_elements(said.checks) WITH ORDINALITY c (value, n) LEFT JOIN check_rule r ON r.rule_no = (c.value ->> 'rule_no')::integer
		WHERE c.value ->> 'outcome' IN ('warn', 'hold', 'reject') AND (released.order_release_id IS NULL OR c.value ->> 'kind' IN ('manual_hold', 'customer_status'))
		ORDER BY c.n
	LOOP
		subject := this; kind := rule.kind; figure := rule.figure; threshold := rule.threshold; remedy := NULL; remedy_amount := NULL; currency := base;
		CASE
		WHEN rule.group_id IS NOT NULL THEN
			SELECT g.limit_amount, g.others INTO part FROM group_limits(p_customer_id, today) g WHERE g.group_id = rule.group_id;
			others := part.others;
			allowed := trunc(part.limit_amount * rule.threshold / 100, minor);
			kind := 'group_limit'; figure := others + GREATEST(exposed, 0); threshold := allowed;
			needed := figure - allowed;
			finding := format('%s group of customer %s uses %s: %s by this customer, %s by others; %s %s.',
				with_order, rule.group_id, amount_text(figure, base), amount_text(GREATEST(exposed, 0), base), amount_text(others, base),
				CASE rule.threshold WHEN 100 THEN 'its limit is' ELSE format('%s percent of its limit of %s are', trim_scale(rule.threshold), amount_text(part.limit_amount, base)) END,
				amount_text(allowed, base));
			remedy_amount := needed - CASE WHEN needed > GREATEST(exposed, 0) THEN 0 ELSE LEAST(needed, unapplied) END;
			remedy := CASE WHEN needed > GREATEST(exposed, 0)
				THEN format('customers of the group pay %s in all; of what this one pays only %s count', amount_text(needed, base), amount_text(GREATEST(exposed, 0), base))
				ELSE payment_text(p_customer_id, base, needed, unapplied, NULL, left_out) || ', or another customer of the group pays as much' END;
			RETURN NEXT;
			IF rule.threshold > 0 THEN
				remedy_amount := payment_of(figure * 100 / rule.threshold, minor);
				remedy := format('or raise the group limit of customer %s to %s', rule.group_id, amount_text(remedy_amount, base));
				RETURN NEXT;
			END IF;
		WHEN rule.kind IN ('limit_use', 'horizon_use') AND said.limit_amount IS NOT NULL THEN
			beyond := orders_beyond(p_customer_id, today + rule.horizon_days) + CASE WHEN p_ship_date > today + rule.horizon_days THEN ordered - deposit ELSE 0 END;
			allowed := trunc(said.limit_amount * rule.threshold / 100, minor);
			figure := exposed - COALESCE(beyond, 0); threshold := allowed;
			finding := format('%s exposure%s is %s, %s above the %s that %s.', with_order,
				CASE WHEN rule.kind = 'horizon_use' THEN format(' within %s days', rule.horizon_days) ELSE '' END, amount_text(figure, base),
				amount_text(figure - allowed, base), amount_text(allowed, base), CASE rule.threshold WHEN 100 THEN 'the credit limit allows'
					ELSE format('%s percent of the credit limit of %s allow', trim_scale(rule.threshold), amount_text(said.limit_amount, base)) END);
			needed := figure - allowed;
			remedy_amount := needed - LEAST(needed, unapplied);
			remedy := payment_text(p_customer_id, base, needed, unapplied, NULL, left_out);
			RETURN NEXT;
			IF rule.threshold > 0 THEN
				remedy_amount := payment_of(figure * 100 / rule.threshold, minor);
				remedy := format('or raise the credit limit to %s', amount_text(remedy_amount, base));
				RETURN NEXT;
			END IF;
		WHEN rule.kind IN ('limit_missing', 'limit_use', 'horizon_use', 'limit_expired') THEN
			-- Enough for every rule that compares with the limit.
			SELECT payment_of(GREATEST(exposed, 0) * 100 / min(NULLIF(r.threshold, 0)), minor) INTO remedy_amount
			FROM check_rule r WHERE r.kind = 'limit_use' AND r.action <> 'warn' AND today BETWEEN r.valid_from AND r.valid_to
				AND (r.customer_id IS NULL OR r.customer_id = p_customer_id)
				AND (r.risk_class IS NULL OR r.risk_class = (SELECT c.risk_class FROM customer c WHERE c.customer_id = p_customer_id));
			remedy_amount := COALESCE(remedy_amount, round(GREATEST(exposed, 0), minor));
			finding := CASE rule.kind WHEN 'limit_expired' THEN format('The last credit limit ended %s days ago.', rule.figure)
				ELSE 'There is no credit limit in force.' END || format(' %s exposure is %s.', with_order, amount_text(exposed, base));
			remedy := format('set a credit limit of %s or more', amount_text(remedy_amount, base));
			RETURN NEXT;
		WHEN rule.kind = 'manual_hold' THEN
			FOR part IN
				SELECT h.hold_id, h.reason, h.actor, h.placed_at, h.scope, h.expires_on, h.forced, h.automatic, k.legal, k.rule_kinds, k.reason_code, k.description
				FROM hold h JOIN hold_reason k ON k.reason_code = h.reason_code
				WHERE h.customer_id = p_customer_id AND (h.expires_on IS NULL OR h.expires_on >= today) AND h.scope IN ('all', 'new_orders')
					AND NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id)
				ORDER BY h.hold_id
			LOOP
				figure := part.hold_id;
				finding := format('Hold %s stops %s: %s (%s), placed by %s on %s.', part.hold_id, CASE part.scope WHEN 'all' THEN 'everything' ELSE 'new orders' END,
					part.reason, part.reason_code, part.actor,
					to_char(part.placed_at AT TIME ZONE (SELECT l.time_zone FROM ledger_info l), 'YYYY-MM-DD'));
				until := concat_ws('; or it ends ', NULL,
					CASE WHEN part.automatic AND NOT part.forced AND NOT part.legal AND part.rule_kinds <> '{}'
						THEN 'when its cause is gone: ' || array_to_string(part.rule_kinds, ', ') END,
					'after ' || to_char(part.expires_on, 'YYYY-MM-DD'));
				remedy := CASE WHEN part.legal THEN format('release_legal_hold(%s, %s, why), by somebody with the access legal and no one else', p_customer_id, part.hold_id)
						ELSE format('release_hold(%s, %s, why), by somebody with the access credit_manager', p_customer_id, part.hold_id) END
					|| CASE WHEN (SELECT p.required FROM approval_policy p WHERE p.action = 'hold_release' ORDER BY p.approval_policy_id DESC LIMIT 1)
						THEN ' and once approved' ELSE '' END
					|| CASE WHEN until <> '' THEN '; or it ends ' || until ELSE '' END;
				RETURN NEXT;
			END LOOP;
		WHEN rule.kind = 'oldest_overdue' THEN
			finding := format('The oldest open item is %s days past due; %s are allowed.', rule.figure, trim_scale(rule.threshold));
			FOR part IN
				SELECT i.currency, sum(i.open_amount - COALESCE(s.amount, 0)) AS amount, COALESCE((SELECT -sum(u.open_amount) FROM item u
					WHERE u.customer_id = p_customer_id AND u.currency = i.currency AND u.open_amount < 0 AND u.reserved_for IS NULL), 0) AS in_hand
				FROM item i LEFT JOIN spared_items(p_customer_id) s ON s.item_id = i.item_id
				WHERE i.customer_id = p_customer_id AND i.open_amount > COALESCE(s.amount, 0) AND today - i.due_date > rule.threshold
				GROUP BY i.currency ORDER BY i.currency
			LOOP
				currency := part.currency; remedy_amount := part.amount - LEAST(part.amount, part.in_hand);
				remedy := payment_text(p_customer_id, part.currency, part.amount, part.in_hand, today - trunc(rule.threshold)::integer);
				RETURN NEXT;
			END LOOP;
		WHEN rule.kind IN ('overdue_amount', 'overdue_percent') THEN
			SELECT COALESCE(sum(convert(i.open_amount, i.currency, base, today)) FILTER (WHERE i.open_amount > 0 AND i.due_date < today - rule.grace_days), 0) AS overdue,
				COALESCE(sum(convert(i.open_amount, i.currency, base, today)) FILTER (WHERE i.open_amount > 0), 0) AS owed,
				COALESCE(-sum(convert(i.open_amount, i.currency, base, today)) FILTER (WHERE i.open_amount < 0 AND i.reserved_for IS NULL), 0) AS unapplied
			INTO part FROM item i WHERE i.customer_id = p_customer_id AND (i.open_amount > 0 OR i.open_amount < 0);
			part.overdue := part.overdue - COALESCE((SELECT sum(convert(s.amount, s.currency, base, today)) FROM spared_items(p_customer_id) s
				WHERE s.due_date < today - rule.grace_days), 0);
			in_hand := CASE WHEN rule.net_of_unapplied THEN 0 ELSE part.unapplied END;
			IF rule.kind = 'overdue_amount' THEN
				needed := payment_of(rule.figure - rule.threshold, minor);
				finding := format('%s are past due%s%s; %s are allowed.', amount_text(rule.figure, base),
					CASE WHEN rule.grace_days > 0 THEN format(' by more than %s days', rule.grace_days) ELSE '' END,
					CASE WHEN rule.net_of_unapplied AND part.unapplied > 0 THEN ', less unapplied credit' ELSE '' END, amount_text(rule.threshold, base));
			ELSE
				-- What is applied lowers both what is past due and all that is owed.
				needed := payment_of((100 * (part.overdue - part.unapplied * rule.net_of_unapplied::integer) - rule.threshold * part.owed) / (100 - rule.threshold), minor);
				finding := format('%s percent of all that is owed are past due%s; %s percent are allowed.', round(rule.figure, 2),
					CASE WHEN rule.grace_days > 0 THEN format(' by more than %s days', rule.grace_days) ELSE '' END, trim_scale(rule.threshold));
			END IF;
			remedy_amount := needed - LEAST(needed, in_hand);
			remedy := payment_text(p_customer_id, base, needed, in_hand, today - rule.grace_days);
			RETURN NEXT;
		WHEN rule.kind = 'document_value' THEN
			remedy_amount := trunc(rule.threshold, minor);
			finding := format('The order is of %s; one order may be of %s.', amount_text(ordered, base), amount_text(remedy_amount, base));
			remedy := format('make it %s or less', amount_text(remedy_amount, base));
			RETURN NEXT;
		ELSE
			until := to_char(today + COALESCE((rule.threshold - rule.figure)::integer, 0) + 1, 'YYYY-MM-DD');
			SELECT f.finding, f.remedy INTO finding, remedy FROM (VALUES
				('customer_status', format('The customer is %s.', CASE (SELECT c.status FROM customer c WHERE c.customer_id = p_customer_id)
					WHEN 'legal' THEN 'with lawyers' ELSE (SELECT c.status FROM customer c WHERE c.customer_id = p_customer_id) END),
					format('set_customer_status(%s, ''active'')', p_customer_id)),
				('limit_expiring', format('The credit limit ends in %s days; it must be in force for more than %s.', rule.figure, trim_scale(rule.threshold)),
					'set the credit limit that follows it'),
				('returned_payment', format('A payment came back %s days ago; it must be more than %s.', rule.figure, trim_scale(rule.threshold)),
					format('it passes from %s on, if no other payment comes back', until)),
				('terms_changed', format('The payment terms changed %s days ago; it must be more than %s.', rule.figure, trim_scale(rule.threshold)),
					format('it passes from %s on', until)),
				('dunning_level', format('The dunning level is %s; %s is allowed.', rule.figure, trim_scale(rule.threshold)),
					'pay the items that were dunned; set_risk_figure() says when a level entered by hand is lower'),
				('broken_promises', format('%s promises to pay were not kept; %s are allowed.', rule.figure, trim_scale(rule.threshold)),
					'pay what was promised; evaluate_promises() says when it is made good'),
				('payment_index', format('The payment index is %s; it must be %s at least.', rule.figure, trim_scale(rule.threshold)),
					'set_risk_figure() says when it is higher'),
				('score', format('The score is %s; it must be %s at least.', COALESCE(rule.figure::text, 'not known'), trim_scale(rule.threshold)),
					'set_risk_figure() enters a new one'),
				('grade', format('The grade is %s; the worst allowed is %s.', COALESCE('number ' || rule.figure, 'not known'), trim_scale(rule.threshold)),
					'set_risk_figure() enters a new one'),
				('review_overdue', format('The credit review is %s days late; %s are allowed.', rule.figure, trim_scale(rule.threshold)),
					'review the credit; set_review_due() says when again'),
				('dormant', format('Nothing was invoiced for %s days; %s are allowed.', rule.figure, trim_scale(rule.threshold)),
					'review the customer; a row of check_exclusion lets it pass')) f (of_kind, finding, remedy)
			WHERE f.of_kind = rule.kind;
			finding := COALESCE(finding, format('Rule %s (%s) is broken.', rule.rule_no, rule.kind));
			RETURN NEXT;
		END CASE;
	END LOOP;

	subject := this; figure := NULL; threshold := NULL; remedy := NULL; remedy_amount := NULL; currency := base;
	IF NOT held AND p_order_id IS NOT NULL THEN
		kind := 'passes'; figure := ordered;
		finding := format('This order of %s would pass now%s.', amount_text(ordered, base), CASE WHEN released.order_release_id IS NOT NULL THEN
			format(': %s released it up to %s until %s, because %s', released.actor, amount_text(released.amount, released.currency),
				to_char(released.valid_until, 'YYYY-MM-DD'), released.reason) ELSE '' END);
		remedy := format('CALL reevaluate_holds(%s) takes it off hold', p_customer_id);
		RETURN NEXT;
	ELSIF NOT held THEN
		-- What is left under each limit that holds orders.
		SELECT min(room) INTO headroom FROM (
			SELECT CASE WHEN c.value ->> 'kind' = 'document_value' THEN trunc((c.value ->> 'threshold')::numeric, minor)
				WHEN c.value ? 'group_id' THEN (SELECT trunc(g.limit_amount * (c.value ->> 'threshold')::numeric / 100, minor) - g.others - exposed
					FROM group_limits(p_customer_id, today) g WHERE g.group_id = (c.value ->> 'group_id')::bigint)
				ELSE trunc(said.limit_amount * (c.value ->> 'threshold')::numeric / 100, minor) - exposed
					+ COALESCE(orders_beyond(p_customer_id, today + (c.value ->> 'horizon_days')::integer), 0) END AS room
			FROM jsonb_array_elements(said.checks) c JOIN check_rule r ON r.rule_no = (c.value ->> 'rule_no')::integer
			WHERE r.action <> 'warn' AND c.value ->> 'kind' IN ('document_value', 'limit_use', 'horizon_use')) h;
		kind := 'headroom'; figure := headroom;
		finding := 'Nothing holds this customer: ' || COALESCE(format('an order of up to %s passes.', amount_text(headroom, base)), 'an order of any amount passes.');
		RETURN NEXT;
	END IF;
END $$;
COMMENT ON FUNCTION explain_check(bigint, text, numeric, text, date, text) IS 'What a check of an order of p_amount breaks now, with what would mend it; or that it passes. Used by explain_credit().';

CREATE OR REPLACE FUNCTION orders_to_explain(p_customer_id bigint, p_order_id text)
RETURNS TABLE (source text, order_id text, amount numeric, outcome text, decided_at timestamptz, orders regclass, customer_column text, order_id_column text,
	amount_column text, currency_column text, ship_date_column text, status_column text, hold_value text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT d.source, d.order_id, d.amount, d.outcome, d.decided_at, credit.table_oid(w.table_schema, w.table_name)::regclass, w.customer_column,
			w.order_id_column, w.amount_column, w.currency_column, w.ship_date_column, w.status_column, w.hold_value
		FROM (SELECT DISTINCT ON (x.source, x.order_id) x.* FROM decision x
				WHERE x.customer_id = p_customer_id AND x.order_id = p_order_id AND p_order_id IS NOT NULL
				ORDER BY x.source, x.order_id, x.decision_id DESC) d
			LEFT JOIN watched_table w ON format('%I.%I', w.table_schema, w.table_name) = d.source AND w.mode = 'hold'
		UNION ALL
		SELECT h.source, h.order_id, h.amount, 'hold', h.held_at, credit.table_oid(w.table_schema, w.table_name)::regclass, w.customer_column,
			w.order_id_column, w.amount_column, w.currency_column, w.ship_date_column, w.status_column, w.hold_value
		FROM held_orders(p_customer_id) h LEFT JOIN watched_table w ON format('%I.%I', w.table_schema, w.table_name) = h.source AND w.mode = 'hold'
		WHERE p_order_id IS NULL
		ORDER BY 5, 2;
END $$;
COMMENT ON FUNCTION orders_to_explain(bigint, text) IS 'The last decision on an order, or on each order of a customer on hold, and where the order is. Used by explain_credit().';

-- Runs with the caller's rights, for it reads the applications' order tables: what is on hold there, and of how much.
CREATE OR REPLACE FUNCTION explain_credit(p_customer_id bigint, p_order_id text DEFAULT NULL)
RETURNS TABLE (step_no integer, subject text, kind text, finding text, figure numeric, threshold numeric, remedy text, remedy_amount numeric, currency text)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	one record;
	amount_now numeric;
	currency_now text;
	ship_date_now date;
	still_held boolean;
	explained boolean := false;
BEGIN
	IF p_customer_id IS NULL THEN
		RAISE EXCEPTION 'customer to explain must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	step_no := 0;
	FOR one IN SELECT o.* FROM orders_to_explain(p_customer_id, p_order_id) o LOOP
		subject := format('order %s', one.order_id); kind := 'order'; figure := NULL; threshold := NULL; remedy := NULL; remedy_amount := NULL; currency := NULL;
		still_held := one.outcome = 'hold';
		amount_now := one.amount;
		currency_now := NULL;
		ship_date_now := NULL;
		IF still_held AND one.orders IS NOT NULL AND has_schema_privilege((SELECT c.relnamespace FROM pg_class c WHERE c.oid = one.orders), 'USAGE')
			AND has_table_privilege(one.orders, 'SELECT') THEN
			EXECUTE format('SELECT o.%I, %s, %s FROM %s o WHERE o.%I = %L AND o.%I = $1 AND o.%I = %L', one.amount_column,
				CASE WHEN one.currency_column IS NULL THEN 'NULL::text' ELSE format('o.%I::text', one.currency_column) END,
				CASE WHEN one.ship_date_column IS NULL THEN 'NULL::date' ELSE format('o.%I', one.ship_date_column) END, one.orders, one.order_id_column, one.order_id, one.customer_column,
				one.status_column, one.hold_value)
				INTO amount_now, currency_now, ship_date_now USING p_customer_id;
			still_held := amount_now IS NOT NULL;
		END IF;
		IF NOT still_held THEN
			IF p_order_id IS NOT NULL THEN
				step_no := step_no + 1; explained := true;
				finding := CASE one.outcome WHEN 'hold' THEN format('Order %s is on hold no longer: %s has it as held no more.', one.order_id, one.orders)
					ELSE format('Order %s is not on hold: its last check said %s.', one.order_id, one.outcome) END;
				RETURN NEXT;
			END IF;
			CONTINUE;
		END IF;
		explained := true;
		FOR subject, kind, finding, figure, threshold, remedy, remedy_amount, currency IN
			SELECT x.subject, x.kind, x.finding, x.figure, x.threshold, x.remedy, x.remedy_amount, x.currency
			FROM explain_check(p_customer_id, one.order_id, amount_now, currency_now, ship_date_now, one.source) x
		LOOP
			step_no := step_no + 1;
			RETURN NEXT;
		END LOOP;
	END LOOP;
	IF explained THEN
		RETURN;
	END IF;
	IF p_order_id IS NOT NULL THEN
		RAISE EXCEPTION 'no decision on order "%" of customer % is on file', p_order_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', HINT = 'explain_credit() without an order speaks of the customer; a refused order leaves no decision, its error carries it.';
	END IF;
	FOR subject, kind, finding, figure, threshold, remedy, remedy_amount, currency IN
		SELECT x.subject, x.kind, x.finding, x.figure, x.threshold, x.remedy, x.remedy_amount, x.currency FROM explain_check(p_customer_id, NULL, 0, NULL, NULL, NULL) x
	LOOP
		step_no := step_no + 1;
		RETURN NEXT;
	END LOOP;
END $$;
COMMENT ON FUNCTION explain_credit(bigint, text) IS 'Why an order of a customer is on hold, or each that is, or the customer itself: one row per rule broken now and way to mend it. finding: what is wrong; figure, threshold: in figures; remedy: what would release it; remedy_amount: the smallest payment, limit or order that does, in currency. Also says what passes, and how much more would.';
