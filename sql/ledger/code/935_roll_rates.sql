-- Roll rates: how debt moves from one aging bucket to the next, from one snapshot to the next.

CREATE OR REPLACE FUNCTION roll_rates(p_from date, p_to date, p_group_by text DEFAULT 'all', p_value text DEFAULT NULL)
RETURNS TABLE (group_value text, currency text, bucket integer, label text, transitions bigint, amount numeric, rolled numeric, roll_rate numeric, loss_rate numeric,
	reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	bounds credit.aging_buckets := (SELECT l.aging_buckets FROM ledger_info l);
	last_bucket integer := cardinality((SELECT l.aging_buckets FROM ledger_info l)::integer[]) + 1;
BEGIN
	IF (SELECT count(*) FROM period p WHERE p.state IN ('closed', 'locked') AND p.ends_on BETWEEN p_from AND p_to) < 2 THEN
		RAISE EXCEPTION 'roll rates need two closed periods'
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Asked for is from %s to %s.', COALESCE(p_from::text, 'null'), COALESCE(p_to::text, 'null')),
				HINT = 'close_period() takes the snapshots they are made of.';
	END IF;
	RETURN QUERY
		WITH closed AS MATERIALIZED (
			SELECT p.ends_on, p.version, lead(p.ends_on) OVER (ORDER BY p.ends_on) AS next_end, lag(p.ends_on) OVER (ORDER BY p.ends_on) AS previous_end
			FROM period p WHERE p.state IN ('closed', 'locked') AND p.ends_on BETWEEN p_from AND p_to),
		members AS MATERIALIZED (SELECT g.customer_id, CASE WHEN p_group_by <> 'currency' THEN g.group_value END AS grp FROM report_groups(p_group_by, p_value) g),
		totals AS MATERIALIZED (
			SELECT m.grp, s.currency AS cur, c.ends_on, c.next_end, c.previous_end, credit.amounts(credit.merge(s.aging)) AS amounts
			FROM snapshot s JOIN closed c ON c.ends_on = s.as_of AND c.version = s.version JOIN members m ON m.customer_id = s.customer_id
			WHERE p_group_by <> 'currency' OR p_value IS NULL OR s.currency = p_value
			GROUP BY 1, 2, 3, 4, 5),
		lost AS (
			SELECT m.grp, d.currency AS cur, sum(d.amount) AS amount
			FROM bad_debts d JOIN members m ON m.customer_id = d.customer_id
			WHERE d.kind = 'write_off' AND d.posting_date > (SELECT min(c.ends_on) FROM closed c) AND d.posting_date <= (SELECT max(c.ends_on) FROM closed c)
			GROUP BY 1, 2),
		-- What was in a bucket, and in the next one a period later; a group without a row in a period had nothing.
		flows AS (
			SELECT t.grp, t.cur, b.n AS bucket_no, sum(CASE WHEN t.next_end IS NOT NULL THEN b.amount ELSE 0 END) AS amount,
				sum(CASE WHEN b.n > 1 AND t.previous_end IS NOT NULL THEN b.amount ELSE 0 END) AS arrived
			FROM totals t, unnest(t.amounts) WITH ORDINALITY b (amount, n) GROUP BY 1, 2, 3),
		rates AS (
			SELECT f.grp, f.cur, f.bucket_no, f.amount, round(CASE f.bucket_no WHEN last_bucket THEN COALESCE(l.amount, 0)
				-- What was in the last bucket stays there: it grew by what came, less what was written off of it.
				WHEN last_bucket - 1 THEN GREATEST(n.arrived - n.amount + COALESCE(l.amount, 0), 0)
				ELSE n.arrived END, credit.minor_unit(f.cur)) AS rolled
			FROM flows f
				LEFT JOIN flows n ON n.grp IS NOT DISTINCT FROM f.grp AND n.cur = f.cur AND n.bucket_no = f.bucket_no + 1
				LEFT JOIN lost l ON l.grp IS NOT DISTINCT FROM f.grp AND l.cur = f.cur)
		SELECT r.grp, r.cur, r.bucket_no::integer, credit.bucket_label(bounds, r.bucket_no::integer), (SELECT count(*) - 1 FROM closed), r.amount, r.rolled,
			round(r.rolled / NULLIF(r.amount, 0), 6), round(p.rate, 6),
			CASE WHEN r.amount = 0 THEN 'nothing was in this bucket' WHEN p.rate IS NULL THEN 'nothing was in a later bucket' END
		FROM rates r,
			-- To be lost, a debt passes every later bucket.
			LATERAL (SELECT CASE WHEN bool_and(o.amount > 0) THEN COALESCE(exp(sum(ln(LEAST(o.rolled / NULLIF(o.amount, 0), 1))) FILTER (WHERE o.rolled > 0))
					* CASE WHEN bool_and(o.rolled > 0) THEN 1 ELSE 0 END, 0) END AS rate
				FROM rates o WHERE o.grp IS NOT DISTINCT FROM r.grp AND o.cur = r.cur AND o.bucket_no >= r.bucket_no) p
		ORDER BY r.grp NULLS LAST, r.cur, r.bucket_no;
END $$;
COMMENT ON FUNCTION roll_rates(date, date, text, text) IS 'Net roll rates over the snapshots from p_from to p_to, per group as in metrics() and currency: of what was in a bucket at the end of a period, the part found in the next bucket a period later (of the last but one what the last grew by, of the last what was written off as bad debt), and loss_rate, the part of a bucket that is lost in the end: the product of the rates from it on, each at most 1. Sums over all transitions are divided, so that large months weigh more. Buckets as long as the periods make sense of it.';

CREATE OR REPLACE FUNCTION bucket_migration(p_from date, p_to date, p_group_by text DEFAULT 'all', p_value text DEFAULT NULL)
RETURNS TABLE (group_value text, from_period text, to_period text, currency text, from_bucket integer, to_bucket integer, customers bigint, from_total numeric, to_total numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	pair record;
BEGIN
	FOR pair IN
		SELECT p.name, p.ends_on, p.version, lag(p.name) OVER w AS was_name, lag(p.ends_on) OVER w AS was_end, lag(p.version) OVER w AS was_version
		FROM period p WHERE p.state IN ('closed', 'locked') AND p.ends_on BETWEEN p_from AND p_to WINDOW w AS (ORDER BY p.ends_on) ORDER BY p.ends_on
	LOOP
		CONTINUE WHEN pair.was_end IS NULL;
		RETURN QUERY
			SELECT g.group_value, pair.was_name, pair.name, COALESCE(a.currency, b.currency), a.worst_bucket::integer, b.worst_bucket::integer, count(*),
				COALESCE(sum(a.total), 0), COALESCE(sum(b.total), 0)
			FROM (SELECT s.customer_id, s.currency, s.worst_bucket, s.total FROM snapshot s WHERE s.as_of = pair.was_end AND s.version = pair.was_version) a
				FULL JOIN (SELECT s.customer_id, s.currency, s.worst_bucket, s.total FROM snapshot s WHERE s.as_of = pair.ends_on AND s.version = pair.version) b
					ON b.customer_id = a.customer_id AND b.currency = a.currency
				JOIN report_groups(p_group_by, p_value) g ON g.customer_id = COALESCE(a.customer_id, b.customer_id)
			WHERE p_group_by <> 'currency' OR p_value IS NULL OR COALESCE(a.currency, b.currency) = p_value
			GROUP BY 1, 4, 5, 6 ORDER BY 1, 4, 5 NULLS FIRST, 6 NULLS FIRST;
	END LOOP;
	IF pair IS NULL OR pair.was_end IS NULL THEN
		RAISE EXCEPTION 'bucket migration needs two closed periods'
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Asked for is from %s to %s.', COALESCE(p_from::text, 'null'), COALESCE(p_to::text, 'null')),
				HINT = 'close_period() takes the snapshots it is made of.';
	END IF;
END $$;
COMMENT ON FUNCTION bucket_migration(date, date, text, text) IS 'Customers by the oldest bucket with something open at the end of a period and of the next, for each two successive snapshots from p_from to p_to, per group as in metrics() and currency. NULL: nothing was open; 0: only unapplied credit. from_total and to_total are their balances.';
