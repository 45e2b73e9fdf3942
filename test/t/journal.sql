-- The oracle of the aging tests: what was posted and applied, in plain tables the tests write themselves, and what
-- follows from it for any date, in plain SQL.  Nothing here reads a ledger but journal.differences().

CREATE SCHEMA journal;

-- step counts the committed transactions of a history: it is the journal's record time.
CREATE TABLE journal.document (
	document_id bigint PRIMARY KEY,
	customer_id bigint NOT NULL,
	debit boolean NOT NULL,
	currency text NOT NULL,
	amount numeric NOT NULL,
	doc_date date NOT NULL,
	posting_date date NOT NULL,
	due_date date,
	step integer NOT NULL
);

CREATE TABLE journal.allocation (
	allocation_id bigint PRIMARY KEY,
	credit_document_id bigint NOT NULL,
	debit_document_id bigint NOT NULL,
	amount numeric NOT NULL,
	applied_on date NOT NULL,
	step integer NOT NULL,
	reversed_on date,
	reversal_step integer
);

-- A moment right after each step's commit, when exactly the steps up to it were known.
CREATE TABLE journal.moment (
	step integer PRIMARY KEY,
	at timestamptz NOT NULL
);

CREATE FUNCTION journal.open_at(on_date date, known_step integer)
RETURNS TABLE (document_id bigint, customer_id bigint, currency text, debit boolean, doc_date date, due_date date, open numeric)
LANGUAGE sql STABLE AS $$
	WITH applied AS (
		SELECT a.*
		FROM journal.allocation a
		WHERE a.applied_on <= on_date AND a.step <= known_step
			AND (a.reversed_on <= on_date AND a.reversal_step <= known_step) IS NOT TRUE),
	taken AS (
		SELECT s.document_id, sum(s.amount) AS amount
		FROM (SELECT a.debit_document_id AS document_id, a.amount FROM applied a
			UNION ALL SELECT a.credit_document_id, a.amount FROM applied a) s
		GROUP BY 1)
	SELECT d.document_id, d.customer_id, d.currency, d.debit, d.doc_date, d.due_date, d.amount - COALESCE(t.amount, 0)
	FROM journal.document d LEFT JOIN taken t USING (document_id)
	WHERE d.posting_date <= on_date AND d.step <= known_step
$$;

-- One row per customer and currency with something open.
CREATE FUNCTION journal.aging(on_date date, basis text, known_step integer, bounds integer[])
RETURNS TABLE (customer_id bigint, currency text, total numeric, past_due numeric, unapplied numeric,
	amounts numeric[], counts bigint[], average_days numeric)
LANGUAGE sql STABLE AS $$
	WITH open AS (
		SELECT o.customer_id, o.currency, o.debit, o.open,
			on_date - CASE basis WHEN 'due_date' THEN o.due_date ELSE o.doc_date END AS days
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
				/ sum(o.open) FILTER (WHERE o.debit AND o.days > 0), 2) AS average_days
		FROM open o
		GROUP BY 1, 2)
	SELECT a.customer_id, a.currency, a.total, a.past_due, a.unapplied, b.amounts, b.counts, a.average_days
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
	FROM journal.document d
	WHERE d.posting_date <= on_date AND d.step <= known_step
	GROUP BY 1, 2
$$;

-- Documents whose open amount leaves zero to amount at the end of any day.
CREATE FUNCTION journal.impossible(known_step integer)
RETURNS TABLE (document_id bigint, on_date date, open numeric)
LANGUAGE sql STABLE AS $$
	WITH applied AS (
		SELECT a.credit_document_id, a.debit_document_id, m.amount, m.on_date
		FROM journal.allocation a,
			LATERAL (VALUES (a.amount, a.applied_on, a.step), (-a.amount, a.reversed_on, a.reversal_step)) m (amount, on_date, step)
		WHERE m.step <= known_step),
	movement AS (
		SELECT a.debit_document_id AS document_id, a.amount, a.on_date FROM applied a
		UNION ALL SELECT a.credit_document_id, a.amount, a.on_date FROM applied a)
	SELECT r.document_id, r.on_date, r.open
	FROM (SELECT d.document_id, m.on_date, d.posting_date, d.amount,
			d.amount - sum(m.amount) OVER (PARTITION BY d.document_id ORDER BY m.on_date) AS open
		FROM movement m JOIN journal.document d USING (document_id)) r
	WHERE r.open NOT BETWEEN 0 AND r.amount OR r.on_date < r.posting_date
$$;

-- What a ledger's aging_at() says otherwise than the journal; no rows when they agree.  bounds NULL: the default ones.
CREATE FUNCTION journal.differences(ledger name, as_of date, basis text, bounds integer[], known_at timestamptz, known_step integer,
	only_customer bigint DEFAULT NULL)
RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		WITH said AS (
			SELECT a.customer_id, a.currency, a.total, a.past_due, a.unapplied, a.amounts, credit.counts(a.aging) AS counts,
				credit.average_days_past_due(a.aging) AS average_days
			FROM %I.aging_at($1, $2, $3, $4::credit.aging_buckets, $5) a
			WHERE credit.total(a.aging) + a.unapplied = a.total AND credit.past_due(a.aging) = a.past_due),
		wanted AS (
			SELECT j.* FROM journal.aging($1, $2, $6, COALESCE($4, '{0,30,60,90}')) j WHERE j.customer_id = $5 OR $5 IS NULL)
		(SELECT 'ledger:  ' || s::text FROM (TABLE said EXCEPT ALL TABLE wanted) s)
		UNION ALL
		(SELECT 'journal: ' || w::text FROM (TABLE wanted EXCEPT ALL TABLE said) w)
		UNION ALL
		-- Conservation, apart from all that: the buckets and what is unapplied make up debits less credits.
		SELECT format('balance: customer %%s, %%s: %%s, not %%s', customer_id, b.currency, s.total, b.balance)
		FROM (SELECT * FROM journal.balance($1, $6) j WHERE j.customer_id = $5 OR $5 IS NULL) b
			FULL JOIN (SELECT a.customer_id, a.currency, (SELECT sum(amount) FROM unnest(a.amounts) amount) + a.unapplied AS total
				FROM %1$I.aging_at($1, $2, $3, $4::credit.aging_buckets, $5) a) s USING (customer_id, currency)
		WHERE COALESCE(s.total, 0) <> COALESCE(b.balance, 0)$q$, ledger)
	USING as_of, basis, known_at, bounds, only_customer, known_step;
END $$;
