-- Scoring customers with what the ledger and the credit file know of them.

ALTER TABLE score_card ALTER actor SET DEFAULT actor();

CREATE OR REPLACE FUNCTION attribute_names()
RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN ARRAY['months_since_first_sale', 'invoiced', 'paid', 'items_paid', 'days_late', 'days_late_weighted', 'days_late_recent', 'days_late_before', 'days_late_trend',
		'payment_index', 'returned_payments', 'broken_promises', 'discount_share', 'dilution', 'disputes', 'disputes_rejected',
		'dispute_share', 'dispute_share_recent', 'dispute_share_before', 'balance', 'past_due', 'past_due_share', 'oldest_bucket', 'disputed', 'limit_amount', 'utilisation',
		'audited', 'statement_age_days', 'tangible_net_worth', 'working_capital', 'sales', 'net_income', 'current_ratio', 'quick_ratio', 'cash_ratio', 'debt_to_equity',
		'liabilities_to_assets', 'interest_coverage', 'cash_flow_to_liabilities', 'receivable_days', 'inventory_days', 'payable_days', 'asset_turnover', 'gross_margin',
		'operating_margin', 'net_margin', 'return_on_assets', 'return_on_equity', 'sales_growth', 'equity_growth', 'current_ratio_change', 'net_margin_change',
		'z_score', 'z_zone', 'z_em_score', 'z_em_zone',
		'bureau_score', 'bureau_grade', 'bureau_age_days', 'references', 'reference_high_credit', 'reference_past_due_share', 'reference_payment_index'];
END $$;
COMMENT ON FUNCTION attribute_names() IS 'What a scorecard can ask the ledger for, besides facts of the latest credit report (fact_ and their name).';

-- References older than two years say nothing any more.
CREATE OR REPLACE FUNCTION attributes_at(p_as_of date, p_known_at timestamptz DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, attributes jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	known timestamptz := COALESCE(p_known_at, end_of_day(p_as_of));
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY
		WITH ratio AS (
			SELECT DISTINCT ON (r.customer_id) r.customer_id, to_jsonb(r) - ARRAY['customer_id', 'financial_statement_id', 'period_from', 'period_to', 'currency', 'received_on', 'latest']
				|| jsonb_build_object('statement_age_days', p_as_of - r.period_to,
					'tangible_net_worth', convert(r.tangible_net_worth, r.currency, base, p_as_of), 'working_capital', convert(r.working_capital, r.currency, base, p_as_of),
					'sales', convert(r.sales, r.currency, base, p_as_of), 'net_income', convert(r.net_income, r.currency, base, p_as_of)) AS values
			FROM ratios_at(p_as_of, known, p_customer_id) r WHERE r.latest ORDER BY r.customer_id, r.financial_statement_id DESC),
		report AS (
			SELECT DISTINCT ON (r.customer_id) r.customer_id, jsonb_build_object('bureau_score', r.score, 'bureau_grade', r.grade, 'bureau_age_days', p_as_of - r.report_date)
				|| COALESCE((SELECT jsonb_object_agg('fact_' || f.key, f.value) FROM jsonb_each(r.facts) f), '{}') AS values
			FROM credit_report r WHERE r.received_on <= p_as_of AND r.recorded_at <= known AND (p_customer_id IS NULL OR r.customer_id = p_customer_id)
			ORDER BY r.customer_id, r.report_date DESC, r.credit_report_id DESC),
		reference AS (
			SELECT f.customer_id, jsonb_build_object('references', count(*), 'reference_high_credit', max(convert(f.high_credit, f.currency, base, p_as_of)),
				'reference_past_due_share', round(sum(f.past_due) / NULLIF(sum(f.balance), 0), 4),
				'reference_payment_index', credit.payment_index(convert(f.high_credit, f.currency, base, p_as_of), f.days_beyond_terms)) AS values
			FROM (SELECT DISTINCT ON (r.customer_id, r.supplier) r.* FROM trade_reference r
				WHERE r.given_on <= p_as_of AND r.given_on > p_as_of - 731 AND r.recorded_at <= known AND (p_customer_id IS NULL OR r.customer_id = p_customer_id)
				ORDER BY r.customer_id, r.supplier, r.given_on DESC, r.trade_reference_id DESC) f
			GROUP BY f.customer_id)
		SELECT b.customer_id, jsonb_strip_nulls(to_jsonb(b) - ARRAY['customer_id', 'first_sale_on']
			|| COALESCE(s.values, '{}') || COALESCE(r.values, '{}') || COALESCE(f.values, '{}'))
		FROM behaviour_at(p_as_of, known, p_customer_id) b
			LEFT JOIN ratio s ON s.customer_id = b.customer_id
			LEFT JOIN report r ON r.customer_id = b.customer_id
			LEFT JOIN reference f ON f.customer_id = b.customer_id;
END $$;
COMMENT ON FUNCTION attributes_at(date, timestamptz, bigint) IS 'What is known of customers for scoring, as of a day and as recorded by p_known_at (default the end of that day): how they pay us, ratios of the latest statement, the latest bureau report with its facts, trade references of two years. Amounts in base currency; what is not known is not there.';

-- Where a customer stands among all, from 0 to below 100: what depends on its id alone stays, on every machine.
CREATE OR REPLACE FUNCTION share_place(p_customer_id bigint)
RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	hash bytea := sha256(p_customer_id::text::bytea);
BEGIN
	RETURN round((get_byte(hash, 0) * 65536 + get_byte(hash, 1) * 256 + get_byte(hash, 2)) * 100 / 16777216.0, 6);
END $$;
COMMENT ON FUNCTION share_place(bigint) IS 'A number from 0 to below 100 that a customer keeps: a challenger scores those in its share.';

CREATE OR REPLACE FUNCTION add_score_card(p_name text, p_card credit.scorecard, p_reason text, p_valid_from date DEFAULT NULL, p_share numeric DEFAULT NULL,
	p_valid_to date DEFAULT NULL, p_loss_given_default numeric DEFAULT 100)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	starts date := COALESCE(p_valid_from, ledger_today());
	categories text[] := ARRAY['audited', 'z_zone', 'z_em_zone', 'bureau_grade'];
	wrong record;
	place numeric;
	id bigint;
BEGIN
	PERFORM require_text(p_name, 'the name of a scorecard');
	PERFORM require_reason(p_reason, format('scorecard %s', p_name));
	IF p_card IS NULL THEN
		RAISE EXCEPTION 'scorecard % must not be null', p_name USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF NOT isfinite(starts) OR NOT isfinite(COALESCE(p_valid_to, starts)) OR p_valid_to < starts THEN
		RAISE EXCEPTION 'scorecard % has an impossible validity', p_name
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is from %s to %s.', starts, COALESCE(p_valid_to::text, 'without end'));
	END IF;
	IF p_share <= 0 OR p_share >= 100 OR p_share = 'NaN' OR p_loss_given_default IS NULL OR p_loss_given_default NOT BETWEEN 0 AND 100 THEN
		RAISE EXCEPTION 'percentages of scorecard % are out of range', p_name USING ERRCODE = 'numeric_value_out_of_range',
			DETAIL = format('The share is %s, the loss given default %s.', COALESCE(p_share::text, 'null'), COALESCE(p_loss_given_default::text, 'null'));
	END IF;
	FOR wrong IN SELECT DISTINCT a.attribute, a.categories IS NOT NULL AS is_category FROM credit.attributes(p_card) a WHERE a.condition NOT IN ('else', 'null') ORDER BY 1 LOOP
		IF wrong.attribute <> ALL (attribute_names()) AND wrong.attribute NOT LIKE 'fact\_%' THEN
			RAISE EXCEPTION 'unknown attribute "%" in scorecard %', wrong.attribute, p_name
				USING ERRCODE = 'invalid_parameter_value', HINT = 'attribute_names() lists what the ledger knows; facts of credit reports begin with fact_.';
		END IF;
		IF wrong.attribute NOT LIKE 'fact\_%' AND wrong.is_category <> (wrong.attribute = ANY (categories)) THEN
			RAISE EXCEPTION 'attribute "%" in scorecard % is a %', wrong.attribute, p_name, CASE WHEN wrong.is_category THEN 'number' ELSE 'category' END
				USING ERRCODE = 'datatype_mismatch';
		END IF;
	END LOOP;
	-- One at a time: shares are given out in order.
	LOCK TABLE score_card IN SHARE ROW EXCLUSIVE MODE;
	IF p_share IS NULL THEN
		IF EXISTS (SELECT FROM score_card s WHERE s.share IS NULL AND s.valid_from = starts) THEN
			RAISE EXCEPTION 'there is a champion from % already', starts USING ERRCODE = 'unique_violation', HINT = 'Begin on another day, or give a share.';
		END IF;
	ELSE
		SELECT COALESCE(max(s.share_from + s.share), 0) INTO place FROM score_card s
		WHERE s.share IS NOT NULL AND daterange(s.valid_from, s.valid_to, '[]') && daterange(starts, p_valid_to, '[]');
		IF place + p_share > 100 THEN
			RAISE EXCEPTION 'there is no share of % percent left for scorecard %', p_share, p_name
				USING ERRCODE = 'numeric_value_out_of_range', DETAIL = format('Challengers have the first %s percent of the customers.', place),
					HINT = 'end_score_card() ends one.';
		END IF;
	END IF;
	INSERT INTO score_card (name, version, card, valid_from, valid_to, share, share_from, loss_given_default, reason)
	VALUES (p_name, 1 + COALESCE((SELECT max(s.version) FROM score_card s WHERE s.name = p_name), 0), p_card, starts, p_valid_to, p_share, place, p_loss_given_default, p_reason)
	RETURNING score_card_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_score_card(text, credit.scorecard, text, date, numeric, date, numeric) IS 'Takes a scorecard into use from p_valid_from (default today): as the champion, or with p_share as a challenger for that percent of the customers. p_loss_given_default: percent of the exposure lost when a customer fails. The next version of its name; returns its id.';

CREATE OR REPLACE FUNCTION end_score_card(p_score_card_id bigint, p_valid_to date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	last_day date := COALESCE(p_valid_to, ledger_today());
BEGIN
	IF NOT isfinite(last_day) OR last_day < ledger_today() THEN
		RAISE EXCEPTION 'scorecard % cannot end on %', p_score_card_id, last_day
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('Today is %s.', ledger_today()), HINT = 'It ends today or later.';
	END IF;
	UPDATE score_card s SET valid_to = last_day WHERE s.score_card_id = p_score_card_id AND COALESCE(s.valid_to, 'infinity') >= ledger_today();
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no scorecard % in use', p_score_card_id USING ERRCODE = 'foreign_key_violation', HINT = 'Table score_card lists them.';
	END IF;
END $$;
COMMENT ON FUNCTION end_score_card(bigint, date) IS 'Ends the use of a scorecard: p_valid_to (default today) is its last day.';

-- Names the customer in what the card says is wrong.
CREATE OR REPLACE FUNCTION score_one(p_customer_id bigint, p_card credit.scorecard, p_attributes jsonb,
	OUT score numeric, OUT grade text, OUT pd numeric, OUT reasons text[])
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	SELECT s.score, s.grade, s.pd, s.reasons INTO score, grade, pd, reasons FROM credit.score(p_card, p_attributes) s;
EXCEPTION WHEN data_exception OR datatype_mismatch THEN
	RAISE EXCEPTION 'customer % cannot be scored: %', p_customer_id, SQLERRM USING ERRCODE = SQLSTATE;
END $$;
COMMENT ON FUNCTION score_one(bigint, credit.scorecard, jsonb) IS 'credit.score(), naming the customer in its errors. Behind score_at().';

CREATE OR REPLACE FUNCTION score_at(p_as_of date, p_known_at timestamptz DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, score_card_id bigint, attributes jsonb, score numeric, grade text, grade_rank integer, pd numeric, reasons text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	known timestamptz := COALESCE(p_known_at, end_of_day(p_as_of));
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY
		WITH used AS MATERIALIZED (
			(SELECT s.score_card_id, s.card, 0::numeric AS place_from, 100::numeric AS place_to, true AS champion FROM score_card s
			WHERE s.share IS NULL AND s.valid_from <= p_as_of AND s.recorded_at <= known AND COALESCE(s.valid_to, 'infinity') >= p_as_of
			ORDER BY s.valid_from DESC LIMIT 1)
			UNION ALL
			SELECT s.score_card_id, s.card, s.share_from, s.share_from + s.share, false FROM score_card s
			WHERE s.share IS NOT NULL AND s.valid_from <= p_as_of AND s.recorded_at <= known AND COALESCE(s.valid_to, 'infinity') >= p_as_of),
		card AS MATERIALIZED (
			SELECT u.*, a.names, a.needed, g.grades FROM used u,
				LATERAL (SELECT array_agg(n.attribute) AS names, COALESCE(array_agg(n.attribute) FILTER (WHERE NOT n.may_miss), '{}') AS needed
					FROM (SELECT b.attribute, bool_or(b.condition = 'null') AS may_miss FROM credit.attributes(u.card) b GROUP BY b.attribute) n) a,
				LATERAL (SELECT array_agg(b.grade ORDER BY b.n) AS grades FROM credit.grades(u.card) WITH ORDINALITY b (grade, from_score, below_score, n)) g),
		known_of AS (
			SELECT a.customer_id, a.attributes, share_place(a.customer_id) AS place FROM attributes_at(p_as_of, known, p_customer_id) a
			WHERE NOT EXISTS (SELECT FROM customer_merge m WHERE m.customer_id = a.customer_id AND m.merged_on <= p_as_of AND m.recorded_at <= known)
				AND EXISTS (SELECT FROM exposure e WHERE e.customer_id = a.customer_id AND e.currency = base)),
		assigned AS (
			SELECT k.customer_id, k.attributes, c.* FROM known_of k JOIN card c ON k.place >= c.place_from AND k.place < c.place_to
				AND (NOT c.champion OR NOT EXISTS (SELECT FROM card o WHERE NOT o.champion AND k.place >= o.place_from AND k.place < o.place_to)))
		SELECT a.customer_id, a.score_card_id, i.inputs, s.score, s.grade, array_position(a.grades, s.grade), s.pd, s.reasons
		FROM assigned a,
			LATERAL (SELECT jsonb_object_agg(n, a.attributes -> n) AS inputs FROM unnest(a.names) n) i,
			LATERAL score_one(a.customer_id, a.card, i.inputs) s
		-- Without a value that the card has no points for the lack of, there is no score; of one customer the card says so.
		WHERE p_customer_id IS NOT NULL OR a.attributes ?& a.needed;
END $$;
COMMENT ON FUNCTION score_at(date, timestamptz, bigint) IS 'Scores as of a day, from what was known of each customer then: recorded by p_known_at (default the end of that day). By the champion in force on that day, or the challenger in whose share the customer is. Of all customers, without those who lack a value that the card needs, or of one, where that is an error. Writes nothing.';

-- What check rules read is entered only for those whose score or grade is another one.
CREATE OR REPLACE FUNCTION store_scores(p_as_of date, p_known_at timestamptz, p_customer_id bigint)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	today date := ledger_today();
	changed bigint[];
	scores numeric[];
	ranks integer[];
	n bigint;
BEGIN
	WITH scored AS (
		INSERT INTO score_history (customer_id, as_of, known_at, score_card_id, attributes, score, grade, grade_rank, pd, reasons)
		SELECT s.customer_id, p_as_of, COALESCE(p_known_at, LEAST(end_of_day(p_as_of), now())), s.score_card_id, s.attributes, s.score, s.grade, s.grade_rank, s.pd, s.reasons
		FROM score_at(p_as_of, p_known_at, p_customer_id) s
		RETURNING score_history.customer_id, score_history.score, score_history.grade_rank),
	compared AS (
		SELECT s.*, (s.score, s.grade_rank) IS DISTINCT FROM (f.score, f.grade::integer) AS differs
		FROM scored s LEFT JOIN (
			SELECT r.customer_id, max(r.value) FILTER (WHERE r.figure = 'score') AS score, max(r.value) FILTER (WHERE r.figure = 'grade') AS grade
			FROM (SELECT DISTINCT ON (o.customer_id, o.figure) o.customer_id, o.figure, o.value FROM risk_figure o
				WHERE o.figure IN ('score', 'grade') AND o.valid_from <= today AND (p_customer_id IS NULL OR o.customer_id = p_customer_id)
				ORDER BY o.customer_id, o.figure, o.valid_from DESC, o.risk_figure_id DESC) r
			GROUP BY r.customer_id) f ON f.customer_id = s.customer_id)
	SELECT count(*), array_agg(c.customer_id ORDER BY c.customer_id) FILTER (WHERE c.differs), array_agg(c.score ORDER BY c.customer_id) FILTER (WHERE c.differs),
		array_agg(c.grade_rank ORDER BY c.customer_id) FILTER (WHERE c.differs)
	INTO n, changed, scores, ranks FROM compared c;
	-- A score of another day, or of what was known another day, is an analysis.
	IF p_as_of = today AND p_known_at IS NULL AND changed IS NOT NULL THEN
		-- As tighten() does for one: the lock in id order, then a changed row that waiting orders see.
		PERFORM FROM exposure e WHERE e.customer_id = ANY (changed) AND e.currency = base ORDER BY e.customer_id FOR NO KEY UPDATE;
		UPDATE exposure e SET check_seq = e.check_seq + 1 WHERE e.customer_id = ANY (changed) AND e.currency = base;
		INSERT INTO risk_figure (customer_id, figure, value, valid_from, source)
		SELECT c.customer_id, f.figure, f.value, today, 'scorecard'
		FROM unnest(changed, scores, ranks) c (customer_id, score, grade_rank), LATERAL (VALUES ('score', c.score), ('grade', c.grade_rank)) f (figure, value)
		WHERE f.value IS NOT NULL ORDER BY c.customer_id, f.figure DESC;
	END IF;
	RETURN n;
END $$;
COMMENT ON FUNCTION store_scores(date, timestamptz, bigint) IS 'Scores customers and keeps the scores; those as of today become the risk figures score and grade. Behind score_customer() and rescore_portfolio().';

CREATE OR REPLACE FUNCTION score_customer(p_customer_id bigint, p_as_of date DEFAULT NULL, p_known_at timestamptz DEFAULT NULL,
	OUT score numeric, OUT grade text, OUT pd numeric, OUT reasons text[], OUT score_card_id bigint, OUT score_history_id bigint, OUT attributes jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	as_of_day date := COALESCE(p_as_of, ledger_today());
BEGIN
	PERFORM require_as_of(as_of_day);
	PERFORM lock_customer(p_customer_id);
	IF store_scores(as_of_day, p_known_at, p_customer_id) = 0 THEN
		RAISE EXCEPTION 'customer % cannot be scored as of %', p_customer_id, as_of_day
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'No scorecard was in use, or the customer was not known or merged into another.',
				HINT = 'add_score_card() takes one into use.';
	END IF;
	SELECT h.score, h.grade, h.pd, h.reasons, h.score_card_id, h.score_history_id, h.attributes
	INTO score, grade, pd, reasons, score_card_id, score_history_id, attributes
	FROM score_history h WHERE h.customer_id = p_customer_id ORDER BY h.score_history_id DESC LIMIT 1;
END $$;
COMMENT ON FUNCTION score_customer(bigint, date, timestamptz) IS 'Scores a customer as of p_as_of (default today) from what was known then, or at p_known_at, and keeps the score. As of today it becomes the risk figures score and grade, which check rules read.';

CREATE OR REPLACE FUNCTION rescore_portfolio(p_as_of date DEFAULT NULL, p_known_at timestamptz DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN store_scores(COALESCE(p_as_of, ledger_today()), p_known_at, NULL);
END $$;
COMMENT ON FUNCTION rescore_portfolio(date, timestamptz) IS 'score_customer() of all customers in one go; who lacks a value that the card needs gets no score. Returns how many were scored.';
