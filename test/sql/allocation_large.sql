-- 100,000 credits over 100,000 debits, against the cut points
-- of both running sums: between two cuts, one credit pays one debit.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

SET work_mem = '64MB';

-- In cents, as bigint: the checking side needs no more, and is faster so.
CREATE TEMP TABLE credit AS
SELECT no, 1 + no * 7919::bigint % 10007 AS cents FROM generate_series(1, 100000) AS no;
CREATE TEMP TABLE debit AS
SELECT no, 8 + no * 104729::bigint % 10009 AS cents,
	CASE WHEN no % 10 > 0 THEN date '2020-01-01' + (no * 31 % 2003) END AS due
FROM generate_series(1, 100000) AS no;
CREATE TEMP TABLE total AS
SELECT (SELECT sum(cents)::bigint FROM credit) AS credits, (SELECT sum(cents)::bigint FROM debit) AS debits;
SELECT credits < debits AS short_of_money, least(credits, debits) * 0.01 AS possible FROM total;

CREATE TEMP TABLE method AS
SELECT unnest('{oldest_first,pro_rata}'::text[]) AS method;

CREATE TEMP TABLE actual AS
SELECT method, a.*
FROM method, credit.allocate((SELECT array_agg(cents * 0.01 ORDER BY no) FROM credit),
		(SELECT array_agg(cents * 0.01 ORDER BY no) FROM debit),
		(SELECT array_agg(due ORDER BY no) FROM debit), method) AS a;

-- The debits in order of payment, and what each may be paid.
CREATE TEMP TABLE share AS
SELECT method, no, rank, CASE WHEN method = 'pro_rata' THEN
		credits * cents / debits +
		(row_number() OVER (PARTITION BY method ORDER BY credits * cents % debits DESC, rank)
		 <= credits - sum(credits * cents / debits) OVER (PARTITION BY method))::int
	ELSE cents END AS cents
FROM (SELECT method, no, cents, row_number() OVER (PARTITION BY method ORDER BY due NULLS LAST, no) AS rank
	  FROM debit, method) AS d, total;

CREATE TEMP TABLE expected AS
WITH cut AS (
	SELECT method, at, 1 AS credits, 0 AS debits
	FROM method, (SELECT sum(cents) OVER (ORDER BY no)::bigint AS at FROM credit) AS c
	UNION ALL
	SELECT method, sum(cents) OVER (PARTITION BY method ORDER BY rank)::bigint, 0, 1 FROM share
), step AS (
	SELECT method, at, sum(credits) AS credits, sum(debits) AS debits FROM cut GROUP BY method, at
), span AS (
	SELECT method, at - lag(at, 1, 0::bigint) OVER w AS cents,
		1 + sum(credits) OVER w - credits AS credit_no, 1 + sum(debits) OVER w - debits AS rank
	FROM step WINDOW w AS (PARTITION BY method ORDER BY at)
)
SELECT method, credit_no::int, no AS debit_no, span.cents
FROM span JOIN share USING (method, rank) WHERE credit_no <= 100000;

SELECT method, count(*) AS allocations, sum(amount),
	count(*) FILTER (WHERE amount IS DISTINCT FROM cents * 0.01) AS mismatches
FROM actual FULL JOIN expected USING (method, credit_no, debit_no)
GROUP BY method ORDER BY method;

-- One against many, either way round.
SELECT count(*), sum(amount), count(DISTINCT debit_no)
FROM credit.allocate('{1000000}', (SELECT array_agg(5) FROM generate_series(1, 100000)));
SELECT count(*), sum(amount), count(DISTINCT credit_no)
FROM credit.allocate((SELECT array_agg(5) FROM generate_series(1, 100000)), '{1000000}', method => 'pro_rata');
-- Fewer cents than debits: the oldest get them.
SELECT count(*), sum(amount), min(debit_no), max(debit_no)
FROM credit.allocate('{999.99}', (SELECT array_agg(0.02) FROM generate_series(1, 100000)), method => 'pro_rata');
