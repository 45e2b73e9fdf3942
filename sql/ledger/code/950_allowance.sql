-- Allowance for expected credit losses: IFRS 9 provision matrix (B5.5.35), CECL aging schedule (ASC 326-20-55-38).

ALTER TABLE loss_rate ALTER actor SET DEFAULT actor();
ALTER TABLE loss_adjustment ALTER actor SET DEFAULT actor();
ALTER TABLE specific_provision ALTER actor SET DEFAULT actor();
ALTER TABLE allowance_run ALTER actor SET DEFAULT actor();

DO $do$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['loss_rate', 'loss_adjustment', 'specific_provision', 'allowance_run', 'allowance_line'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OR DELETE ON %2$I FOR EACH ROW EXECUTE FUNCTION credit.refuse_change(%3$L)',
			name || '_append_only', name, 'Enter another one, valid from a later day.');
		EXECUTE format('CREATE OR REPLACE TRIGGER %1$I BEFORE TRUNCATE ON %2$I FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change(%3$L)',
			name || '_no_truncate', name, 'Enter another one, valid from a later day.');
	END LOOP;
END $do$;

CREATE OR REPLACE FUNCTION require_segment(p_risk_class text, p_dimension text, p_value text)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF num_nonnulls(p_dimension, p_value) = 1 OR num_nonnulls(p_risk_class, p_dimension) = 2 THEN
		RAISE EXCEPTION 'loss rates are those of a risk class, of a segment or of all'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Given are risk class %s, dimension %s and value %s.', COALESCE(p_risk_class, 'null'),
				COALESCE(p_dimension, 'null'), COALESCE(p_value, 'null')), HINT = 'Give p_risk_class, or p_dimension with p_value, or nothing.';
	ELSIF p_dimension IS NOT NULL AND NOT EXISTS (SELECT FROM customer_dimension d WHERE d.dimension = p_dimension AND d.value = p_value) THEN
		RAISE EXCEPTION 'there is no % "%"', p_dimension, p_value
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Table customer_dimension lists them; set_dimension() sets one.';
	ELSIF p_risk_class IS NOT NULL AND NOT EXISTS (SELECT FROM customer c WHERE c.risk_class = p_risk_class) THEN
		RAISE EXCEPTION 'there is no risk class "%"', p_risk_class USING ERRCODE = 'invalid_parameter_value', HINT = 'set_risk_class() sets that of a customer.';
	END IF;
END $$;
COMMENT ON FUNCTION require_segment(text, text, text) IS 'Error 22023 unless it is a risk class or a segment that a customer has, or nothing: all.';

CREATE OR REPLACE FUNCTION set_loss_rates(p_rates numeric[], p_valid_from date, p_reason text, p_risk_class text DEFAULT NULL, p_buckets credit.aging_buckets DEFAULT NULL,
	p_discount_percent numeric DEFAULT 0, p_discount_days integer DEFAULT 0, p_dimension text DEFAULT NULL, p_value text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	buckets credit.aging_buckets := COALESCE(p_buckets, (SELECT l.aging_buckets FROM ledger_info l));
	needed integer := cardinality(buckets::integer[]) + 1;
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, 'a matrix of loss rates');
	PERFORM require_as_of(p_valid_from);
	PERFORM require_segment(p_risk_class, p_dimension, p_value);
	IF cardinality(p_rates) IS DISTINCT FROM needed OR array_ndims(p_rates) <> 1 OR array_position(p_rates, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'loss rates must be one for each bucket'
			USING ERRCODE = 'RC006', DETAIL = format('The %s buckets are %s; the rates are %s.', needed, buckets, COALESCE(p_rates::text, 'null')),
				HINT = 'Give 0 where nothing is expected to be lost.';
	END IF;
	IF EXISTS (SELECT FROM unnest(p_rates) r WHERE r NOT BETWEEN 0 AND 100) THEN
		RAISE EXCEPTION 'a loss rate is out of range'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The rates are %s.', p_rates), HINT = 'They are percent, from 0 to 100.';
	END IF;
	INSERT INTO loss_rate (risk_class, dimension, value, valid_from, buckets, rates, discount_percent, discount_days, reason)
	VALUES (p_risk_class, p_dimension, p_value, p_valid_from, buckets, p_rates, p_discount_percent, p_discount_days, p_reason) RETURNING loss_rate_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION set_loss_rates(numeric[], date, text, text, credit.aging_buckets, numeric, integer, text, text) IS 'Enters the provision matrix from a day on: percent lost, one rate per bucket (default the ledger''s), for a risk class, for a segment (p_dimension: segment, region, salesperson or collector, and its p_value) or for all without rates of their own. The shortfall may be discounted at p_discount_percent a year over p_discount_days. Returns its id.';

CREATE OR REPLACE FUNCTION set_loss_adjustment(p_factor numeric, p_valid_from date, p_reason text, p_risk_class text DEFAULT NULL, p_dimension text DEFAULT NULL,
	p_value text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, 'an adjustment of loss rates');
	PERFORM require_as_of(p_valid_from);
	PERFORM require_segment(p_risk_class, p_dimension, p_value);
	IF p_factor IS NULL OR p_factor <= 0 OR p_factor > 100 OR p_factor = 'NaN' THEN
		RAISE EXCEPTION 'adjustment of loss rates is out of range'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The factor is %s.', COALESCE(p_factor::text, 'null')), HINT = 'It multiplies the rates: 1.1 raises them by a tenth, 1 leaves them.';
	END IF;
	INSERT INTO loss_adjustment (risk_class, dimension, value, valid_from, factor, reason) VALUES (p_risk_class, p_dimension, p_value, p_valid_from, p_factor, p_reason) RETURNING loss_adjustment_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION set_loss_adjustment(numeric, date, text, text, text, text) IS 'Enters a forward-looking factor for the loss rates from a day on, of a risk class, of a segment (p_dimension and p_value) or of all without one of their own; 1 ends it. Returns its id.';

CREATE OR REPLACE FUNCTION pools_at(p_as_of date, p_known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE (customer_id bigint, risk_class text, dimension text, value text) LANGUAGE plpgsql STABLE STRICT SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH own AS MATERIALIZED (
			SELECT DISTINCT ON (d.customer_id) d.customer_id, d.dimension, d.value
			FROM customer_dimension d
				JOIN (SELECT DISTINCT r.dimension, r.value FROM loss_rate r WHERE r.dimension IS NOT NULL AND r.valid_from <= p_as_of AND r.recorded_at <= p_known_at) r
					ON r.dimension = d.dimension AND r.value = d.value
			ORDER BY d.customer_id, array_position('{segment,region,salesperson,collector}', d.dimension))
		SELECT c.customer_id, CASE WHEN o.customer_id IS NOT NULL THEN NULL WHEN k.customer_id IS NOT NULL THEN k.risk_class ELSE c.risk_class END, o.dimension, o.value
		FROM customer c LEFT JOIN own o ON o.customer_id = c.customer_id LEFT JOIN risk_classes_at(p_known_at) k ON k.customer_id = c.customer_id WHERE NOT c.intercompany;
END $$;
COMMENT ON FUNCTION pools_at(date, timestamptz) IS 'By what each customer''s loss rates are looked up on a day: by its segment, region, salesperson or collector, the first that has rates, else by its risk class as known then. Intercompany customers are left out.';

CREATE OR REPLACE FUNCTION set_specific_provision(p_customer_id bigint, p_percent numeric, p_reason text, p_valid_from date DEFAULT NULL, p_item_id bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, format('the provision for customer %s', p_customer_id));
	IF p_percent NOT BETWEEN 0 AND 100 THEN
		RAISE EXCEPTION 'provision for customer % is out of range', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s percent.', p_percent), HINT = 'NULL puts the customer back into the pool.';
	END IF;
	PERFORM lock_customer(p_customer_id);
	IF p_item_id IS NOT NULL AND NOT EXISTS (SELECT FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id AND i.amount > 0) THEN
		RAISE EXCEPTION 'customer % owes no item %', p_customer_id, p_item_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View open_items shows the items of a customer.';
	END IF;
	INSERT INTO specific_provision (customer_id, item_id, percent, valid_from, reason)
	VALUES (p_customer_id, p_item_id, p_percent, COALESCE(p_valid_from, ledger_today()), p_reason) RETURNING specific_provision_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION set_specific_provision(bigint, numeric, text, date, bigint) IS 'Judges what a customer owes (or one item) on its own from a day on (default today): it leaves the pool, and p_percent of it is expected to be lost; NULL puts it back. Returns its id.';

-- What covers a customer's debt on a day, in base currency: insurance its share of what is within the insured limit, as it pays a
-- claim; the rest up to its amount.
CREATE OR REPLACE FUNCTION cover_at(p_as_of date, p_known_at timestamptz DEFAULT NULL)
RETURNS TABLE (customer_id bigint, insured_limit numeric, covered_percent numeric, secured numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	known timestamptz := COALESCE(p_known_at, 'infinity');
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY
		SELECT u.customer_id, sum(u.insured), trim_scale(round(sum(u.insured * u.percent) / NULLIF(sum(u.insured), 0), 12)), COALESCE(sum(u.secured), 0)
		FROM (
			SELECT l.customer_id, convert(l.amount, l.currency, base, p_as_of) AS insured, l.covered_percent AS percent, NULL::numeric AS secured
			FROM credit_limit l WHERE l.kind = 'insured' AND l.in_force @> p_as_of AND l.set_at <= known
			UNION ALL
			SELECT l.customer_id, NULL, NULL, convert(l.amount, l.currency, base, p_as_of) FROM credit_limit l
			WHERE l.kind = 'guarantee' AND l.in_force @> p_as_of AND l.set_at <= known
			UNION ALL
			SELECT s.customer_id, NULL, NULL, convert(s.amount, s.currency, base, p_as_of) FROM security s
			WHERE s.valid_from <= p_as_of AND COALESCE(s.valid_to, 'infinity') >= p_as_of AND s.recorded_at <= known
				AND NOT EXISTS (SELECT FROM security_release r WHERE r.customer_id = s.customer_id AND r.security_id = s.security_id AND r.released_on <= p_as_of AND r.recorded_at <= known)) u
		GROUP BY u.customer_id;
END $$;
COMMENT ON FUNCTION cover_at(date, timestamptz) IS 'What covers customers'' debts on a day, in base currency: the insured limit and the percent of the debt within it that is paid (of several, weighted by limit), and the sum of guarantees and security. RC006 where a rate is missing.';

CREATE OR REPLACE FUNCTION due_on(p_customer_id bigint, p_item_id bigint, p_on date, p_known_at timestamptz DEFAULT 'infinity')
RETURNS date LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	due date;
BEGIN
	EXECUTE format('SELECT CASE WHEN i.due_changed_on IS NULL THEN i.due_date ELSE %s END FROM item i WHERE i.customer_id = $1 AND i.item_id = $2',
		due_on_query('i', '$3', 'AND n.recorded_at <= $4')) INTO due USING p_customer_id, p_item_id, p_on, p_known_at;
	RETURN due;
END $$;
COMMENT ON FUNCTION due_on(bigint, bigint, date, timestamptz) IS 'The due date of an item as in force on a day, and known then; NULL where it waits for an event.';

CREATE OR REPLACE FUNCTION allowance(p_as_of date, p_known_at timestamptz DEFAULT NULL)
RETURNS TABLE (part text, risk_class text, bucket_no integer, bucket text, customer_id bigint, gross numeric, covered numeric, exposure numeric,
	rate numeric, factor numeric, loss_rate numeric, allowance numeric, dimension text, value text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	decimals integer := credit.minor_unit(base);
	known timestamptz := COALESCE(p_known_at, 'infinity');
	missing record;
BEGIN
	PERFORM require_as_of(p_as_of);
	SELECT min(a.customer_id) AS first, p.risk_class AS class, sum((a.total - a.unapplied) * CASE WHEN a.currency = base THEN 1 ELSE fx_rate_on(a.currency, p_as_of) END) AS amount INTO missing
	FROM aging_at(p_as_of, 'due_date', p_known_at) a JOIN pools_at(p_as_of, known) p ON p.customer_id = a.customer_id
	WHERE a.total - a.unapplied <> 0 AND p.dimension IS NULL
		AND NOT EXISTS (SELECT FROM loss_rate r WHERE r.valid_from <= p_as_of AND r.recorded_at <= known AND r.dimension IS NULL AND (r.risk_class IS NULL OR r.risk_class = p.risk_class))
	GROUP BY p.risk_class ORDER BY p.risk_class LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'no loss rates on %', p_as_of
			USING ERRCODE = 'RC006', DETAIL = format('Customers %s, such as customer %s, owe %s %s.',
				CASE WHEN missing.class IS NULL THEN 'without a risk class' ELSE concat('of risk class ', missing.class) END, missing.first, round(missing.amount, decimals), base),
				HINT = 'Enter them with set_loss_rates(); roll_loss_rates() and loss_history() tell what was lost before.';
	END IF;
	RETURN QUERY
		WITH
		customer_pool AS MATERIALIZED (SELECT p.* FROM pools_at(p_as_of, known) p),
		class AS MATERIALIZED (
			SELECT row_number() OVER () AS class_no, k.risk_class, k.dimension, k.value, m.buckets, m.rates, COALESCE(f.factor, 1) AS factor, 1 + m.discount_percent / 100 * m.discount_days / 365 AS discount
			FROM (SELECT DISTINCT p.risk_class, p.dimension, p.value FROM customer_pool p) k
				JOIN LATERAL (SELECT r.buckets, r.rates, r.discount_percent, r.discount_days FROM loss_rate r
					WHERE r.valid_from <= p_as_of AND r.recorded_at <= known
						AND r.dimension IS NOT DISTINCT FROM k.dimension AND r.value IS NOT DISTINCT FROM k.value AND (r.risk_class IS NULL OR r.risk_class = k.risk_class)
					ORDER BY r.risk_class IS NULL, r.valid_from DESC, r.loss_rate_id DESC LIMIT 1) m ON true
				LEFT JOIN LATERAL (SELECT a.factor FROM loss_adjustment a
					WHERE a.valid_from <= p_as_of AND a.recorded_at <= known
						AND (a.dimension = k.dimension AND a.value = k.value OR a.risk_class = k.risk_class OR num_nonnulls(a.dimension, a.risk_class) = 0)
					ORDER BY num_nonnulls(a.dimension, a.risk_class) = 0, a.valid_from DESC, a.loss_adjustment_id DESC LIMIT 1) f ON true),
		members AS MATERIALIZED (
			SELECT p.customer_id, k.class_no FROM customer_pool p
				JOIN class k ON k.risk_class IS NOT DISTINCT FROM p.risk_class AND k.dimension IS NOT DISTINCT FROM p.dimension AND k.value IS NOT DISTINCT FROM p.value),
		owed AS (
			SELECT q.customer_id, k.class_no, b.n AS bucket_no, sum(b.amount * CASE WHEN q.currency = base THEN 1 ELSE fx_rate_on(q.currency, p_as_of) END) AS amount
			FROM (SELECT DISTINCT s.buckets::text AS text FROM class s) t
				CROSS JOIN LATERAL aging_at(p_as_of, 'due_date', p_known_at, t.text::credit.aging_buckets) q
				JOIN members c ON c.customer_id = q.customer_id
				JOIN class k ON k.class_no = c.class_no AND k.buckets::text = t.text,
				LATERAL unnest(q.amounts) WITH ORDINALITY b (amount, n)
			WHERE b.amount <> 0 GROUP BY 1, 2, 3),
		judged AS MATERIALIZED (
			SELECT DISTINCT ON (s.customer_id, s.item_id) s.customer_id, s.item_id, s.percent FROM specific_provision s
			WHERE s.valid_from <= p_as_of AND s.recorded_at <= known ORDER BY s.customer_id, s.item_id, s.valid_from DESC, s.specific_provision_id DESC),
		-- Only of customers of whom something is judged on its own; the item goes before its customer.
		judged_item AS MATERIALIZED (
			SELECT i.customer_id, k.class_no, credit.bucket_of(k.buckets, COALESCE(p_as_of - i.due, 0)) AS bucket_no, i.percent,
				i.open_then * CASE WHEN i.currency = base THEN 1 ELSE fx_rate_on(i.currency, p_as_of) END AS amount
			FROM (
				SELECT o.customer_id, o.currency, CASE WHEN j.item_id IS NOT NULL THEN j.percent ELSE w.percent END AS percent,
					due_on(o.customer_id, o.item_id, p_as_of, known) AS due,
					o.amount - COALESCE((SELECT sum(a.amount) FROM allocation a
						WHERE a.customer_id = o.customer_id AND a.debit_item_id = o.item_id AND a.applied_on <= p_as_of AND a.recorded_at <= known), 0) AS open_then
				FROM (SELECT DISTINCT j.customer_id FROM judged j) p
					JOIN item o ON o.customer_id = p.customer_id AND o.amount > 0 AND o.posting_date <= p_as_of
					JOIN document d ON d.customer_id = o.customer_id AND d.document_id = o.document_id AND d.recorded_at <= known
					LEFT JOIN judged j ON j.customer_id = o.customer_id AND j.item_id = o.item_id
					LEFT JOIN judged w ON w.customer_id = o.customer_id AND w.item_id IS NULL) i
				JOIN members c ON c.customer_id = i.customer_id JOIN class k ON k.class_no = c.class_no
			WHERE i.percent IS NOT NULL AND i.open_then > 0),
		pooled AS (
			SELECT o.customer_id, o.class_no, o.bucket_no, o.amount - COALESCE(j.amount, 0) AS amount, sum(o.amount - COALESCE(j.amount, 0)) OVER (PARTITION BY o.customer_id) AS whole
			FROM owed o LEFT JOIN (SELECT i.customer_id, i.bucket_no, sum(i.amount) AS amount FROM judged_item i GROUP BY 1, 2) j
				ON j.customer_id = o.customer_id AND j.bucket_no = o.bucket_no),
		-- What covers a customer covers every bucket alike.
		pool AS (
			SELECT p.class_no, p.bucket_no, sum(p.amount) AS gross,
				sum(CASE WHEN v.customer_id IS NULL OR p.whole <= 0 THEN 0
					ELSE p.amount * LEAST(LEAST(p.whole, COALESCE(v.insured_limit, 0)) * COALESCE(v.covered_percent, 0) / 100 + v.secured, p.whole) / p.whole END) AS covered
			FROM pooled p LEFT JOIN cover_at(p_as_of, p_known_at) v ON v.customer_id = p.customer_id GROUP BY 1, 2),
		line AS (
			SELECT 'pool' AS part, k.risk_class, b.n::integer AS bucket_no, credit.bucket_label(k.buckets, b.n::integer) AS bucket, NULL::bigint AS customer_id,
				round(COALESCE(p.gross, 0), decimals) AS gross, round(COALESCE(p.covered, 0), decimals) AS covered, b.rate, k.factor,
				LEAST(b.rate * k.factor, 100) / k.discount AS loss_rate, k.dimension, k.value
			FROM class k CROSS JOIN LATERAL unnest(k.rates) WITH ORDINALITY b (rate, n)
				LEFT JOIN pool p ON p.class_no = k.class_no AND p.bucket_no = b.n
			UNION ALL
			SELECT 'specific', k.risk_class, NULL, NULL, j.customer_id, round(sum(j.amount), decimals), round(0::numeric, decimals), j.percent, 1, j.percent, k.dimension, k.value
			FROM judged_item j JOIN class k ON k.class_no = j.class_no GROUP BY k.risk_class, k.dimension, k.value, j.customer_id, j.percent)
		SELECT l.part, l.risk_class, l.bucket_no, l.bucket, l.customer_id, l.gross, l.covered, l.gross - l.covered, l.rate, l.factor, trim_scale(round(l.loss_rate, 12)),
			round((l.gross - l.covered) * l.loss_rate / 100, decimals), l.dimension, l.value
		FROM line l ORDER BY l.part, l.dimension NULLS FIRST, l.value, l.risk_class NULLS FIRST, l.bucket_no, l.customer_id, l.rate;
END $$;
COMMENT ON FUNCTION allowance(date, timestamptz) IS 'The allowance for expected credit losses needed on a day, in base currency. part pool: by bucket and by risk class, or segment (dimension, value) that has rates of its own, the open debit items of the day (credits take nothing off) less what is judged on its own, less what insurance, guarantees and security cover, times the loss rate: that of the matrix in force, times the forward-looking factor, at most 100 percent, discounted. part specific: by customer, what set_specific_provision() judged. Intercompany customers are left out. p_known_at: as recorded by then, risk classes too; segments are those of today. RC006 where a customer who owes has no rates. Sources: IFRS 9 B5.5.35, ASC 326-20-55-37 to 40.';

CREATE OR REPLACE FUNCTION loss_history(p_first date, p_last date, p_months integer DEFAULT 12, p_buckets credit.aging_buckets DEFAULT NULL)
RETURNS TABLE (risk_class text, bucket_no integer, bucket text, vintages bigint, exposure numeric, written_off numeric, recovered numeric, loss_rate numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	decimals integer := credit.minor_unit(base);
	buckets credit.aging_buckets := COALESCE(p_buckets, (SELECT l.aging_buckets FROM ledger_info l));
	complete date;
BEGIN
	PERFORM require_as_of(p_first), require_as_of(p_last);
	IF p_months IS NULL OR p_months NOT BETWEEN 1 AND 120 OR p_first > p_last THEN
		RAISE EXCEPTION 'losses are those of 1 to 120 months after month ends from p_first to p_last'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Asked for are %s months after %s to %s.', COALESCE(p_months::text, 'null'), p_first, p_last);
	END IF;
	complete := (date_trunc('month', p_last::timestamp + interval '1 day') + make_interval(months => p_months) - interval '1 day')::date;
	IF complete > ledger_today() THEN
		RAISE EXCEPTION 'what was lost in the % months after % is not known yet', p_months, p_last
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('They end on %s; today is %s.', complete, ledger_today()), HINT = 'Ask for fewer months or an earlier p_last.';
	END IF;
	RETURN QUERY
		WITH vintage AS MATERIALIZED (
			SELECT e.day, (e.day + 1 + make_interval(months => p_months))::date - 1 AS until
			FROM (SELECT (m + interval '1 month')::date - 1 AS day FROM generate_series(date_trunc('month', p_first::timestamp), p_last::timestamp, interval '1 month') m) e
			WHERE e.day BETWEEN p_first AND p_last),
		loss AS MATERIALIZED (
			SELECT a.customer_id, a.debit_item_id AS item_id, a.applied_on AS on_day, a.amount AS written_off, 0::numeric AS recovered
			FROM bad_debts w JOIN item c ON c.customer_id = w.customer_id AND c.document_id = w.document_id
				JOIN allocation a ON a.customer_id = c.customer_id AND a.credit_item_id = c.item_id
			WHERE w.kind = 'write_off' AND w.claim_id = w.document_id
			UNION ALL
			SELECT r.customer_id, a.debit_item_id, r.posting_date, 0, r.amount
			FROM bad_debts r JOIN item c ON c.customer_id = r.customer_id AND c.document_id = r.claim_id
				JOIN LATERAL (SELECT o.debit_item_id FROM allocation o WHERE o.customer_id = c.customer_id AND o.credit_item_id = c.item_id ORDER BY o.allocation_id LIMIT 1) a ON true
			WHERE r.kind = 'recovery'),
		open_then AS (
			SELECT o.day, o.until, o.customer_id, o.item_id, sum(o.amount) AS amount
			FROM (
				SELECT v.day, v.until, i.customer_id, i.item_id, i.open_amount AS amount FROM vintage v JOIN item i ON i.open_amount > 0 AND i.posting_date <= v.day
				UNION ALL
				SELECT v.day, v.until, a.customer_id, a.debit_item_id, a.amount FROM vintage v JOIN allocation a ON a.applied_on > v.day AND a.debit_posting_date <= v.day) o
			GROUP BY 1, 2, 3, 4),
		followed AS (
			SELECT o.day, c.risk_class, credit.bucket_of(buckets, COALESCE(o.day - i.due_date, 0)) AS bucket_no, o.amount * x.rate AS amount,
				COALESCE(l.written_off, 0) * x.rate AS written_off, COALESCE(l.recovered, 0) * x.rate AS recovered
			FROM open_then o
				JOIN item i ON i.customer_id = o.customer_id AND i.item_id = o.item_id
				JOIN customer c ON c.customer_id = o.customer_id AND NOT c.intercompany
				CROSS JOIN LATERAL (SELECT CASE WHEN i.currency = base THEN 1 ELSE fx_rate_on(i.currency, o.day) END AS rate) x
				LEFT JOIN LATERAL (SELECT sum(s.written_off) AS written_off, sum(s.recovered) AS recovered FROM loss s
					WHERE s.customer_id = o.customer_id AND s.item_id = o.item_id AND s.on_day > o.day AND s.on_day <= o.until) l ON true
			WHERE o.amount > 0)
		SELECT f.risk_class, f.bucket_no, credit.bucket_label(buckets, f.bucket_no), count(DISTINCT f.day), round(sum(f.amount), decimals), round(sum(f.written_off), decimals),
			round(sum(f.recovered), decimals), round(GREATEST(sum(f.written_off) - sum(f.recovered), 0) * 100 / sum(f.amount), 4)
		FROM followed f GROUP BY f.risk_class, f.bucket_no ORDER BY f.risk_class NULLS FIRST, f.bucket_no;
END $$;
COMMENT ON FUNCTION loss_history(date, date, integer, credit.aging_buckets) IS 'What was lost before, as loss rates for set_loss_rates(): what was open at each month end from p_first to p_last, by risk class and bucket, and how much of it was written off (small differences excepted) and recovered in the p_months after. loss_rate: percent of exposure. In base currency at the rates of the month end; risk classes and due dates are those of today. Every month end must be p_months past (22008).';

CREATE OR REPLACE FUNCTION book_allowance(p_as_of date, p_reason text, p_opening numeric DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	before allowance_run;
	needed numeric;
	gone numeric;
	back numeric;
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, 'an allowance');
	PERFORM require_as_of(p_as_of);
	IF p_as_of > ledger_today() THEN
		RAISE EXCEPTION 'an allowance cannot be booked ahead'
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It would be of %s; today is %s.', p_as_of, ledger_today());
	END IF;
	LOCK TABLE allowance_run IN SHARE ROW EXCLUSIVE MODE;		-- one after the other
	SELECT * INTO before FROM allowance_run r ORDER BY r.as_of DESC LIMIT 1;
	IF before.as_of >= p_as_of THEN
		RAISE EXCEPTION 'an allowance of % is booked already', before.as_of
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Asked for is %s.', p_as_of), HINT = 'Allowances are booked in order of their dates; a later one corrects it.';
	END IF;
	IF before.as_of IS NOT NULL AND p_opening IS NOT NULL OR p_opening < 0 THEN
		RAISE EXCEPTION 'opening allowance is out of place'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Given is %s; the allowance of the run before is %s.', p_opening, COALESCE(before.closing::text, 'none')),
				HINT = 'It is for the first run, and at least 0.';
	END IF;
	SELECT round(COALESCE(sum(b.base_amount) FILTER (WHERE b.kind = 'write_off'), 0), credit.minor_unit(base)),
		round(COALESCE(sum(b.base_amount) FILTER (WHERE b.kind = 'recovery'), 0), credit.minor_unit(base)) INTO gone, back
	FROM bad_debts b WHERE b.posting_date <= p_as_of;
	INSERT INTO allowance_run (as_of, currency, opening, write_offs, recoveries, charge, closing, written_off_to_date, recovered_to_date, reason)
	SELECT p_as_of, base, v.opening, v.write_offs, v.recoveries, n.needed - (v.opening - v.write_offs + v.recoveries), n.needed, gone, back, p_reason
	FROM (SELECT round(COALESCE(before.closing, p_opening, 0), credit.minor_unit(base)) AS opening,
			CASE WHEN before.as_of IS NULL THEN gone - gone ELSE gone - before.written_off_to_date END AS write_offs,
			CASE WHEN before.as_of IS NULL THEN back - back ELSE back - before.recovered_to_date END AS recoveries) v,
		(SELECT COALESCE(sum(a.allowance), 0) AS needed FROM allowance(p_as_of) a) n
	RETURNING allowance_run_id, closing INTO id, needed;
	INSERT INTO allowance_line (allowance_run_id, line_no, part, risk_class, bucket_no, bucket, customer_id, gross, covered, exposure, rate, factor, loss_rate, allowance, dimension, value)
	SELECT id, row_number() OVER (), a.part, a.risk_class, a.bucket_no, a.bucket, a.customer_id, a.gross, a.covered, a.exposure, a.rate, a.factor, a.loss_rate, a.allowance, a.dimension, a.value
	FROM allowance(p_as_of) a WHERE a.gross <> 0;
	IF needed <> COALESCE((SELECT sum(l.allowance) FROM allowance_line l WHERE l.allowance_run_id = id), 0) THEN
		RAISE EXCEPTION 'documents were posted while the allowance of % was booked', p_as_of
			USING ERRCODE = 'serialization_failure', HINT = 'Book it again.';
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION book_allowance(date, text, numeric) IS 'Books the allowance needed on a day: keeps its lines, and how it moved since the last one (charge = needed - (opening - write-offs + recoveries)). Only after the last one; p_opening: what was carried over, at the first. Returns the id of the run; allowance_journal() gives the entries.';

CREATE OR REPLACE FUNCTION allowance_journal(p_allowance_run_id bigint)
RETURNS TABLE (line_no integer, posting_date date, account text, debit numeric, credit numeric, currency text, text text)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM allowance_run r WHERE r.allowance_run_id = p_allowance_run_id) THEN
		RAISE EXCEPTION 'there is no allowance run %', p_allowance_run_id USING ERRCODE = 'foreign_key_violation';
	END IF;
	RETURN QUERY
		SELECT (row_number() OVER (ORDER BY e.pair, e.amount < 0))::integer, r.as_of, e.account, CASE WHEN e.amount > 0 THEN e.amount ELSE 0 END, CASE WHEN e.amount < 0 THEN -e.amount ELSE 0 END,
			r.currency, e.text
		FROM allowance_run r, LATERAL (VALUES
			(1, 'impairment_loss', r.charge, 'expected credit losses'), (1, 'allowance', -r.charge, 'expected credit losses'),
			(2, 'allowance', r.write_offs, 'bad debts written off'), (2, 'write_off', -r.write_offs, 'bad debts written off'),
			(3, 'recovery', r.recoveries, 'recoveries'), (3, 'allowance', -r.recoveries, 'recoveries')) e (pair, account, amount, text)
		WHERE r.allowance_run_id = p_allowance_run_id AND e.amount <> 0;
END $$;
COMMENT ON FUNCTION allowance_journal(bigint) IS 'The entries of a booked allowance for the general ledger, debit and credit alike in sum: the charge, and the write-offs and recoveries that the receivables booked as expense and income, taken to the allowance.';

CREATE OR REPLACE VIEW allowance_movement AS
SELECT r.allowance_run_id, r.as_of, r.currency, r.opening, r.charge, r.write_offs, r.recoveries, r.closing,
	(SELECT sum(l.gross) FROM allowance_line l WHERE l.allowance_run_id = r.allowance_run_id) AS gross,
	round(r.closing * 100 / NULLIF((SELECT sum(l.gross) FROM allowance_line l WHERE l.allowance_run_id = r.allowance_run_id), 0), 2) AS coverage_percent, r.reason, r.actor
FROM allowance_run r;
COMMENT ON VIEW allowance_movement IS 'How the allowance moved from one booking to the next: opening + charge - write_offs + recoveries = closing.';
COMMENT ON COLUMN allowance_movement.allowance_run_id IS 'The run.';
COMMENT ON COLUMN allowance_movement.as_of IS 'Reporting date.';
COMMENT ON COLUMN allowance_movement.currency IS 'Base currency.';
COMMENT ON COLUMN allowance_movement.opening IS 'Allowance before.';
COMMENT ON COLUMN allowance_movement.charge IS 'Charge to profit or loss; negative: release.';
COMMENT ON COLUMN allowance_movement.write_offs IS 'Bad debts written off.';
COMMENT ON COLUMN allowance_movement.recoveries IS 'Cash on what was written off.';
COMMENT ON COLUMN allowance_movement.closing IS 'Allowance needed.';
COMMENT ON COLUMN allowance_movement.gross IS 'Receivables it is for.';
COMMENT ON COLUMN allowance_movement.coverage_percent IS 'closing in percent of gross; NULL where nothing was owed.';
COMMENT ON COLUMN allowance_movement.reason IS 'What it was booked for.';
COMMENT ON COLUMN allowance_movement.actor IS 'Person who booked it.';

CREATE OR REPLACE VIEW ecl_matrix AS
SELECT k.risk_class, b.n::integer AS bucket_no, credit.bucket_label(m.buckets, b.n::integer) AS bucket, m.valid_from, b.rate, COALESCE(f.factor, 1) AS factor,
	LEAST(b.rate * COALESCE(f.factor, 1), 100) AS adjusted_rate, m.reason, k.dimension, k.value
FROM ledger_info l CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	CROSS JOIN (SELECT DISTINCT r.risk_class, r.dimension, r.value FROM loss_rate r) k
	JOIN LATERAL (SELECT r.* FROM loss_rate r WHERE r.valid_from <= t.today AND r.risk_class IS NOT DISTINCT FROM k.risk_class
		AND r.dimension IS NOT DISTINCT FROM k.dimension AND r.value IS NOT DISTINCT FROM k.value ORDER BY r.valid_from DESC, r.loss_rate_id DESC LIMIT 1) m ON true
	CROSS JOIN LATERAL unnest(m.rates) WITH ORDINALITY b (rate, n)
	LEFT JOIN LATERAL (SELECT a.factor FROM loss_adjustment a WHERE a.valid_from <= t.today
			AND (a.dimension = k.dimension AND a.value = k.value OR a.risk_class = k.risk_class OR num_nonnulls(a.dimension, a.risk_class) = 0)
		ORDER BY num_nonnulls(a.dimension, a.risk_class) = 0, a.valid_from DESC, a.loss_adjustment_id DESC LIMIT 1) f ON true;
COMMENT ON VIEW ecl_matrix IS 'The provision matrix in force today.';
COMMENT ON COLUMN ecl_matrix.risk_class IS 'The risk class; NULL: of a segment, or of all without rates of their own.';
COMMENT ON COLUMN ecl_matrix.bucket_no IS 'Bucket of days past due, from 1.';
COMMENT ON COLUMN ecl_matrix.bucket IS 'Its label.';
COMMENT ON COLUMN ecl_matrix.valid_from IS 'First day on which the rate counts.';
COMMENT ON COLUMN ecl_matrix.rate IS 'Percent lost.';
COMMENT ON COLUMN ecl_matrix.factor IS 'Forward-looking adjustment in force.';
COMMENT ON COLUMN ecl_matrix.adjusted_rate IS 'rate x factor, at most 100.';
COMMENT ON COLUMN ecl_matrix.reason IS 'Where the rates come from.';
COMMENT ON COLUMN ecl_matrix.dimension IS 'segment, region, salesperson or collector; NULL: by risk class, or of all.';
COMMENT ON COLUMN ecl_matrix.value IS 'Which one.';
