-- Snapshots: what a close freezes, each in one statement over all customers.

CREATE OR REPLACE TRIGGER snapshot_append_only BEFORE UPDATE OR DELETE ON snapshot
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Open the period again and close it anew: that makes a new version.');
CREATE OR REPLACE TRIGGER snapshot_no_truncate BEFORE TRUNCATE ON snapshot
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Open the period again and close it anew: that makes a new version.');
CREATE OR REPLACE TRIGGER snapshot_total_append_only BEFORE UPDATE OR DELETE ON snapshot_total
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Open the period again and close it anew: that makes a new version.');
CREATE OR REPLACE TRIGGER snapshot_total_no_truncate BEFORE TRUNCATE ON snapshot_total
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Open the period again and close it anew: that makes a new version.');
CREATE OR REPLACE TRIGGER customer_snapshot_append_only BEFORE UPDATE OR DELETE ON customer_snapshot
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Open the period again and close it anew: that makes a new version.');
CREATE OR REPLACE TRIGGER customer_snapshot_no_truncate BEFORE TRUNCATE ON customer_snapshot
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Open the period again and close it anew: that makes a new version.');

-- Limits of all customers on a day in one statement; those whose cover depends on what is overdue one by one.
CREATE OR REPLACE FUNCTION limits_at(p_on date)
RETURNS TABLE (customer_id bigint, credit_limit numeric) LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	RETURN QUERY
		WITH kinds AS (
			SELECT c.customer_id, bool_or(c.max_overdue_days IS NOT NULL OR c.currency <> base) AS involved, bool_or(c.replaces_own) AS replaces,
				sum(c.amount) FILTER (WHERE c.kind = 'own') AS own, sum(c.amount) FILTER (WHERE c.kind = 'temporary') AS temporary,
				sum(CASE WHEN c.kind = 'guarantee' THEN c.amount WHEN c.kind = 'insured' THEN round(c.amount * c.covered_percent / 100, credit.minor_unit(base)) END) AS cover
			FROM credit_limit c WHERE c.kind <> 'group' AND c.in_force @> p_on GROUP BY c.customer_id)
		SELECT k.customer_id, CASE WHEN k.involved THEN (SELECT o.amount FROM limit_on(k.customer_id, p_on) o)
			ELSE COALESCE(CASE WHEN k.replaces THEN k.temporary WHEN num_nonnulls(k.own, k.temporary) > 0 THEN COALESCE(k.own, 0) + COALESCE(k.temporary, 0) END
				+ COALESCE(k.cover, 0), k.cover) END
		FROM kinds k;
END $$;
COMMENT ON FUNCTION limits_at(date) IS 'Credit limits in force on a day, as limit_on() has them, of all customers that have one.';

CREATE OR REPLACE FUNCTION take_snapshot(p_as_of date, p_version integer)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	zone text := (SELECT l.time_zone FROM ledger_info l);
	n bigint;
BEGIN
	INSERT INTO snapshot (customer_id, as_of, version, currency, total, past_due, unapplied, disputed, worst_bucket, aging)
	SELECT a.customer_id, p_as_of, p_version, a.currency, a.total, a.past_due, a.unapplied,
		a.disputed, COALESCE(credit.oldest(a.aging), 0), a.aging
	FROM aging_at(p_as_of) a
	ORDER BY a.customer_id, a.currency;
	GET DIAGNOSTICS n = ROW_COUNT;
	INSERT INTO snapshot_total (as_of, version, currency, customers, total, past_due, unapplied, disputed, aging)
	SELECT p_as_of, p_version, s.currency, count(*), sum(s.total), sum(s.past_due), sum(s.unapplied), sum(s.disputed), credit.merge(s.aging)
	FROM snapshot s WHERE s.as_of = p_as_of AND s.version = p_version GROUP BY s.currency;

	WITH rates AS MATERIALIZED (
		SELECT c.currency, CASE WHEN c.currency = base THEN 1 ELSE (SELECT r.rate FROM fx_rate r
			WHERE r.currency = c.currency AND r.valid_from <= p_as_of ORDER BY r.valid_from DESC LIMIT 1) END AS rate
		FROM (SELECT DISTINCT e.currency FROM exposure e) c),
	owed AS (
		SELECT s.customer_id, s.currency, s.total AS balance, 0::numeric AS more FROM snapshot s WHERE s.as_of = p_as_of AND s.version = p_version
		UNION ALL
		SELECT e.customer_id, e.currency, 0, e.reserved + e.ordered FROM exposure e WHERE e.reserved + e.ordered <> 0
		UNION ALL
		SELECT d.customer_id, d.currency, 0, d.amount FROM document d
		WHERE d.clears_on > p_as_of AND d.posting_date <= p_as_of
			AND NOT EXISTS (SELECT FROM clearing k WHERE k.customer_id = d.customer_id AND k.document_id = d.document_id AND k.cleared_on <= p_as_of)
			AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id AND r.posting_date <= p_as_of)),
	valued AS (
		-- One currency without a rate: no sum is better than half of one.
		SELECT o.customer_id, CASE WHEN bool_and(r.rate IS NOT NULL) THEN sum(round(o.balance * r.rate, credit.minor_unit(base))) END AS balance,
			CASE WHEN bool_and(r.rate IS NOT NULL) THEN sum(round((o.balance + o.more) * r.rate, credit.minor_unit(base))) END AS exposure
		FROM owed o JOIN rates r ON r.currency = o.currency GROUP BY o.customer_id),
	held AS (
		SELECT h.customer_id, count(*)::integer AS open_holds FROM hold h
		WHERE (h.placed_at AT TIME ZONE zone)::date <= p_as_of AND (h.expires_on IS NULL OR h.expires_on >= p_as_of)
			AND NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id AND (r.released_at AT TIME ZONE zone)::date <= p_as_of)
		GROUP BY h.customer_id),
	scored AS (
		SELECT DISTINCT ON (s.customer_id) s.customer_id, s.score, s.grade FROM score_history s
		WHERE s.as_of <= p_as_of ORDER BY s.customer_id, s.as_of DESC, s.score_history_id DESC)
	INSERT INTO customer_snapshot (customer_id, as_of, version, balance, exposure, credit_limit, score, grade, open_holds)
	SELECT customer_id, p_as_of, p_version, CASE WHEN v.customer_id IS NULL THEN round(0::numeric, credit.minor_unit(base)) ELSE v.balance END,
		CASE WHEN v.customer_id IS NULL THEN round(0::numeric, credit.minor_unit(base)) ELSE v.exposure END,
		l.credit_limit, s.score, s.grade, COALESCE(h.open_holds, 0)
	FROM valued v FULL JOIN limits_at(p_as_of) l USING (customer_id) FULL JOIN held h USING (customer_id) FULL JOIN scored s USING (customer_id)
	ORDER BY customer_id;
	PERFORM take_migration(p_as_of, p_version);
	RETURN n;
END $$;
COMMENT ON FUNCTION take_snapshot(date, integer) IS 'Writes the snapshots of all customers as of a day under a version; returns the number of rows of aging. Behind finish_close().';

CREATE OR REPLACE VIEW aging_snapshot AS
SELECT p.name AS period, p.fiscal_year, p.year_end, s.as_of, s.customer_id, c.name AS customer_name, s.currency, s.total, s.past_due, s.unapplied, s.disputed,
	s.worst_bucket, credit.amounts(s.aging) AS amounts, k.balance, k.exposure, k.credit_limit, k.score, k.grade, k.open_holds
FROM period p
	JOIN snapshot s ON s.as_of = p.ends_on AND s.version = p.version
	JOIN customer c ON c.customer_id = s.customer_id
	LEFT JOIN customer_snapshot k ON k.customer_id = s.customer_id AND k.as_of = s.as_of AND k.version = s.version
WHERE p.state IN ('closed', 'locked');
COMMENT ON VIEW aging_snapshot IS 'Aging and credit of every customer at the end of the closed periods, as frozen by their close.';
COMMENT ON COLUMN aging_snapshot.period IS 'The period.';
COMMENT ON COLUMN aging_snapshot.fiscal_year IS 'Its fiscal year.';
COMMENT ON COLUMN aging_snapshot.year_end IS 'It is the last of that year.';
COMMENT ON COLUMN aging_snapshot.as_of IS 'Its last day.';
COMMENT ON COLUMN aging_snapshot.customer_id IS 'The debtor.';
COMMENT ON COLUMN aging_snapshot.customer_name IS 'Its name.';
COMMENT ON COLUMN aging_snapshot.currency IS 'ISO 4217 code of total to amounts.';
COMMENT ON COLUMN aging_snapshot.total IS 'Open balance: debit items less unapplied credits.';
COMMENT ON COLUMN aging_snapshot.past_due IS 'Of the debit items, what was past its due date.';
COMMENT ON COLUMN aging_snapshot.unapplied IS 'Payments and credit notes not applied, as a negative amount.';
COMMENT ON COLUMN aging_snapshot.disputed IS 'What of the debit items was disputed.';
COMMENT ON COLUMN aging_snapshot.worst_bucket IS 'Oldest bucket with something open, from 1; 0: only unapplied credit.';
COMMENT ON COLUMN aging_snapshot.amounts IS 'Debit items per bucket, in the ledger''s buckets.';
COMMENT ON COLUMN aging_snapshot.balance IS 'Open balance in base currency, all currencies.';
COMMENT ON COLUMN aging_snapshot.exposure IS 'Exposure in base currency.';
COMMENT ON COLUMN aging_snapshot.credit_limit IS 'Credit limit in force, in base currency.';
COMMENT ON COLUMN aging_snapshot.score IS 'Latest score.';
COMMENT ON COLUMN aging_snapshot.grade IS 'Its grade.';
COMMENT ON COLUMN aging_snapshot.open_holds IS 'Holds open at its end.';

CREATE OR REPLACE VIEW aging_by_period AS
SELECT p.name AS period, p.fiscal_year, p.year_end, t.as_of, t.currency, t.customers, t.total, t.past_due, t.unapplied, t.disputed, credit.amounts(t.aging) AS amounts
FROM period p JOIN snapshot_total t ON t.as_of = p.ends_on AND t.version = p.version
WHERE p.state IN ('closed', 'locked');
COMMENT ON VIEW aging_by_period IS 'Aging of all customers at the end of the closed periods, as frozen by their close.';
COMMENT ON COLUMN aging_by_period.period IS 'The period.';
COMMENT ON COLUMN aging_by_period.fiscal_year IS 'Its fiscal year.';
COMMENT ON COLUMN aging_by_period.year_end IS 'It is the last of that year.';
COMMENT ON COLUMN aging_by_period.as_of IS 'Its last day.';
COMMENT ON COLUMN aging_by_period.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN aging_by_period.customers IS 'Customers with something open.';
COMMENT ON COLUMN aging_by_period.total IS 'Open balance: debit items less unapplied credits.';
COMMENT ON COLUMN aging_by_period.past_due IS 'Of the debit items, what was past its due date.';
COMMENT ON COLUMN aging_by_period.unapplied IS 'Payments and credit notes not applied, as a negative amount.';
COMMENT ON COLUMN aging_by_period.disputed IS 'What of the debit items was disputed.';
COMMENT ON COLUMN aging_by_period.amounts IS 'Debit items per bucket, in the ledger''s buckets.';

CREATE OR REPLACE FUNCTION verify_snapshots(p_from date DEFAULT NULL)
RETURNS TABLE (problem text, customer_id bigint, object text, kept text, recomputed text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	closed record;
BEGIN
	RETURN QUERY
		SELECT 'last closed day'::text, NULL::bigint, 'ledger_info'::text, l.closed_through::text, c.last_day::text
		FROM ledger_info l, (SELECT max(p.ends_on) AS last_day FROM period p WHERE p.state <> 'open') c
		WHERE l.closed_through IS DISTINCT FROM c.last_day;
	FOR closed IN
		SELECT w.* FROM (SELECT p.name, p.ends_on, p.version, lag(p.ends_on) OVER (ORDER BY p.ends_on) AS was_end, lag(p.version) OVER (ORDER BY p.ends_on) AS was_version
			FROM period p WHERE p.state IN ('closed', 'locked')) w
		WHERE p_from IS NULL OR w.ends_on >= p_from ORDER BY w.ends_on
	LOOP
		RETURN QUERY
			SELECT 'snapshot'::text, COALESCE(s.customer_id, a.customer_id), format('period %s in %s', closed.name, COALESCE(s.currency, a.currency)),
				concat_ws(' ', s.aging, s.unapplied, s.disputed), concat_ws(' ', a.aging, a.unapplied, a.disputed)
			FROM (SELECT n.* FROM snapshot n WHERE n.as_of = closed.ends_on AND n.version = closed.version) s
				FULL JOIN aging_at(closed.ends_on) a ON a.customer_id = s.customer_id AND a.currency = s.currency
			WHERE (s.aging = a.aging AND s.unapplied = a.unapplied AND s.total = a.total AND s.past_due = a.past_due AND s.disputed = a.disputed) IS NOT TRUE;
		RETURN QUERY
			SELECT 'total of the snapshot'::text, NULL::bigint, format('period %s in %s', closed.name, COALESCE(t.currency, s.currency)),
				concat_ws(' ', t.customers, t.aging, t.unapplied), concat_ws(' ', s.customers, s.aging, s.unapplied)
			FROM (SELECT n.* FROM snapshot_total n WHERE n.as_of = closed.ends_on AND n.version = closed.version) t
				FULL JOIN (SELECT n.currency, count(*) AS customers, sum(n.total) AS total, sum(n.past_due) AS past_due, sum(n.unapplied) AS unapplied,
						sum(n.disputed) AS disputed, credit.merge(n.aging) AS aging
					FROM snapshot n WHERE n.as_of = closed.ends_on AND n.version = closed.version GROUP BY n.currency) s ON s.currency = t.currency
			WHERE (s.customers = t.customers AND s.aging = t.aging AND s.unapplied = t.unapplied AND s.total = t.total AND s.past_due = t.past_due
				AND s.disputed = t.disputed) IS NOT TRUE;
		RETURN QUERY
			SELECT 'migration of the snapshot'::text, NULL::bigint, format('period %s in %s by %s', closed.name, t.currency, g.name), concat_ws(' ', m.total, m.aging),
				concat_ws(' ', t.total, t.aging)
			FROM unnest(ARRAY['all', 'risk_class', 'segment', 'region', 'salesperson', 'collector']) g (name)
				-- The snapshot that it starts from, and the one it ends with.
				CROSS JOIN (SELECT n.*, true AS after FROM snapshot_total n WHERE n.as_of = closed.ends_on AND n.version = closed.version
					UNION ALL SELECT n.*, false FROM snapshot_total n WHERE n.as_of = closed.was_end AND n.version = closed.was_version) t
				CROSS JOIN LATERAL (SELECT sum(CASE WHEN t.after THEN o.to_total ELSE o.from_total END) AS total,
						credit.merge(CASE WHEN t.after THEN o.to_aging ELSE o.from_aging END) AS aging
					FROM snapshot_migration o
					WHERE o.as_of = closed.ends_on AND o.version = closed.version AND o.currency = t.currency AND o.grouped_by IN (g.name, 'intercompany')) m
			WHERE (m.total = t.total AND m.aging = t.aging) IS NOT TRUE;
	END LOOP;
END $$;
COMMENT ON FUNCTION verify_snapshots(date) IS 'Rows of snapshots that are not what aging_at() says of their day, of the periods that end on p_from or later (default all), in the form of verify_ledger(): none, unless the books were tampered with.';
