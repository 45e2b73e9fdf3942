-- The allocation kernel: rules, worked examples and errors.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

-- A receipt of 600 over items 123, 124, 125 by due date: 124 and 123 are
-- closed, 125 stays open with 50.
SELECT ('{123,124,125}'::int[])[debit_no] AS item, amount
FROM credit.allocate('{600}', '{200,300,150}', '{2002-12-11,2002-12-08,2002-12-13}');

-- Instalments 60, 100, 40: a receipt of 40, then a credit note of 100, which
-- takes the 20 left of the first and 80 of the second.
SELECT * FROM credit.allocate('{40,100}', '{60,100,40}', '{2026-01-31,2026-03-02,2026-04-01}');

-- 80 received by maturity date over 50 and 20 due first and 30 due later:
-- 0 and 20 are left.
WITH debit AS (
	SELECT * FROM unnest('{30,50,20}'::numeric[], '{2026-01-31,2026-01-01,2026-01-01}'::date[])
		WITH ORDINALITY AS d(open, due, no)
)
SELECT due, sum(open) - coalesce(sum(amount), 0) AS left_open
FROM debit
	LEFT JOIN (SELECT debit_no, sum(amount) AS amount
			   FROM credit.allocate('{80}', '{30,50,20}', '{2026-01-31,2026-01-01,2026-01-01}')
			   GROUP BY debit_no) AS paid ON debit_no = no
GROUP BY due ORDER BY due;

-- Priorities (interest note, then invoices by date) are the order given, with
-- no due dates: the last invoice keeps 157.
SELECT ('{note 7,inv1 100,inv2 250,inv3 500}'::text[])[debit_no] AS item, amount
FROM credit.allocate('{700}', '{7,100,250,500}');

-- Credit memo before cash, smallest invoice first.
SELECT ('{memo,P1,P2}'::text[])[credit_no] AS credit, ('{I1,I2,I3}'::text[])[debit_no] AS invoice, amount
FROM credit.allocate('{500,5000,5000}', '{6000,3000,1500}', method => 'smallest_first');

-- Two items of the amount received: the one due first, or the first of both.
SELECT debit_no FROM credit.allocate('{500}', '{500,500}', '{2026-01-10,2026-01-05}');
SELECT debit_no FROM credit.allocate('{500}', '{500,500}', '{2026-01-05,2026-01-05}');

-- Every order over the same items; 4 and 5 have no due date, 2 and 3 are of
-- one day, 1 and 3 of one amount.
SELECT method, array_agg(debit_no ORDER BY place) AS debits
FROM unnest('{oldest_first,newest_first,largest_first,smallest_first,pro_rata}'::text[])
		WITH ORDINALITY AS m(method, n),
	ROWS FROM (credit.allocate('{1000}', '{30,10,30,50,10}',
		'{2026-03-01,2026-02-01,2026-02-01,NULL,NULL}', m.method)) WITH ORDINALITY
		AS a(credit_no, debit_no, amount, place)
GROUP BY method, n ORDER BY n;

-- Pro rata: the residual cents go to the largest remainders, ties to the
-- older debit, whatever its place.
SELECT debit_no, amount FROM credit.allocate('{100}', '{50,50,50}', method => 'pro_rata');
SELECT debit_no, amount FROM credit.allocate('{100}', '{50,50,50}',
	'{NULL,2026-02-01,2026-01-01}', 'pro_rata');
SELECT debit_no, amount FROM credit.allocate('{100}', '{49.99,49.99,50.03}', method => 'pro_rata');
SELECT debit_no, amount FROM credit.allocate('{0.02}', '{0.01,0.01,0.01,1000}', method => 'pro_rata');
-- Several credits fill the shares in order; enough money pays everything.
SELECT * FROM credit.allocate('{60,40}', '{50,50,50}', method => 'pro_rata');
SELECT * FROM credit.allocate('{60,100}', '{50,50.01}', method => 'pro_rata');
-- JPY and KWD.
SELECT debit_no, amount FROM credit.allocate('{100}', '{50,50,50}', method => 'pro_rata',
	minor_unit => credit.minor_unit('JPY'));
SELECT debit_no, amount FROM credit.allocate('{10}', '{5,5,5.000}', method => 'pro_rata',
	minor_unit => credit.minor_unit('KWD'));
-- Products beyond 128 bits stay exact.
SELECT debit_no, amount
FROM credit.allocate('{100000000000000000000000000000000000}',
	'{33333333333333333333333333333333333.01,66666666666666666666666666666666666,0.02,12345678901234567890123456789.12}',
	method => 'pro_rata');
SELECT debit_no, amount FROM credit.allocate('{1e34}', '{1e34,3e34}', method => 'pro_rata');
SELECT * FROM credit.allocate('{0.000000000000000002}', '{1,2,3}', method => 'pro_rata', minor_unit => 18);

-- Nothing to do.
SELECT * FROM credit.allocate('{}', '{10}');
SELECT * FROM credit.allocate('{10}', '{}', '{}', 'pro_rata');
SELECT * FROM credit.allocate('{}', '{}');

-- Positions count from 1 whatever the bounds; trailing zeros are no decimals.
SELECT * FROM credit.allocate('[5:6]={10.000,20.5000}', '[-1:0]={15,100}', '[3:4]={2026-01-02,2026-01-01}');

-- One call per customer; as a set in the select list too.
SELECT customer, a.*
FROM (VALUES ('A', '{10}'::numeric[], '{4,5}'::numeric[]), ('B', '{3,3}', '{4}'), ('C', '{1}', '{}'))
		AS c(customer, credits, debits),
	credit.allocate(credits, debits) AS a
ORDER BY customer, credit_no, debit_no;
SELECT credit.allocate('{3,3}', '{4}');

-- Sums of more than 38 digits: the order methods need no sum, pro rata does.
SELECT * FROM credit.allocate('{99999999999999999999999999999999999999,1}',
	'{99999999999999999999999999999999999999,99999999999999999999999999999999999999}', minor_unit => 0);
SELECT * FROM credit.allocate('{1}',
	'{99999999999999999999999999999999999999,99999999999999999999999999999999999999}',
	method => 'pro_rata', minor_unit => 0);

-- Errors name the element.
SELECT * FROM credit.allocate('{10,10.005,10}', '{20}');
SELECT * FROM credit.allocate('{10,10.005,10}', '{20}', method => 'pro_rata');
SELECT * FROM credit.allocate('{10}', '{20,20.5}', minor_unit => 0);
SELECT * FROM credit.allocate('{10}', '{20,0}');
SELECT * FROM credit.allocate('{10,-0.01}', '{20}');
SELECT * FROM credit.allocate('{10,NULL}', '{20}');
SELECT * FROM credit.allocate('{10}', '{NULL}');
SELECT * FROM credit.allocate('{NaN}', '{20}');
SELECT * FROM credit.allocate('{10}', '{20,Infinity}');
SELECT * FROM credit.allocate('{10}', '{20,-Infinity}');
SELECT * FROM credit.allocate('{1e40}', '{20}');
SELECT * FROM credit.allocate(NULL, '{20}');
SELECT * FROM credit.allocate('{20}', NULL);
SELECT * FROM credit.allocate('{20}', '{20}', method => NULL);
SELECT * FROM credit.allocate('{20}', '{20}', minor_unit => NULL);
SELECT * FROM credit.allocate('{{10,20},{30,40}}', '{20}');
SELECT * FROM credit.allocate('{10}', '{{10,20}}');
SELECT * FROM credit.allocate('{10}', '{20}', '{{2026-01-01}}');
SELECT * FROM credit.allocate('{10}', '{20,30}', '{2026-01-01}');
SELECT * FROM credit.allocate('{10}', '{20}', '{2026-01-01,2026-01-01}');
SELECT * FROM credit.allocate('{10}', '{20,30}', '{2026-01-01,infinity}');
SELECT * FROM credit.allocate('{10}', '{20,30}', '{-infinity,2026-01-01}');
SELECT * FROM credit.allocate('{}', '{}', method => 'fifo');
SELECT * FROM credit.allocate('{10}', '{20}', minor_unit => -1);
SELECT * FROM credit.allocate('{10}', '{20}', minor_unit => 19);

-- And have these codes.
CREATE FUNCTION pg_temp.code_of(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT count(*) FROM credit.allocate(' || call || ')';
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT call, pg_temp.code_of(call) FROM (VALUES
	($$'{1.005}', '{1}'$$),
	($$'{1}', '{NaN}'$$),
	($$'{1}', '{Infinity}'$$),
	($$'{1}', '{1e38}', NULL, 'pro_rata', 2$$),
	($$'{0}', '{1}'$$),
	($$'{1}', '{NULL}'$$),
	($$NULL, '{1}'$$),
	($$'{{1}}', '{1}'$$),
	($$'{1}', '{1}', '{}'$$),
	($$'{1}', '{1}', '{infinity}'$$),
	($$'{1}', '{1}', NULL, 'OLDEST_FIRST'$$),
	($$'{1}', '{1}', NULL, 'pro_rata', 20$$)) AS c(call);

SELECT proname, provolatile, proisstrict, proparallel, obj_description(oid) IS NOT NULL AS commented
FROM pg_proc WHERE oid = 'credit.allocate(numeric[],numeric[],date[],text,integer)'::regprocedure;
