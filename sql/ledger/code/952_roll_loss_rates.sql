-- Loss rates from our own roll rates, for the provision matrix.

CREATE OR REPLACE FUNCTION roll_loss_rates(p_from date, p_to date, p_group_by text DEFAULT 'segment', p_value text DEFAULT NULL)
RETURNS TABLE (group_value text, bucket_no integer, bucket text, transitions bigint, amount numeric, rolled numeric, roll_rate numeric, loss_rate numeric, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	rates_on date := (SELECT max(p.ends_on) FROM period p WHERE p.state IN ('closed', 'locked') AND p.ends_on BETWEEN p_from AND p_to);
BEGIN
	IF p_group_by = 'currency' THEN
		RAISE EXCEPTION 'loss rates are not grouped by currency'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'A matrix is for all currencies; roll_rates() shows each by itself.';
	END IF;
	RETURN QUERY
		-- All at the rates of the last day, so that a rate that moved is no debt that rolled.
		WITH summed AS (
			SELECT r.group_value AS grp, r.bucket AS n, r.label, r.transitions, sum(r.amount * f.rate) AS amount, sum(r.rolled * f.rate) AS rolled
			FROM roll_rates(p_from, p_to, p_group_by, p_value) r,
				LATERAL (SELECT CASE WHEN r.currency = base THEN 1 ELSE fx_rate_on(r.currency, rates_on) END AS rate) f
			GROUP BY 1, 2, 3, 4),
		chained AS (
			-- To be lost, a debt passes every later bucket; none passes on more than was in it.
			SELECT s.*, bool_and(s.amount > 0) OVER w AS complete, bool_and(s.rolled > 0) OVER w AS lost,
				sum(ln(CASE WHEN s.amount > 0 AND s.rolled > 0 THEN LEAST(s.rolled / s.amount, 1) ELSE 1 END)) OVER w AS log_rate
			FROM summed s WINDOW w AS (PARTITION BY s.grp ORDER BY s.n DESC))
		SELECT c.grp, c.n, c.label, c.transitions, round(c.amount, credit.minor_unit(base)), round(c.rolled, credit.minor_unit(base)), round(c.rolled / NULLIF(c.amount, 0), 6),
			CASE WHEN c.complete THEN CASE WHEN c.lost THEN trim_scale(round(100 * exp(c.log_rate), 4)) ELSE 0 END END,
			CASE WHEN c.amount = 0 THEN 'nothing was in this bucket' WHEN NOT c.complete THEN 'nothing was in a later bucket'
				WHEN NOT c.lost THEN CASE WHEN (SELECT l.rolled > 0 FROM chained l WHERE l.grp IS NOT DISTINCT FROM c.grp ORDER BY l.n DESC LIMIT 1) THEN 'nothing rolled on from this or a later bucket' ELSE 'nothing was written off' END END
		FROM chained c ORDER BY c.grp NULLS LAST, c.n;
END $$;
COMMENT ON FUNCTION roll_loss_rates(date, date, text, text) IS 'Loss rates by bucket from the roll rates between our own snapshots from p_from to p_to, per group as in metrics() but currency, with the figures they come from, in base currency at the rates of the last of them. loss_rate: percent of a bucket that is lost in the end, the product of the roll rates from it to the write-off, each at most 1; NULL where a bucket on the way was empty, with the reason. set_roll_loss_rates() enters them.';

CREATE OR REPLACE FUNCTION set_roll_loss_rates(p_from date, p_to date, p_valid_from date, p_reason text, p_group_by text DEFAULT 'segment', p_value text DEFAULT NULL,
	p_discount_percent numeric DEFAULT 0, p_discount_days integer DEFAULT 0)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	matrix record;
	n integer := 0;
BEGIN
	PERFORM require_reason(p_reason, 'a matrix of loss rates');
	IF p_group_by IS NULL OR p_group_by NOT IN ('all', 'risk_class', 'segment', 'region', 'salesperson', 'collector') THEN
		RAISE EXCEPTION 'loss rates are not kept by "%"', p_group_by
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Keep them by all, risk_class, segment, region, salesperson or collector.';
	END IF;
	FOR matrix IN
		SELECT r.group_value, array_agg(r.loss_rate ORDER BY r.bucket_no) AS rates, string_agg(format('bucket %s: %s', r.bucket, r.reason), '; ' ORDER BY r.bucket_no) FILTER (WHERE r.reason IS NOT NULL) AS missing
		FROM roll_loss_rates(p_from, p_to, p_group_by, p_value) r
		-- A group that was given up since has nobody to keep rates for.
		WHERE r.group_value IS NOT NULL AND EXISTS (SELECT FROM report_groups(p_group_by) g WHERE g.group_value = r.group_value)
		GROUP BY r.group_value ORDER BY r.group_value
	LOOP
		-- A history without losses does not say that nothing will be lost.
		IF array_position(matrix.rates, NULL) IS NOT NULL OR 0 = ANY (matrix.rates) THEN
			RAISE EXCEPTION 'roll rates give no loss rate for every bucket of % "%"', replace(p_group_by, '_', ' '), matrix.group_value
				USING ERRCODE = 'RC006', DETAIL = format('From %s to %s: %s.', p_from, p_to, matrix.missing),
					HINT = 'Take more periods or larger groups, or enter the rates of this one with set_loss_rates().';
		END IF;
		PERFORM set_loss_rates(matrix.rates, p_valid_from, p_reason, CASE WHEN p_group_by = 'risk_class' THEN matrix.group_value END, NULL, p_discount_percent, p_discount_days,
			CASE WHEN p_group_by NOT IN ('all', 'risk_class') THEN p_group_by END, CASE WHEN p_group_by NOT IN ('all', 'risk_class') THEN matrix.group_value END);
		n := n + 1;
	END LOOP;
	IF n = 0 THEN
		RAISE EXCEPTION 'there are no roll rates by %', replace(p_group_by, '_', ' ')
			USING ERRCODE = 'RC006', DETAIL = format('From %s to %s no customer with one owed anything.', p_from, p_to), HINT = 'set_dimension() and set_risk_class() say where customers belong.';
	END IF;
	RETURN n;
END $$;
COMMENT ON FUNCTION set_roll_loss_rates(date, date, date, text, text, text, numeric, integer) IS 'Enters what roll_loss_rates() gives from p_from to p_to as provision matrices from p_valid_from on, by set_loss_rates(), for each group (all, risk_class, segment, region, salesperson, collector) that a customer is in today, or p_value alone; customers without one are left to the rates of their risk class or of all. RC006 where a bucket has no rate, or a history without losses. Returns the number of matrices.';
