-- Roll rates: how debt moves from one aging bucket to the next, from one snapshot to the next.
--
-- Each close sums up what became of the snapshot before it.  A customer counts in both in the group it is in at that close,
-- or a move from one group to another would look like debt that comes and goes; and what was reported once stays so.

-- Few documents of few customers, found one by one whatever is set around it.
CREATE OR REPLACE FUNCTION written_off(p_after date, p_through date)
RETURNS TABLE (customer_id bigint, currency text, amount numeric) LANGUAGE plpgsql STABLE SET search_path FROM CURRENT SET enable_nestloop = on AS $$
BEGIN
	RETURN QUERY
		SELECT d.customer_id, d.currency, sum(d.amount) FROM bad_debts d
		WHERE d.kind = 'write_off' AND d.posting_date > p_after AND d.posting_date <= p_through GROUP BY d.customer_id, d.currency;
END $$;
COMMENT ON FUNCTION written_off(date, date) IS 'Bad debts written off after a day and through another, per customer and currency. Behind take_migration().';

-- What was just written has no statistics yet: guesses would make loops in loops, or sort every customer for a few sums.
CREATE OR REPLACE FUNCTION take_migration(p_as_of date, p_version integer)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_nestloop = off SET enable_sort = off AS $$
DECLARE
	was period;
BEGIN
	SELECT * INTO was FROM period p WHERE p.ends_on < p_as_of AND p.state IN ('closed', 'locked') ORDER BY p.ends_on DESC LIMIT 1;
	INSERT INTO snapshot_migration (as_of, version, grouped_by, group_value, currency, from_bucket, to_bucket, customers, from_total, to_total, from_aging, to_aging,
		written_off)
	WITH members AS (
		SELECT c.customer_id, c.intercompany, c.risk_class, s.value AS segment, r.value AS region, p.value AS salesperson, k.value AS collector
		FROM customer c
			LEFT JOIN customer_dimension s ON s.customer_id = c.customer_id AND s.dimension = 'segment'
			LEFT JOIN customer_dimension r ON r.customer_id = c.customer_id AND r.dimension = 'region'
			LEFT JOIN customer_dimension p ON p.customer_id = c.customer_id AND p.dimension = 'salesperson'
			LEFT JOIN customer_dimension k ON k.customer_id = c.customer_id AND k.dimension = 'collector'),
	lost AS (SELECT w.customer_id, w.currency, w.amount FROM written_off(was.ends_on, p_as_of) w),
	-- One pass over the customers for all ways of grouping; few combinations are left.
	cells AS MATERIALIZED (
		SELECT m.intercompany, m.risk_class, m.segment, m.region, m.salesperson, m.collector, currency, a.worst_bucket AS from_bucket, b.worst_bucket AS to_bucket, count(*) AS customers,
			COALESCE(sum(a.total), 0) AS from_total, COALESCE(sum(b.total), 0) AS to_total, credit.merge(a.aging) AS from_aging, credit.merge(b.aging) AS to_aging,
			COALESCE(sum(l.amount), 0) AS written_off
		FROM (SELECT s.customer_id, s.currency, s.worst_bucket, s.total, s.aging FROM snapshot s WHERE s.as_of = was.ends_on AND s.version = was.version) a
			FULL JOIN (SELECT s.customer_id, s.currency, s.worst_bucket, s.total, s.aging FROM snapshot s WHERE s.as_of = p_as_of AND s.version = p_version) b
				USING (customer_id, currency)
			FULL JOIN lost l USING (customer_id, currency)
			JOIN members m USING (customer_id)
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9)
	SELECT p_as_of, p_version, g.grouped_by, g.group_value, c.currency, c.from_bucket, c.to_bucket, sum(c.customers), sum(c.from_total), sum(c.to_total),
		credit.merge(c.from_aging), credit.merge(c.to_aging), sum(c.written_off)
	FROM cells c, LATERAL (VALUES ('all', 'all'), ('risk_class', c.risk_class), ('segment', c.segment), ('region', c.region), ('salesperson', c.salesperson),
		('collector', c.collector), ('intercompany', NULL)) g (grouped_by, group_value)
	WHERE (g.grouped_by = 'intercompany') = c.intercompany
	GROUP BY g.grouped_by, g.group_value, c.currency, c.from_bucket, c.to_bucket
	ORDER BY g.grouped_by, g.group_value, c.currency, c.from_bucket, c.to_bucket;
END $$;
COMMENT ON FUNCTION take_migration(date, integer) IS 'Sums up what became of the snapshot before that of a day and version, by groups as they are now. Behind take_snapshot() and regroup_snapshots().';

CREATE OR REPLACE FUNCTION regroup_snapshots(p_reason text, p_from date DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	closed record;
	n integer := 0;
BEGIN
	PERFORM require_reason(p_reason, 'grouping the snapshots anew');
	LOCK TABLE period IN SHARE ROW EXCLUSIVE MODE;
	FOR closed IN SELECT p.name, p.ends_on, p.version FROM period p WHERE p.state IN ('closed', 'locked') AND (p_from IS NULL OR p.ends_on >= p_from) ORDER BY p.ends_on LOOP
		DELETE FROM snapshot_migration m WHERE m.as_of = closed.ends_on AND m.version = closed.version;
		PERFORM take_migration(closed.ends_on, closed.version);
		INSERT INTO period_event (period, event, version, reason) VALUES (closed.name, 'regrouped', closed.version, p_reason);
		n := n + 1;
	END LOOP;
	RETURN n;
END $$;
COMMENT ON FUNCTION regroup_snapshots(text, date) IS 'Groups the customers in the snapshots of closed periods that end on p_from or later (default all) as they are grouped today, for roll_rates() and bucket_migration(): after segments and the like were first assigned, or drawn anew. Leaves a trace in period_event; returns the number of periods.';

-- The days whose snapshots are compared; what nobody was grouped by then is an error, not a table of zeros.
CREATE OR REPLACE FUNCTION require_migration(p_what text, p_from date, p_to date, p_group_by text, p_value text)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF (SELECT count(*) FROM period p WHERE p.state IN ('closed', 'locked') AND p.ends_on BETWEEN p_from AND p_to) < 2 THEN
		RAISE EXCEPTION '% two closed periods', p_what
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Asked for is from %s to %s.', COALESCE(p_from::text, 'null'), COALESCE(p_to::text, 'null')),
				HINT = 'close_period() takes the snapshots for it.';
	END IF;
	PERFORM require_grouping(p_group_by, p_value);
	IF p_group_by IN ('risk_class', 'segment', 'region', 'salesperson', 'collector') AND p_value IS NOT NULL
		AND NOT EXISTS (SELECT FROM snapshot_migration m JOIN period p ON p.ends_on = m.as_of AND p.version = m.version AND p.state IN ('closed', 'locked')
			WHERE m.grouped_by = p_group_by AND m.group_value = p_value AND m.as_of > p_from AND m.as_of <= p_to) THEN
		RAISE EXCEPTION 'no customer with something open was in % "%" when these periods were closed', p_group_by, p_value
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'regroup_snapshots() groups the customers in the snapshots as they are grouped today.';
	END IF;
END $$;
COMMENT ON FUNCTION require_migration(text, date, date, text, text) IS 'Errors of roll_rates() and bucket_migration(): 55000 less than two closed periods, or nobody was in that group when they were closed; 22023 as require_grouping().';

CREATE OR REPLACE FUNCTION roll_rates(p_from date, p_to date, p_group_by text DEFAULT 'all', p_value text DEFAULT NULL)
RETURNS TABLE (group_value text, currency text, bucket integer, label text, transitions bigint, amount numeric, rolled numeric, roll_rate numeric, loss_rate numeric,
	reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	bounds credit.aging_buckets := (SELECT l.aging_buckets FROM ledger_info l);
	last_bucket integer := cardinality((SELECT l.aging_buckets FROM ledger_info l)::integer[]) + 1;
BEGIN
	PERFORM require_migration('roll rates need', p_from, p_to, p_group_by, p_value);
	RETURN QUERY
		WITH closed AS MATERIALIZED (
			SELECT p.ends_on, p.version, lead(p.ends_on) OVER (ORDER BY p.ends_on) AS next_end, lag(p.ends_on) OVER (ORDER BY p.ends_on) AS previous_end
			FROM period p WHERE p.state IN ('closed', 'locked') AND p.ends_on BETWEEN p_from AND p_to),
		-- Of what groups a customer at the close there are sums; customers and groups of them are summed up here.
		kept AS (
			SELECT CASE WHEN p_group_by <> 'currency' THEN m.group_value END AS grp, m.currency AS cur, credit.merge(m.from_aging) AS was, credit.merge(m.to_aging) AS became,
				sum(m.written_off) AS lost
			FROM snapshot_migration m JOIN closed c ON c.ends_on = m.as_of AND c.version = m.version AND c.previous_end IS NOT NULL
			WHERE m.grouped_by = CASE p_group_by WHEN 'currency' THEN 'all' ELSE p_group_by END
				AND (p_value IS NULL OR p_group_by = 'all' OR p_value = CASE p_group_by WHEN 'currency' THEN m.currency ELSE m.group_value END)
			GROUP BY 1, 2, m.as_of),
		members AS MATERIALIZED (SELECT g.customer_id, g.group_value AS grp FROM report_groups(p_group_by, p_value) g),
		summed AS (
			SELECT m.grp, s.currency AS cur, c.next_end, c.previous_end, credit.merge(s.aging) AS aging
			FROM snapshot s JOIN closed c ON c.ends_on = s.as_of AND c.version = s.version JOIN members m ON m.customer_id = s.customer_id
			WHERE p_group_by IN ('customer', 'group')
			GROUP BY 1, 2, 3, 4),
		lost AS (
			SELECT k.grp, k.cur, sum(k.lost) AS amount FROM kept k GROUP BY 1, 2
			UNION ALL
			SELECT m.grp, d.currency, sum(d.amount)
			FROM bad_debts d JOIN members m ON m.customer_id = d.customer_id
			WHERE p_group_by IN ('customer', 'group') AND d.kind = 'write_off'
				AND d.posting_date > (SELECT min(c.ends_on) FROM closed c) AND d.posting_date <= (SELECT max(c.ends_on) FROM closed c)
			GROUP BY 1, 2),
		-- What was in a bucket, and in the next one a period later; a group without a row in a period had nothing.
		ends AS (
			SELECT k.grp, k.cur, k.was, k.became FROM kept k
			UNION ALL
			SELECT t.grp, t.cur, CASE WHEN t.next_end IS NOT NULL THEN t.aging END, CASE WHEN t.previous_end IS NOT NULL THEN t.aging END FROM summed t),
		flows AS (
			SELECT e.grp, e.cur, b.n AS bucket_no, COALESCE(sum(b.was), 0) AS amount, COALESCE(sum(b.became) FILTER (WHERE b.n > 1), 0) AS arrived
			FROM ends e, ROWS FROM (unnest(credit.amounts(e.was)), unnest(credit.amounts(e.became))) WITH ORDINALITY b (was, became, n) GROUP BY 1, 2, 3),
		nexts AS (
			SELECT f.*, lead(f.amount) OVER w AS next_amount, lead(f.arrived) OVER w AS next_arrived FROM flows f WINDOW w AS (PARTITION BY f.grp, f.cur ORDER BY f.bucket_no)),
		rates AS (
			SELECT f.grp, f.cur, f.bucket_no, f.amount, round(CASE f.bucket_no WHEN last_bucket THEN COALESCE(l.amount, 0)
				-- What was in the last bucket stays there: it grew by what came, less what was written off of it.
				WHEN last_bucket - 1 THEN GREATEST(f.next_arrived - f.next_amount + COALESCE(l.amount, 0), 0)
				ELSE f.next_arrived END, credit.minor_unit(f.cur)) AS rolled
			FROM nexts f
				LEFT JOIN lost l ON l.grp IS NOT DISTINCT FROM f.grp AND l.cur = f.cur),
		-- To be lost, a debt passes every later bucket.
		passed AS (
			SELECT r.*, CASE WHEN bool_and(r.amount > 0) OVER w THEN COALESCE(exp(sum(ln(LEAST(r.rolled / NULLIF(r.amount, 0), 1))) FILTER (WHERE r.rolled > 0 AND r.amount > 0) OVER w)
				* CASE WHEN bool_and(r.rolled > 0) OVER w THEN 1 ELSE 0 END, 0) END AS rate
			FROM rates r WINDOW w AS (PARTITION BY r.grp, r.cur ORDER BY r.bucket_no DESC))
		SELECT r.grp, r.cur, r.bucket_no::integer, credit.bucket_label(bounds, r.bucket_no::integer), (SELECT count(*) - 1 FROM closed), r.amount, r.rolled,
			round(r.rolled / NULLIF(r.amount, 0), 6), round(r.rate, 6),
			CASE WHEN r.amount = 0 THEN 'nothing was in this bucket' WHEN r.rate IS NULL THEN 'nothing was in a later bucket' END
		FROM passed r
		ORDER BY r.grp NULLS LAST, r.cur, r.bucket_no;
END $$;
COMMENT ON FUNCTION roll_rates(date, date, text, text) IS 'Net roll rates over the snapshots from p_from to p_to, per group as in metrics() and currency: of what was in a bucket at the end of a period, the part found in the next bucket a period later (of the last but one what the last grew by, of the last what was written off as bad debt), and loss_rate, the part of a bucket that is lost in the end: the product of the rates from it on, each at most 1. Sums over all transitions are divided, so that large months weigh more. Buckets as long as the periods make sense of it.';

CREATE OR REPLACE FUNCTION bucket_migration(p_from date, p_to date, p_group_by text DEFAULT 'all', p_value text DEFAULT NULL)
RETURNS TABLE (group_value text, from_period text, to_period text, currency text, from_bucket integer, to_bucket integer, customers bigint, from_total numeric, to_total numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	pair record;
BEGIN
	PERFORM require_migration('bucket migration needs', p_from, p_to, p_group_by, p_value);
	FOR pair IN
		SELECT p.name, p.ends_on, p.version, lag(p.name) OVER w AS was_name, lag(p.ends_on) OVER w AS was_end, lag(p.version) OVER w AS was_version
		FROM period p WHERE p.state IN ('closed', 'locked') AND p.ends_on BETWEEN p_from AND p_to WINDOW w AS (ORDER BY p.ends_on) ORDER BY p.ends_on
	LOOP
		CONTINUE WHEN pair.was_end IS NULL;
		IF p_group_by NOT IN ('customer', 'group') THEN
			RETURN QUERY
				SELECT m.group_value, pair.was_name, pair.name, m.currency, m.from_bucket::integer, m.to_bucket::integer, m.customers, m.from_total, m.to_total
				FROM snapshot_migration m
				WHERE m.as_of = pair.ends_on AND m.version = pair.version AND m.grouped_by = CASE p_group_by WHEN 'currency' THEN 'all' ELSE p_group_by END
					AND num_nonnulls(m.from_bucket, m.to_bucket) > 0
					AND (p_value IS NULL OR p_group_by = 'all' OR p_value = CASE p_group_by WHEN 'currency' THEN m.currency ELSE m.group_value END)
				ORDER BY 1, 4, 5 NULLS FIRST, 6 NULLS FIRST;
			CONTINUE;
		END IF;
		RETURN QUERY
			SELECT g.group_value, pair.was_name, pair.name, COALESCE(a.currency, b.currency), a.worst_bucket::integer, b.worst_bucket::integer, count(*),
				COALESCE(sum(a.total), 0), COALESCE(sum(b.total), 0)
			FROM (SELECT s.customer_id, s.currency, s.worst_bucket, s.total FROM snapshot s WHERE s.as_of = pair.was_end AND s.version = pair.was_version) a
				FULL JOIN (SELECT s.customer_id, s.currency, s.worst_bucket, s.total FROM snapshot s WHERE s.as_of = pair.ends_on AND s.version = pair.version) b
					ON b.customer_id = a.customer_id AND b.currency = a.currency
				JOIN report_groups(p_group_by, p_value) g ON g.customer_id = COALESCE(a.customer_id, b.customer_id)
			GROUP BY 1, 4, 5, 6 ORDER BY 1, 4, 5 NULLS FIRST, 6 NULLS FIRST;
	END LOOP;
END $$;
COMMENT ON FUNCTION bucket_migration(date, date, text, text) IS 'Customers by the oldest bucket with something open at the end of a period and of the next, for each two successive snapshots from p_from to p_to, per group as in metrics() and currency. NULL: nothing was open; 0: only unapplied credit. from_total and to_total are their balances.';
