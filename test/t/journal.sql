-- The oracle of the aging tests: what was posted and applied, in plain tables the tests write themselves, and what
-- follows from it for any date, in plain SQL.  Nothing here reads a ledger but journal.differences().

CREATE SCHEMA journal;

-- step counts the committed transactions of a history: it is the journal's record time.
CREATE TABLE journal.document (
	step integer NOT NULL,
	document_id bigint PRIMARY KEY,
	customer_id bigint NOT NULL,
	debit boolean NOT NULL,
	currency text NOT NULL,
	amount numeric NOT NULL,
	base numeric,
	clears_on date,
	reverses bigint
);

CREATE TABLE journal.item (
	step integer NOT NULL,
	item_id bigint PRIMARY KEY,
	document_id bigint NOT NULL,
	customer_id bigint NOT NULL,
	debit boolean NOT NULL,
	currency text NOT NULL,
	amount numeric NOT NULL,
	base numeric,
	doc_date date NOT NULL,
	posting_date date NOT NULL,
	due_date date,
	reserved_for text
);

CREATE TABLE journal.allocation (
	step integer NOT NULL,
	allocation_id bigint PRIMARY KEY,
	credit_item_id bigint NOT NULL,
	debit_item_id bigint NOT NULL,
	amount numeric NOT NULL,
	applied_on date NOT NULL,
	debit_base numeric,
	credit_base numeric
);

CREATE TABLE journal.reversal (
	step integer NOT NULL,
	allocation_id bigint PRIMARY KEY,
	reversed_on date NOT NULL
);

-- In the order of n.
CREATE TABLE journal.due_change (
	step integer NOT NULL,
	item_id bigint NOT NULL,
	due_date date,
	effective_on date NOT NULL,
	n bigserial PRIMARY KEY
);

CREATE TABLE journal.clearing (step integer NOT NULL, document_id bigint PRIMARY KEY);

CREATE TABLE journal.release (step integer NOT NULL, document_id bigint PRIMARY KEY);

CREATE TABLE journal.rate (
	step integer NOT NULL,
	currency text NOT NULL,
	valid_from date NOT NULL,
	rate numeric NOT NULL,
	PRIMARY KEY (currency, valid_from)
);

-- A moment right after each step's commit, when exactly the steps up to it were known; and the marks taken then.
CREATE TABLE journal.moment (
	step integer PRIMARY KEY,
	at timestamptz NOT NULL
);

-- What each allocation and each reversal takes out of either item, in its currency and in base currency.
CREATE VIEW journal.movement AS
	SELECT s.item_id, s.debit, m.on_date, m.step, m.sign * a.amount AS amount, m.sign * s.base AS base
	FROM journal.allocation a LEFT JOIN journal.reversal r USING (allocation_id),
		LATERAL (VALUES (1, a.applied_on, a.step), (-1, r.reversed_on, r.step)) m (sign, on_date, step),
		LATERAL (VALUES (true, a.debit_item_id, a.debit_base), (false, a.credit_item_id, a.credit_base)) s (debit, item_id, base)
	WHERE m.step IS NOT NULL;

CREATE FUNCTION journal.open_at(on_date date, known_step integer)
RETURNS TABLE (item_id bigint, document_id bigint, customer_id bigint, currency text, debit boolean, doc_date date, due_date date,
	open numeric, open_base numeric)
LANGUAGE sql STABLE AS $$
	WITH taken AS (
		SELECT m.item_id, sum(m.amount) AS amount, sum(m.base) AS base
		FROM journal.movement m
		WHERE m.on_date <= open_at.on_date AND m.step <= known_step
		GROUP BY 1),
	-- Of the changes effective by then the latest, of two of one day the later one.
	changed AS (
		SELECT DISTINCT ON (c.item_id) c.item_id, c.due_date
		FROM journal.due_change c
		WHERE c.effective_on <= on_date AND c.step <= known_step
		ORDER BY c.item_id, c.effective_on DESC, c.n DESC)
	SELECT i.item_id, i.document_id, i.customer_id, i.currency, i.debit, i.doc_date,
		CASE WHEN c.item_id IS NULL THEN i.due_date ELSE c.due_date END,
		i.amount - COALESCE(t.amount, 0), i.base - COALESCE(t.base, 0)
	FROM journal.item i LEFT JOIN taken t USING (item_id) LEFT JOIN changed c USING (item_id)
	WHERE i.posting_date <= on_date AND i.step <= known_step
$$;

-- One row per customer and currency with something open.
CREATE FUNCTION journal.aging(on_date date, basis text, known_step integer, bounds integer[])
RETURNS TABLE (customer_id bigint, currency text, total numeric, past_due numeric, unapplied numeric,
	amounts numeric[], counts bigint[], average_days numeric, undated bigint)
LANGUAGE sql STABLE AS $$
	-- What has no due date yet is not due, and counted apart.
	WITH open AS (
		SELECT o.customer_id, o.currency, o.debit, o.open,
			COALESCE(on_date - CASE basis WHEN 'due_date' THEN o.due_date ELSE o.doc_date END, 0) AS days,
			basis = 'due_date' AND o.due_date IS NULL AS undated
		FROM journal.open_at(on_date, known_step) o
		WHERE o.open <> 0),
	-- Bucket n ends with its bound, inclusive; the last one has no end.
	bucket AS (
		SELECT n, lag(bound) OVER (ORDER BY n) AS above, bound AS up_to
		FROM unnest(bounds || NULL::integer) WITH ORDINALITY b (bound, n)),
	account AS (
		SELECT o.customer_id, o.currency,
			sum(CASE WHEN o.debit THEN o.open ELSE -o.open END) AS total,
			COALESCE(sum(o.open) FILTER (WHERE o.debit AND o.days > 0), 0) AS past_due,
			COALESCE(sum(-o.open) FILTER (WHERE NOT o.debit), 0) AS unapplied,
			round(sum(o.open * o.days) FILTER (WHERE o.debit AND o.days > 0)
				/ sum(o.open) FILTER (WHERE o.debit AND o.days > 0), 2) AS average_days,
			count(*) FILTER (WHERE o.debit AND o.undated) AS undated
		FROM open o
		GROUP BY 1, 2)
	SELECT a.customer_id, a.currency, a.total, a.past_due, a.unapplied, b.amounts, b.counts, a.average_days, a.undated
	FROM account a, LATERAL (
		SELECT array_agg(s.amount ORDER BY s.n) AS amounts, array_agg(s.items ORDER BY s.n) AS counts
		FROM (SELECT k.n, COALESCE(sum(o.open), 0) AS amount, count(o.open) AS items
			FROM bucket k LEFT JOIN open o ON o.debit AND o.customer_id = a.customer_id AND o.currency = a.currency
				AND (k.above IS NULL OR o.days > k.above) AND (k.up_to IS NULL OR o.days <= k.up_to)
			GROUP BY k.n) s) b
$$;

-- Debits less credits: no allocation has a say in it.
CREATE FUNCTION journal.balance(on_date date, known_step integer)
RETURNS TABLE (customer_id bigint, currency text, balance numeric)
LANGUAGE sql STABLE AS $$
	SELECT d.customer_id, d.currency, sum(CASE WHEN d.debit THEN d.amount ELSE -d.amount END)
	FROM journal.item d
	WHERE d.posting_date <= on_date AND d.step <= known_step
	GROUP BY 1, 2
$$;

-- Items whose open amount leaves zero to amount at the end of any day.
CREATE FUNCTION journal.impossible(known_step integer)
RETURNS TABLE (item_id bigint, on_date date, open numeric)
LANGUAGE sql STABLE AS $$
	SELECT r.item_id, r.on_date, r.open
	FROM (SELECT i.item_id, m.on_date, i.posting_date, i.amount,
			i.amount - sum(m.amount) OVER (PARTITION BY i.item_id ORDER BY m.on_date) AS open
		FROM journal.movement m JOIN journal.item i USING (item_id)
		WHERE m.step <= known_step) r
	WHERE r.open NOT BETWEEN 0 AND r.amount OR r.on_date < r.posting_date
$$;

-- What is kept per customer and currency, now: what is owed, what is unapplied, what is reserved to orders, what has not cleared.
CREATE FUNCTION journal.exposure()
RETURNS TABLE (customer_id bigint, currency text, receivable numeric, unapplied numeric, reserved numeric, uncleared numeric)
LANGUAGE sql STABLE AS $$
	WITH part AS (
		SELECT o.customer_id, o.currency, CASE WHEN o.debit THEN o.open END AS receivable,
			CASE WHEN NOT o.debit AND NOT r.reserved THEN o.open END AS unapplied, CASE WHEN NOT o.debit AND r.reserved THEN o.open END AS reserved,
			NULL::numeric AS uncleared
		FROM journal.open_at('infinity', 2147483647) o JOIN journal.item i USING (item_id),
			LATERAL (SELECT i.reserved_for IS NOT NULL
				AND NOT EXISTS (SELECT FROM journal.release f WHERE f.document_id = i.document_id)) r (reserved)
		UNION ALL
		SELECT d.customer_id, d.currency, NULL, NULL, NULL, d.amount
		FROM journal.document d
		WHERE d.clears_on IS NOT NULL AND NOT EXISTS (SELECT FROM journal.clearing c WHERE c.document_id = d.document_id)
			AND NOT EXISTS (SELECT FROM journal.document v WHERE v.reverses = d.document_id))
	SELECT p.customer_id, p.currency, COALESCE(sum(p.receivable), 0), COALESCE(sum(p.unapplied), 0), COALESCE(sum(p.reserved), 0),
		COALESCE(sum(p.uncleared), 0)
	FROM part p
	GROUP BY 1, 2
$$;

-- Open items in other currencies as booked and at the rate of a day.
CREATE FUNCTION journal.revaluation(on_date date)
RETURNS TABLE (item_id bigint, open_amount numeric, booked numeric, revalued numeric)
LANGUAGE sql STABLE AS $$
	SELECT o.item_id, s.sign * o.open, s.sign * o.open_base, s.sign * round(o.open * r.rate, 2)
	FROM journal.open_at(on_date, 2147483647) o,
		LATERAL (SELECT CASE WHEN o.debit THEN 1 ELSE -1 END AS sign) s,
		LATERAL (SELECT rate FROM journal.rate f WHERE f.currency = o.currency AND f.valid_from <= on_date
			ORDER BY f.valid_from DESC LIMIT 1) r
	WHERE o.open <> 0
$$;

-- What a ledger's aging_at() says otherwise than the journal; no rows when they agree.  bounds NULL: the default ones.
CREATE FUNCTION journal.differences(ledger name, as_of date, basis text, bounds integer[], known_at timestamptz, mark bigint, known_step integer,
	only_customer bigint DEFAULT NULL)
RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		WITH said AS (
			SELECT a.*, (SELECT sum(amount) FROM unnest(a.amounts) amount) AS buckets
			FROM %1$I.aging_at($1, $2, $3, $4::credit.aging_buckets, $5, $7) a),
		figures AS (
			SELECT a.customer_id, a.currency, a.total, a.past_due, a.unapplied, a.amounts, credit.counts(a.aging) AS counts,
				credit.average_days_past_due(a.aging) AS average_days, credit.undated(a.aging) AS undated
			FROM said a
			WHERE credit.total(a.aging) + a.unapplied = a.total AND credit.past_due(a.aging) = a.past_due),
		wanted AS (
			SELECT j.* FROM journal.aging($1, $2, $6, COALESCE($4, '{0,30,60,90}')) j WHERE j.customer_id = $5 OR $5 IS NULL)
		(SELECT 'ledger:  ' || s::text FROM (TABLE figures EXCEPT ALL TABLE wanted) s)
		UNION ALL
		(SELECT 'journal: ' || w::text FROM (TABLE wanted EXCEPT ALL TABLE figures) w)
		UNION ALL
		-- Conservation, apart from all that: the buckets and what is unapplied make up debits less credits.
		SELECT format('balance: customer %%s, %%s: %%s, not %%s', customer_id, b.currency, s.total, b.balance)
		FROM (SELECT * FROM journal.balance($1, $6) j WHERE j.customer_id = $5 OR $5 IS NULL) b
			FULL JOIN (SELECT a.customer_id, a.currency, a.buckets + a.unapplied AS total FROM said a) s USING (customer_id, currency)
		WHERE COALESCE(s.total, 0) <> COALESCE(b.balance, 0)$q$, ledger)
	USING as_of, basis, known_at, bounds, only_customer, known_step, mark;
END $$;
