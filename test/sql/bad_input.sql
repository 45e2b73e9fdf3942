-- Bad input: every answer says what is wrong, with whom, in figures, and what to do; and nothing is changed by it.
\set SHOW_CONTEXT never
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar, other, shop CASCADE;
DROP ROLE IF EXISTS bad_input_clerk;
SELECT credit.create_ledger('ar', 'USD'), credit.create_ledger('other', 'EUR');
\pset format unaligned
\pset tuples_only on

-- What a statement is answered: its SQLSTATE and message, detail and hint.
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	-- What should not have been is undone, so that the next case finds what the first one found.
	RAISE 'NOT REFUSED' USING ERRCODE = 'P9999';
EXCEPTION WHEN SQLSTATE 'P9999' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	-- The rest of a failing row is times and key values.
	detail := regexp_replace(detail, '(Failing row contains) .*', '\1 ...');
	RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || SQLERRM, 'detail: ' || NULLIF(detail, ''), 'hint: ' || NULLIF(hint, ''));
END $$;

SELECT ar.add_customer('Acme', 1), ar.add_customer('Borealis', 2), ar.add_customer('Cygnus', 3);
SELECT ar.set_credit_limit(c, 1000) FROM generate_series(1, 3) c;
-- Documents and items 1 to 7
DO $$ BEGIN
	PERFORM ar.post_invoice(1, 'I-1', '2025-01-10', 100, '2025-02-09');
	PERFORM ar.post_payment(1, 'P-1', '2025-01-15', 50);
	PERFORM ar.post_credit_note(1, 'K-1', '2025-01-15', 20);
	PERFORM ar.post_invoice(1, 'I-2', '2025-01-10', 30, '2025-02-09');
	PERFORM ar.post_invoice(2, 'I-1', '2025-01-10', 40, '2025-02-09');
	PERFORM ar.post_invoice(3, 'I-1', '2025-01-10', 40, '2025-02-09');
	PERFORM ar.post_payment(3, 'P-1', '2025-01-15', 50, 'EUR', p_fx_rate => 1.10);
	PERFORM ar.allocate(1, 2, 1, 10, '2025-01-20');
	PERFORM ar.reverse_allocation(1, 1, '2025-01-25');
	PERFORM ar.release_hold(1, ar.place_hold(1, 'late'), 'paid');
END $$;
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id bigint, total numeric, status text, currency text);
INSERT INTO shop.orders VALUES (1, 1, 100, 'open');
SELECT ar.watch_orders('shop.orders', 'customer_id', 'total', 'id', currency => 'currency');

-- Everything there is, as one value.
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	rel regclass;
	rows text;
	state text := '';
BEGIN
	FOR rel IN SELECT oid FROM pg_class WHERE relkind = 'r' AND (relnamespace = 'ar'::regnamespace OR oid = 'shop.orders'::regclass) ORDER BY relname LOOP
		EXECUTE format('SELECT md5(string_agg(t::text, E''\n'' ORDER BY t::text)) FROM %s t', rel) INTO rows;
		state := state || rel || COALESCE(rows, 'empty') || E'\n';
	END LOOP;
	RETURN state || (SELECT string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_');
END $$;
SELECT pg_temp.state() AS state \gset

-- Ledgers
SELECT pg_temp.try($$SELECT credit.create_ledger(NULL)$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('')$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('ar')$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('credit')$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('pg_x')$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl')$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('ümlaute-zählen-zwei-bytes-ümlaute-zählen-zwei-bytes-ümlaute-zäh')$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('l', 'usd')$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('l', 'XXX')$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('l', NULL)$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('l', 'USD', NULL)$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('l', 'USD', '30,0')$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('l', 'USD', time_zone => 'Mars/Olympus_Mons')$$);
SELECT pg_temp.try($$SELECT credit.create_ledger('l', 'USD', time_zone => '')$$);
SELECT pg_temp.try($$SELECT credit.upgrade_ledger(NULL)$$);
SELECT pg_temp.try($$SELECT credit.upgrade_ledger('nowhere')$$);
SELECT pg_temp.try($$SELECT credit.upgrade_ledger('shop')$$);
SELECT pg_temp.try($$SELECT * FROM credit.check_ledger(NULL)$$);
SELECT pg_temp.try($$SELECT * FROM credit.check_ledger('nowhere')$$);
SELECT pg_temp.try($$SELECT credit.schedule_ledger(NULL)$$);
SELECT pg_temp.try($$SELECT credit.schedule_ledger('nowhere')$$);
SELECT pg_temp.try($$SELECT credit.schedule_ledger('ar', NULL)$$);
SELECT pg_temp.try($$SELECT credit.unschedule_ledger(NULL)$$);
SELECT pg_temp.try($$SELECT credit.run_template('nowhere', 'tables')$$);
SELECT pg_temp.try($$SELECT ar.grant_access(NULL, 'reader')$$);
SELECT pg_temp.try($$SELECT ar.grant_access('nobody at all', 'reader')$$);
SELECT pg_temp.try($$SELECT ar.grant_access(current_user, 'everything')$$);
SELECT pg_temp.try($$SELECT ar.grant_access(current_user, NULL)$$);
SELECT pg_temp.state() = :'state' AS unchanged;
-- A name that needs quoting is no bad input.
SELECT credit.create_ledger('Büro "1"', 'KWD', '-7,0');
SELECT "Büro ""1""".add_customer('Acme', 1), "Büro ""1""".post_invoice(1, 'I-1', '2025-01-01', 1.005, '2025-01-31');
SELECT total, past_due, days_over_0 FROM "Büro ""1""".aging_summary;
SELECT count(*) FROM credit.check_ledger('Büro "1"');
SELECT count(*) FROM "Büro ""1""".verify_ledger();
CREATE TABLE shop."Bestellung" ("Nr" text, "Kunde" bigint, "Wert" numeric, "Stand" text);
SELECT "Büro ""1""".watch_orders('shop."Bestellung"', 'Kunde', 'Wert', 'Nr', '"Stand" <> ''x''', 'hold', 'Stand', 'o', 'h');
INSERT INTO shop."Bestellung" VALUES ('1', 1, 1, NULL) RETURNING "Stand";
SELECT "Büro ""1""".set_credit_limit(1, 1.005), "Büro ""1""".check_credit(1, 0.001) IS NOT NULL;
SELECT credit.upgrade_ledger('Büro "1"');
SELECT "Büro ""1""".unwatch_orders('shop."Bestellung"');
DROP SCHEMA "Büro ""1""" CASCADE;

-- Aging buckets and values
SELECT pg_temp.try($$SELECT '30,0'::credit.aging_buckets$$);
SELECT pg_temp.try($$SELECT '0,30,30'::credit.aging_buckets$$);
SELECT pg_temp.try($$SELECT ''::credit.aging_buckets$$);
SELECT pg_temp.try($$SELECT '0,,30'::credit.aging_buckets$$);
SELECT pg_temp.try($$SELECT '0,99999999999'::credit.aging_buckets$$);
SELECT pg_temp.try($$SELECT array_to_string(array(SELECT generate_series(1, 33)), ',')::credit.aging_buckets$$);
SELECT pg_temp.try($$SELECT '{0,NULL}'::integer[]::credit.aging_buckets$$);
SELECT pg_temp.try($$SELECT credit.aging(1, '2025-01-01', '2025-02-01', '0,30') OPERATOR(credit.+) credit.aging(1, '2025-01-01', '2025-02-01', '0,60')$$);
SELECT pg_temp.try($$SELECT credit.merge(a) FROM (SELECT credit.aging(1, '2025-01-01', '2025-02-01', b::credit.aging_buckets) FROM unnest('{"0","0,30"}'::text[]) b GROUP BY b) v (a)$$);
SELECT pg_temp.try($$SELECT credit.aging('NaN', '2025-01-01', '2025-02-01')$$);
SELECT pg_temp.try($$SELECT credit.aging(1, 'infinity', '2025-02-01')$$);
SELECT pg_temp.try($$SELECT credit.aging(1, '2025-01-01', NULL)$$);
SELECT pg_temp.try($$SELECT credit.aging(1, '2025-01-01', '-infinity')$$);
SELECT pg_temp.try($$SELECT * FROM ar.aging_at(NULL)$$);
SELECT pg_temp.try($$SELECT * FROM ar.aging_at('infinity')$$);
SELECT pg_temp.try($$SELECT * FROM ar.aging_at('-infinity')$$);
SELECT pg_temp.try($$SELECT * FROM ar.aging_at('2025-02-30')$$);
SELECT pg_temp.try($$SELECT * FROM ar.aging_at('2025-02-01', 'posting_date')$$);
SELECT pg_temp.try($$SELECT * FROM ar.aging_at('2025-02-01', 'due_date; DROP TABLE ar.item')$$);
SELECT pg_temp.try($$SELECT * FROM ar.aging_at('2025-02-01', NULL)$$);

-- Payment terms
SELECT pg_temp.try($$SELECT '2/10 nett 30'::credit.payment_terms$$);
SELECT pg_temp.try($$SELECT '2/10 net 30 EOM'::credit.payment_terms$$);
SELECT pg_temp.try($$SELECT '101/10 net 30'::credit.payment_terms$$);
SELECT pg_temp.try($$SELECT '1/3 30, 1/3 60'::credit.payment_terms$$);
SELECT pg_temp.try($$SELECT credit.due_date('net 30', 'infinity')$$);
SELECT pg_temp.try($$SELECT credit.due_date('net 30', '5874897-12-31')$$);
SELECT pg_temp.try($$SELECT credit.discount('2/10 net 30', '2025-01-01', '2025-01-02', 'NaN')$$);
SELECT pg_temp.try($$SELECT credit.discount('2/10 net 30', '2025-01-01', '2025-01-02', 1, basis => 'gross')$$);
SELECT pg_temp.try($$SELECT credit.instalments('net 30', '2025-01-01', 0.001)$$);
SELECT pg_temp.try($$SELECT credit.discount_cost('2/10 net 30', 'simple')$$);

-- Bank files
SELECT pg_temp.try($$SELECT * FROM credit.read_bai2('')$$);
SELECT pg_temp.try($$SELECT * FROM credit.read_bai2(E'01,B,US,250131,0800,1,,,2/\n02,US,B,1,250130,,,/\n03,A,,010,5,,/\n49,6,2/')$$);
SELECT pg_temp.try($$SELECT * FROM credit.read_x12_820('ISA')$$);
SELECT pg_temp.try($$SELECT * FROM credit.read_remittance_csv(E'invoice,amount\nA,1.2.3')$$);
SELECT pg_temp.try($$SELECT * FROM credit.read_remittance_csv(E'invoice,amount\nA,1', currency => 'usd')$$);
SELECT pg_temp.try($$SELECT * FROM credit.read_remittance_csv(E'invoice,amount\nA,1', delimiter => '.')$$);
SELECT pg_temp.try($$SELECT * FROM credit.read_remittance_csv(E'invoice,amount\nA,1', decimal_mark => '')$$);
SELECT pg_temp.try($$SELECT * FROM credit.read_remittance_csv(E'invoice,amount\nA,1', total => 'NaN')$$);
SELECT pg_temp.try($$SELECT * FROM credit.read_camt053('<Document/>')$$);
SELECT pg_temp.try($$SELECT * FROM credit.read_camt054('<BkToCstmrDbtCdtNtfctn><Ntfctn><Ntry><Amt Ccy="USD">1</Amt></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn>')$$);
-- Scorecards
SELECT pg_temp.try($$SELECT 'a: <1 => 1, <1 => 2, else 3'::credit.scorecard$$);
SELECT pg_temp.try($$SELECT 'a: <1 => 1'::credit.scorecard$$);
SELECT pg_temp.try($$SELECT 'base 600 odds 50 pdo 0; a: else 1'::credit.scorecard$$);
SELECT pg_temp.try($$SELECT credit.score('a: <1 => 1, else 2', '{}'::jsonb)$$);
SELECT pg_temp.try($$SELECT credit.score('a: <1 => 1, else 2', '{"a": 1, "b": 2}'::jsonb, strict => true)$$);
SELECT pg_temp.try($$SELECT credit.score_points('a: ''x'' => 1', '{"a": "y"}'::jsonb)$$);
SELECT pg_temp.try($$SELECT credit.score_values('a: <1 => 1, else 2', NULL)$$);
SELECT pg_temp.try($$SELECT credit.score_values('a: <1 => 1, else 2', 'NaN'::numeric)$$);
SELECT pg_temp.try($$SELECT credit.scorecard_from_woe('{a}', '{<1}', '{1}', '{1}', 0, 600, 50, 20)$$);
SELECT pg_temp.try($$SELECT credit.woe(0, 5, 100, 100, 0)$$);

-- Customers
SELECT pg_temp.try($$SELECT ar.add_customer(NULL)$$);
SELECT pg_temp.try($$SELECT ar.add_customer('')$$);
SELECT pg_temp.try($$SELECT ar.add_customer('Again', 1)$$);
SELECT pg_temp.try($$INSERT INTO ar.customer (customer_id, name) VALUES (NULL, 'Nobody')$$);
SELECT pg_temp.state() = :'state' AS unchanged;

-- Documents
SELECT pg_temp.try($$SELECT ar.post_invoice(9, 'X', '2025-01-01', 1, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'I-1', '2025-01-01', 1, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 0, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_credit_note(1, 'X', '2025-01-01', -1)$$);
SELECT pg_temp.try($$SELECT ar.post_payment(1, 'X', '2025-01-01', 'NaN')$$);
SELECT pg_temp.try($$SELECT ar.post_payment(1, 'X', '2025-01-01', 'Infinity')$$);
SELECT pg_temp.try($$SELECT ar.post_payment(1, 'X', '2025-01-01', '-Infinity')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 0.001, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 0.5, '2025-01-31', 'JPY')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1e-60, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1e18, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 123456789012345678901234567890123456789, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1e1000, '2025-01-31')$$) ~ '^22003 amount of invoice X of customer 1 is out of range' AS as_expected;
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1, '2025-01-31', 'XXX')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1, '2025-01-31', 'usd')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1, '2025-01-31', '')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1)$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1, '2024-12-31')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', 'infinity', 1, 'infinity')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1, 'infinity')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1, '2025-01-31', p_posting_date => '-infinity')$$);
SELECT pg_temp.try($$SELECT ar.post_payment(1, 'X', '-infinity', 1)$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, '', '2025-01-01', 1, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_document('gift', 1, 'X', '2025-01-01', 1, '2025-01-31', NULL, NULL, NULL)$$);
SELECT pg_temp.try($$SELECT ar.post_document('Invoice', 1, 'X', '2025-01-01', 1, '2025-01-31', NULL, NULL, NULL)$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(NULL, 'X', '2025-01-01', 1, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, NULL, '2025-01-01', 1, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', NULL, 1, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_invoice(1, 'X', '2025-01-01', NULL, '2025-01-31')$$);
SELECT pg_temp.try($$SELECT ar.post_document(NULL, 1, 'X', '2025-01-01', 1, '2025-01-31', NULL, NULL, NULL)$$);
SELECT pg_temp.try($$INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount) VALUES (2, 'invoice', 'X', '2025-01-01', '2025-01-31', 5), (2, 'invoice', 'X', '2025-01-01', '2025-01-31', 5)$$);
SELECT pg_temp.try($$INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount) VALUES (2, 'invoice', 'X', '2025-01-01', '2025-01-31', 5), (9, 'invoice', 'X', '2025-01-01', '2025-01-31', 5)$$);
-- COPY is answered the same.
\set VERBOSITY terse
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM stdin;
2	invoice	X	2025-01-01	2025-01-31	5
2	invoice	Y	2025-01-01	2025-01-31	NaN
\.
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM stdin;
2	invoice	X	2025-01-01	2025-01-31	5
9	invoice	Y	2025-01-01	2025-01-31	5
\.
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM stdin;
2	invoice	X	2025-01-01	2025-01-31	5
2	invoice	Y	2025-01-01	infinity	5
\.
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM stdin;
2	invoice	X	2025-01-01	2025-01-31	100000000000000000000000000000000000000000
\.
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM stdin;
2	invoice	X	2025-01-01	2025-01-31	-Infinity
\.
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM stdin;
2	invoice	I-1	2025-01-01	2025-01-31	5
\.
SELECT pg_temp.state() = :'state' AS unchanged;

-- Allocations
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, 50.01, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 4, 30.01, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 4, 1, 1, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 3, 1, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 1, 1, 1, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(3, 7, 6, 1, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 5, 1, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(2, 2, 5, 1, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 99, 1, 1, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(9, 2, 1, 1, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, 0, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, -1, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, 0.001, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, 'NaN', '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, 'Infinity', '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, 123456789012345678901234567890123456789, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, 1, '2025-01-14')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, 1, '2025-01-24')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, 1, 'infinity')$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, 1, '-infinity')$$);
SELECT pg_temp.try($$SELECT ar.allocate(NULL, 2, 1, 1)$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, NULL, 1, 1)$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, NULL, 1)$$);
SELECT pg_temp.try($$SELECT ar.allocate(1, 2, 1, NULL)$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(1, 1)$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(1, 99)$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(2, 2)$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(9, 2)$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(1, 2, 'by_magic')$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(3, 7, 'by_magic')$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(1, 2, NULL)$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(1, 2, p_applied_on => '2025-01-14')$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(1, 2, p_applied_on => 'infinity')$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(3, 7, p_applied_on => 'infinity')$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(1, 2, p_applied_on => '-infinity')$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(NULL, 2)$$);
SELECT pg_temp.try($$SELECT ar.apply_payment(1, NULL)$$);
SELECT pg_temp.try($$SELECT ar.reverse_allocation(1, 1)$$);
SELECT pg_temp.try($$SELECT ar.reverse_allocation(1, 2)$$);
SELECT pg_temp.try($$SELECT ar.reverse_allocation(1, 99)$$);
SELECT pg_temp.try($$SELECT ar.reverse_allocation(2, 1)$$);
SELECT pg_temp.try($$SELECT ar.reverse_allocation(NULL, 1)$$);
SELECT pg_temp.try($$SELECT ar.reverse_allocation(1, NULL)$$);
BEGIN;
INSERT INTO ar.allocation (customer_id, allocation_id, credit_item_id, debit_item_id, amount, applied_on) VALUES (1, 1000, 2, 1, 10, '2025-02-02');
SELECT pg_temp.try($$SELECT ar.reverse_allocation(1, 1000, '2025-02-01')$$);
SELECT pg_temp.try($$SELECT ar.reverse_allocation(1, 1000, 'infinity')$$);
ROLLBACK;
\set VERBOSITY terse
COPY ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on) FROM stdin;
1	2	1	1	2025-02-01
1	2	1	NaN	2025-02-01
\.
COPY ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on) FROM stdin;
1	2	1	1	2025-02-01
1	2	5	1	2025-02-01
\.
COPY ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on) FROM stdin;
1	2	1	49	2025-02-01
1	2	4	2	2025-02-01
\.
SELECT pg_temp.state() = :'state' AS unchanged;

-- Limits and holds
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, -0.01)$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, 'NaN')$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, 'Infinity')$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, '-Infinity')$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, NULL)$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, 0.001)$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, 1e18)$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, 123456789012345678901234567890123456789)$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(9, 1)$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(NULL, 1)$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, 1, '-infinity')$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, 1, '2025-01-01', 'infinity')$$);
SELECT pg_temp.try($$SELECT ar.set_credit_limit(1, 1, '2025-01-02', '2025-01-01')$$);
SELECT pg_temp.try($$SELECT ar.place_hold(1, NULL)$$);
SELECT pg_temp.try($$SELECT ar.place_hold(1, '')$$);
SELECT pg_temp.try($$SELECT ar.place_hold(1, '  ')$$);
SELECT pg_temp.try($$SELECT ar.place_hold(9, 'late')$$);
SELECT pg_temp.try($$SELECT ar.place_hold(NULL, 'late')$$);
SELECT pg_temp.try($$SELECT ar.release_hold(1, 1, 'again')$$);
SELECT pg_temp.try($$SELECT ar.release_hold(1, 99, 'paid')$$);
SELECT pg_temp.try($$SELECT ar.release_hold(2, 1, 'paid')$$);
SELECT pg_temp.try($$SELECT ar.release_hold(9, 1, 'paid')$$);
SELECT pg_temp.try($$SELECT ar.release_hold(1, 1, NULL)$$);
SELECT pg_temp.try($$SELECT ar.release_hold(1, 1, '')$$);
SELECT pg_temp.try($$SELECT ar.release_hold(1, NULL, 'paid')$$);
SELECT pg_temp.try($$SELECT ar.release_hold(NULL, 1, 'paid')$$);
SELECT pg_temp.try($$SELECT ar.place_hold(1, 'late', 'mood')$$);
SELECT pg_temp.try($$SELECT ar.place_hold(1, 'late', NULL)$$);
SELECT pg_temp.try($$SELECT ar.place_hold(1, 'late', p_scope => 'half')$$);
SELECT pg_temp.try($$SELECT ar.place_hold(1, 'late', p_scope => NULL)$$);
SELECT pg_temp.try($$SELECT ar.release_hold(1, ar.place_hold(1, 'late', p_forced => NULL, p_automatic => NULL), 'paid')$$);
SELECT replace(pg_temp.try($$SELECT ar.place_hold(1, 'late', p_expires_on => '2020-01-31')$$), ar.ledger_today()::text, 'today');
SELECT replace(pg_temp.try($$SELECT ar.place_hold(1, 'late', p_expires_on => 'infinity')$$), ar.ledger_today()::text, 'today');
SELECT pg_temp.try($$SELECT ar.place_hold(1, 'late', p_expires_on => '2999-01-31', p_forced => true)$$);
SELECT pg_temp.try($$SELECT ar.release_legal_hold(1, 1, 'again')$$);
SELECT pg_temp.try($$SELECT ar.release_legal_hold(NULL, 1, 'x')$$);
SELECT pg_temp.try($$SELECT ar.release_legal_hold(1, NULL, 'x')$$);
SELECT pg_temp.try($$SELECT ar.release_hold(1, ar.place_hold(1, 'sued', 'legal'), 'x')$$);
SELECT pg_temp.try($$SELECT ar.reevaluate_customer(9)$$);
SELECT pg_temp.try($$SELECT ar.reevaluate_customer(NULL)$$);
SELECT pg_temp.try($$CALL ar.reevaluate_holds(9)$$);
SELECT pg_temp.try($$CALL ar.reevaluate_holds(NULL, NULL)$$);
SELECT ar.customers_to_reevaluate(NULL), ar.held_orders(9), ar.may_release(NULL), ar.looked_at(NULL, NULL), ar.changed_customers(NULL, NULL),
	ar.orders_on_hold(NULL), ar.orders_to_release(NULL, NULL), ar.lock_free_customers(NULL);
SELECT pg_temp.try($$SELECT ar.hold_figures(NULL)$$);
SELECT ar.release_ended_holds(NULL), ar.reevaluate_batch(NULL), ar.reevaluate_locked(NULL, NULL);
SELECT pg_temp.try($$SELECT ar.release_ended_holds('{9}')$$);
SELECT pg_temp.try($$SELECT * FROM ar.explain_credit(NULL)$$);
SELECT pg_temp.try($$SELECT * FROM ar.explain_credit(9)$$);
SELECT pg_temp.try($$SELECT * FROM ar.explain_credit(NULL, 'B-1')$$);
SELECT pg_temp.try($$SELECT * FROM ar.explain_credit(1, 'no such order')$$);
SELECT pg_temp.try($$SELECT * FROM ar.explain_check(NULL, NULL, NULL, NULL, NULL, NULL)$$);
SELECT pg_temp.try($$SELECT * FROM ar.explain_check(1, NULL, 1, 'XXX', NULL, NULL)$$);
SELECT pg_temp.try($$SELECT * FROM ar.explain_check(1, NULL, 'NaN', NULL, NULL, NULL)$$);
SELECT pg_temp.try($$SELECT * FROM ar.explain_check(1, NULL, -1, NULL, NULL, NULL)$$);
SELECT ar.orders_to_explain(NULL, NULL), ar.amount_text(NULL, 'USD'), ar.payment_of(NULL, NULL), ar.oldest_items(NULL, NULL, NULL), ar.payment_text(NULL, NULL, NULL, NULL),
	ar.orders_beyond(NULL, NULL);
SELECT ar.amount_text(1, NULL) IS NULL AS no_currency;
SELECT pg_temp.try($$SELECT * FROM ar.simulate_policy('[{"kind": null}]')$$);
SELECT pg_temp.try($$SELECT * FROM ar.simulate_policy('[null]')$$);
SELECT pg_temp.try($$SELECT * FROM ar.simulate_policy('7')$$);
SELECT pg_temp.try($$SELECT * FROM ar.simulate_policy(p_late_days => NULL)$$);
SELECT pg_temp.try($$SELECT * FROM ar.simulate_policy_summary('[]', '2026-01-02', '2026-01-01')$$);
SELECT pg_temp.try($$SELECT * FROM ar.policy_rules(NULL)$$);
SELECT pg_temp.try($$SELECT * FROM ar.policy_part(NULL, NULL, NULL)$$);
SELECT pg_temp.try($$SELECT ar.refuse_policy(NULL, NULL, NULL)$$);
SELECT count(*) FROM ar.order_fates(NULL, NULL) f, ar.order_decisions(NULL, NULL) d, ar.simulate_policy(NULL, NULL, NULL) s WHERE false;
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(1, 1, p_purpose => 'mail')$$);
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(1, 1, p_purpose => NULL)$$);
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(9, 1)$$);
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(NULL, 1)$$);
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(1, NULL)$$);
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(1, -1)$$);
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(1, 'NaN')$$);
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(1, 0.001)$$);
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(1, 1e18)$$);
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(1, 123456789012345678901234567890123456789, p_record => true)$$);
SELECT replace(pg_temp.try($$SELECT * FROM ar.check_credit(1, 1, 'EUR')$$), current_date::text, 'today');
SELECT pg_temp.try($$SELECT * FROM ar.check_credit(1, 1, 'XXX')$$);
SELECT replace(pg_temp.try($$SELECT * FROM ar.check_credit(3, 1)$$), current_date::text, 'today');
SELECT pg_temp.try($$SELECT * FROM credit.check_order(NULL, 1, 1, NULL, false)$$);
SELECT pg_temp.try($$SELECT * FROM credit.check_order('nowhere', 1, 1, NULL, false)$$);
SELECT pg_temp.state() = :'state' AS unchanged;

-- Orders
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, NULL, 1)$$);
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, 9, 1)$$);
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, 1, NULL)$$);
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, 1, -1)$$);
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, 1, 0.001)$$);
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, 1, 'NaN')$$);
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, 1, '-Infinity')$$);
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, 1, 1e18)$$);
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, 1, 123456789012345678901234567890123456789)$$);
SELECT replace(pg_temp.try($$INSERT INTO shop.orders VALUES (2, 1, 1, 'open', 'EUR')$$), current_date::text, 'today');
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, 1, 1, 'open', 'XXX')$$);
SELECT pg_temp.try($$INSERT INTO shop.orders VALUES (2, 1, 1), (3, 9, 1)$$);
SELECT pg_temp.try($$UPDATE shop.orders SET customer_id = NULL$$);
SELECT pg_temp.try($$UPDATE shop.orders SET customer_id = 9$$);
SELECT pg_temp.try($$UPDATE shop.orders SET total = NULL$$);
SELECT pg_temp.try($$UPDATE shop.orders SET total = -1$$);
SELECT replace(pg_temp.try($$UPDATE shop.orders SET currency = 'EUR'$$), current_date::text, 'today');
SELECT pg_temp.try($$TRUNCATE shop.orders$$);
\set VERBOSITY terse
COPY shop.orders (id, customer_id, total) FROM stdin;
2	1	1
3	9	1
\.
COPY shop.orders (id, customer_id, total) FROM stdin;
2	1	1
3	1	NaN
\.
COPY shop.orders (id, customer_id, total) FROM stdin;
2	\N	1
\.
SELECT pg_temp.state() = :'state' AS unchanged;

-- Watching: what is no table of orders
CREATE VIEW shop.a_view AS TABLE shop.orders;
CREATE MATERIALIZED VIEW shop.a_matview AS TABLE shop.orders;
CREATE FOREIGN DATA WRAPPER bad_input;
CREATE SERVER bad_input FOREIGN DATA WRAPPER bad_input;
CREATE FOREIGN TABLE shop.a_foreign_table (id integer, customer_id bigint, total numeric) SERVER bad_input;
CREATE TABLE shop.parts (id integer, customer_id bigint, total numeric, status text) PARTITION BY LIST (status);
CREATE TABLE shop.a_part PARTITION OF shop.parts DEFAULT;
CREATE TABLE shop.parent (id integer, customer_id bigint, total numeric);
CREATE TABLE shop.child () INHERITS (shop.parent);
CREATE TEMP TABLE a_temp_table (id integer, customer_id bigint, total numeric);
CREATE DOMAIN shop.customer_no AS bigint;
CREATE TYPE shop.state AS ENUM ('open', 'held');
CREATE TABLE shop.other (id integer, customer_id bigint, total numeric, status text, doubled numeric GENERATED ALWAYS AS (total * 2) STORED,
	real_total real, cash money, no shop.customer_no, short varchar(3), state shop.state, note text);
SELECT pg_temp.try($$SELECT ar.watch_orders(NULL, 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders(0::oid::regclass, 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.nowhere', 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.a_view', 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.a_matview', 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.a_foreign_table', 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.a_part', 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.parent', 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('a_temp_table', 'customer_id', 'total', 'id')$$) ~ '^42809 "a_temp_table" is not a table orders can be watched in' AS as_expected;
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.orders_pkey', 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('ar.document', 'customer_id', 'amount', 'document_id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('pg_class', 'relpages', 'relpages', 'relname')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.orders', 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT other.watch_orders('shop.orders', 'customer_id', 'total', 'id')$$);
-- ... its columns
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'Total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'ctid')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', currency => 'code')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'status', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'no', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'real_total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'cash', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'status', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', currency => 'total')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', NULL, 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', NULL, 'id')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', NULL)$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', record_decisions => NULL)$$);
-- ... its condition
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', NULL)$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', '')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'status')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'state_of_mind = 1')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'now() > ''2025-01-01''')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'random() < 0.5')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'status::date > ''2025-01-01''')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'EXISTS (SELECT FROM shop.orders)')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'count(*) > 1')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'row_number() OVER () > 1')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'generate_series(1, 2) > 1')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'true), (false')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'true); DROP TABLE shop.orders; SELECT (true')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'true) FROM shop.orders WHERE (true')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'true) UNION SELECT (true')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'true --')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', '$1 = 1')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'ctid = ''(0,1)''')$$);
-- ... its mode
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', mode => NULL)$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', mode => 'warn')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', mode => 'hold')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', mode => 'hold', status_column => 'status', open_value => 'open')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', status_column => 'status', open_value => 'open', hold_value => 'held')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', mode => 'hold', status_column => 'status', open_value => 'x', hold_value => 'x')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', mode => 'hold', status_column => 'nowhere', open_value => 'open', hold_value => 'held')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', mode => 'hold', status_column => 'total', open_value => 'open', hold_value => 'held')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', mode => 'hold', status_column => 'short', open_value => 'new', hold_value => 'held')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', mode => 'hold', status_column => 'state', open_value => 'new', hold_value => 'held')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'doubled', 'id', mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'held')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', 'doubled > 1', 'hold', 'status', 'open', 'held')$$);
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.parts', 'customer_id', 'total', 'id', mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'held')$$);
-- ... its orders
CREATE FUNCTION pg_temp.try_with(orders text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE 'INSERT INTO shop.other (id, customer_id, total, note) VALUES ' || orders;
	answer := pg_temp.try($q$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id', currency => 'note')$q$);
	TRUNCATE shop.other;
	RETURN answer;
END $$;
SELECT pg_temp.try_with('(1, 1, 10, NULL), (2, 9, 10, NULL)');
SELECT pg_temp.try_with('(1, NULL, 10, NULL)');
SELECT pg_temp.try_with('(1, 1, NULL, NULL)');
SELECT pg_temp.try_with('(1, 1, -5, NULL)');
SELECT pg_temp.try_with('(1, 1, 1.005, NULL), (2, 1, 1.005, NULL)');
SELECT pg_temp.try_with($$(1, 1, 'NaN', NULL)$$);
SELECT pg_temp.try_with($$(1, 1, 'Infinity', NULL)$$);
SELECT pg_temp.try_with('(1, 1, 123456789012345678901234567890123456789, NULL)');
SELECT pg_temp.try_with($$(1, 1, 5, 'EUR')$$);
SELECT pg_temp.try_with($$(NULL, 1, -5, 'USD')$$);
-- ... and whose it is
CREATE ROLE bad_input_clerk;
GRANT USAGE ON SCHEMA ar, shop TO bad_input_clerk;
SET ROLE bad_input_clerk;
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.add_customer('Mine')$$);
SELECT pg_temp.try($$SELECT * FROM ar.exposure$$);
SELECT pg_temp.try($$INSERT INTO ar.document (customer_id, kind, number, doc_date, amount) VALUES (1, 'payment', 'X', '2025-01-01', 1)$$);
RESET ROLE;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ar TO bad_input_clerk;
SET ROLE bad_input_clerk;
SELECT pg_temp.try($$SELECT ar.watch_orders('shop.other', 'customer_id', 'total', 'id')$$);
SELECT pg_temp.try($$SELECT ar.unwatch_orders('shop.orders')$$);
RESET ROLE;
-- Unwatching what is not watched
SELECT pg_temp.try($$SELECT ar.unwatch_orders(NULL)$$);
SELECT pg_temp.try($$SELECT ar.unwatch_orders('')$$) ~ '^42(602|704) ' AS as_expected;
SELECT pg_temp.try($$SELECT ar.unwatch_orders('shop.nowhere')$$);
SELECT pg_temp.try($$SELECT ar.unwatch_orders('shop.other')$$);
SELECT pg_temp.try($$SELECT ar.unwatch_orders('no "name')$$) ~ '^42(602|704) ' AS as_expected;
SELECT pg_temp.try($$SELECT other.unwatch_orders('shop.orders')$$);
SELECT pg_temp.try($$SELECT ar.watch_partitions(NULL)$$);
SELECT pg_temp.try($$SELECT ar.watch_partitions('shop.other')$$);
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgfoid = 'credit.enforce_hold'::regproc ORDER BY 1, 2;
SELECT pg_temp.state() = :'state' AS unchanged;

-- Trigger functions called by hand, or put where they do not belong
SELECT pg_temp.try($$SELECT credit.post_document()$$);
SELECT pg_temp.try($$CREATE TRIGGER t BEFORE UPDATE ON shop.other FOR EACH ROW EXECUTE FUNCTION credit.post_document(); INSERT INTO shop.other (id) VALUES (1); UPDATE shop.other SET id = 1$$);
SELECT pg_temp.try($$CREATE TRIGGER t AFTER INSERT ON shop.other FOR EACH ROW EXECUTE FUNCTION credit.post_document(); INSERT INTO shop.other (id) VALUES (1)$$);
SELECT pg_temp.try($$CREATE TRIGGER t AFTER INSERT ON shop.other FOR EACH ROW EXECUTE FUNCTION credit.post_allocation(); INSERT INTO shop.other (id) VALUES (1)$$);
SELECT pg_temp.try($$CREATE TRIGGER credit_control_gather AFTER INSERT ON shop.other FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('nowhere'); INSERT INTO shop.other (id) VALUES (1)$$);
SELECT pg_temp.try($$CREATE TRIGGER credit_control_gather AFTER INSERT ON shop.other FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('shop'); INSERT INTO shop.other (id) VALUES (1)$$);
SELECT pg_temp.try($$CREATE TRIGGER credit_control_gather AFTER INSERT ON shop.other FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('ar', 'other'); INSERT INTO shop.other (id) VALUES (1)$$);
SELECT pg_temp.try($$CREATE TRIGGER t AFTER INSERT ON shop.other FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('ar'); INSERT INTO shop.other (id) VALUES (1)$$);
SELECT pg_temp.try($$CREATE TRIGGER credit_control_gather BEFORE INSERT ON shop.other FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('ar'); INSERT INTO shop.other (id) VALUES (1)$$);
CREATE TRIGGER t AFTER INSERT ON shop.other FOR EACH ROW EXECUTE FUNCTION credit.post_customer();
INSERT INTO shop.other (id, customer_id) VALUES (1, 1);
DROP TRIGGER t ON shop.other;
SELECT pg_temp.state() = :'state' AS unchanged;

-- Every function of the kernel and of the ledger: each argument in turn NULL or a nasty value of its type while the
-- others are ordinary, and all of them NULL.
CREATE TEMP TABLE ordinary (type regtype PRIMARY KEY, value text);
INSERT INTO ordinary VALUES ('bigint', '1'), ('integer', '2'), ('smallint', '2'), ('numeric', '10'), ('double precision', '10'), ('boolean', 'false'), ('date', '2025-02-01'),
	('timestamptz', '2025-02-01'), ('time', '12:00'), ('text', 'USD'), ('name', 'ar'), ('regclass', 'shop.other'), ('bytea', '\x6172'), ('jsonb', '{}'),
	('numeric[]', '{10}'), ('date[]', '{2025-01-01}'), ('integer[]', '{0,30}'), ('text[]', '{USD}'), ('bigint[]', '{1}'), ('credit.aging_buckets', '0,30'),
	('credit.payment_terms', '2/10 net 30 ROG'), ('xml', '<a/>'), ('double precision[]', '{10,20,1,2}'),
	('credit.scorecard', 'base 600 odds 50 pdo 20; a: <1 => 1, else 2, null => 0; grades: A>=2, else B');
INSERT INTO ordinary SELECT 'credit.aging', credit.aging(1, '2025-01-01', '2025-01-31', '0,30')::text;
INSERT INTO ordinary SELECT 'ar.document', d::text FROM ar.document d WHERE d.number = 'K-1';
-- Receipts, advice and matches: one that is ordinary, and one of NULLs alone.
DO $$ BEGIN
	PERFORM ar.add_receipt('US1', 'S1', '1', '2025-02-01', 10, p_customer_id => 1, p_payer_name => 'Acme', p_remittance_text => 'I-2');
	PERFORM ar.load_remittance_csv('acme', 'T-1', E'invoice,amount paid\nI-2,10.00\n');
	PERFORM ar.apply_receipt('bad', b.bank_receipt_id) FROM ar.bank_receipt b, ar.start_cash_run('bad', true);
	PERFORM ar.set_cash_rules('strict', '{reference}', 2);
END $$;
SELECT pg_temp.state() AS state \gset
INSERT INTO ordinary SELECT 'ar.bank_receipt'::regtype, b::text FROM ar.bank_receipt b UNION ALL SELECT 'ar.remittance', r::text FROM ar.remittance r
	UNION ALL SELECT 'ar.cash_match', m::text FROM ar.cash_match m UNION ALL SELECT 'ar.cash_rule_set', s::text FROM ar.cash_rule_set s
	UNION ALL SELECT 'ar.cash_match[]', array_agg(m)::text FROM ar.cash_match m UNION ALL SELECT 'credit.bank_transaction[]', '{}';
INSERT INTO ordinary SELECT 'ar.limit_policy', p::text FROM ar.limit_policy p;
CREATE TEMP TABLE nasty (type regtype, value text);
INSERT INTO nasty
SELECT type::regtype, value FROM (VALUES
	('bigint', '{-1,0,9223372036854775807,-9223372036854775808}'::text[]),
	('integer', '{-1,0,2147483647,-2147483648}'),
	('smallint', '{-1,0,32767,-32768}'),
	('numeric', '{-1,0,NaN,Infinity,-Infinity,1e60,1e-60,170141183460469231731687303715884105727,170141183460469231731687303715884105728,
		0.00000000000000000000000000000000000001,99999999999999999.99}'),
	('double precision', '{-1,0,NaN,Infinity,-Infinity,1e308,1e-308}'),
	('boolean', '{true}'),
	('date', '{infinity,-infinity,4714-11-24 BC,5874897-12-31}'),
	('timestamptz', '{infinity,-infinity}'), ('time', '{24:00,00:00}'),
	('text', ARRAY['', ' ', '''"\;--%1$s%n', 'ü', repeat('x', 10000)]),
	('name', ARRAY['', ' ', '''"\;--%1$s%n', 'credit', 'shop']),
	('regclass', '{0,4294967295,ar.exposure,ar.aging_summary,shop.orders}'),
	('bytea', '{"\\x","\\x00ff"}'),
	('jsonb', '{"null","[1]","{\"a\":1}"}'),
	('numeric[]', '{"{}","{NULL}","{NaN}","{1e60}","{-1}","{{1,2},{3,4}}","[-1:0]={1,2}"}'),
	('date[]', '{"{}","{NULL}","{infinity}","{{2025-01-01,2025-01-02}}"}'),
	('integer[]', '{"{}","{NULL}","{30,0}","{{0},{30}}","[-1:0]={0,30}"}'),
	('bigint[]', '{"{}","{NULL}","{{0},{30}}"}'),
	('text[]', '{"{}","{NULL}","{{a},{b}}"}'),
	('credit.payment_terms', '{net 3660,net 120 months,net 31st prox + 119 months,COD,2/10 EOM,30% 0 70% EOM + 120 months,net 30 dating 02-29}'),
	('xml', '{"","text","<a/><b/>","<a","<BkToCstmrStmt><Stmt/></BkToCstmrStmt>"}'),
	('double precision[]', '{"{}","{NULL}","{1,2,3,NULL}","{{1,2},{3,4}}","{NaN,1,-Infinity,0}"}'),
	('credit.scorecard', ARRAY['a: else 1', 'decimals 6 start -999999999 base -999999999.999999 odds 0.000001 pdo 0.000001; a: <0 => 999999999, else -1', 'a: ''x'' => 1', 'a: else 1; b: else 2']),
	('credit.aging_buckets', '{"-2147483648,2147483647"}')) v (type, nasty), unnest(v.nasty) value;
INSERT INTO nasty SELECT 'credit.aging', credit.aging(0, NULL, '2025-01-31', '0', 0)::text;
INSERT INTO nasty SELECT 'ar.document', d::text FROM ar.document d;
INSERT INTO nasty SELECT attrelid::regclass::text::regtype, format('(%s)', repeat(',', count(*)::integer - 1)) FROM pg_attribute
WHERE attrelid IN ('ar.document'::regclass, 'ar.limit_policy'::regclass) AND attnum > 0 GROUP BY attrelid;

INSERT INTO nasty SELECT t.type, format('(%s)', repeat(',', (SELECT count(*) FROM pg_attribute WHERE attrelid = t.type::text::regclass AND attnum > 0)::integer - 1))
FROM unnest(ARRAY['ar.bank_receipt', 'ar.remittance', 'ar.cash_match', 'ar.cash_rule_set']::regtype[]) t (type);
INSERT INTO nasty VALUES ('credit.bank_transaction[]', '{NULL}'), ('ar.cash_match[]', '{}'), ('ar.cash_match[]', '{NULL}');

CREATE TEMP TABLE functions AS
SELECT p.oid, p.pronamespace::regnamespace AS schema, p.oid::regprocedure AS signature, p.pronargs - p.pronargdefaults AS required, p.pronargs AS n,
	p.prosecdef OR p.proname IN ('watch_orders', 'watch_partitions', 'unwatch_orders', 'grant_access') AS public, p.proargnames AS names, string_to_array(p.proargtypes::text, ' ')::oid[] AS types,
	COALESCE(obj_description(p.oid), '') AS comment,
	CASE p.prokind WHEN 'a' THEN format('SELECT %s.%I(%%s)', p.pronamespace::regnamespace, p.proname)
		ELSE format('SELECT * FROM %s.%I(%%s)', p.pronamespace::regnamespace, p.proname) END AS call
FROM pg_proc p
WHERE p.pronamespace IN ('ar'::regnamespace, 'credit'::regnamespace) AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype)
	AND NOT string_to_array(p.proargtypes::text, ' ')::oid[] && ARRAY['internal'::regtype, 'cstring'::regtype, 'record'::regtype, '"any"'::regtype]::oid[];
SELECT signature, t.type::regtype AS no_value_for FROM functions, unnest(types) t (type)
WHERE NOT EXISTS (SELECT FROM ordinary o WHERE o.type = t.type) OR NOT EXISTS (SELECT FROM nasty n WHERE n.type = t.type);

CREATE TEMP TABLE answers (signature regprocedure, argument integer, value text, state text, message text);
DO $$
DECLARE
	try record;
BEGIN
	FOR try IN
		SELECT f.signature, change.argument, change.value, format(f.call, args.text) AS statement
		FROM functions f,
			LATERAL (SELECT argument, NULL AS value FROM generate_series(0, f.n) argument
				UNION ALL
				SELECT t.argument, n.value FROM unnest(f.types) WITH ORDINALITY t (type, argument) JOIN nasty n ON n.type = t.type) change,
			-- Argument 0 stands for all of them.
			LATERAL (SELECT string_agg(format('%L::%s', CASE WHEN change.argument IN (0, t.argument) THEN change.value ELSE o.value END, t.type::regtype), ', '
					ORDER BY t.argument) AS text
				FROM unnest(f.types) WITH ORDINALITY t (type, argument) JOIN ordinary o ON o.type = t.type) args
	LOOP
		BEGIN
			EXECUTE try.statement;
			RAISE 'accepted' USING ERRCODE = 'P9999';
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO answers VALUES (try.signature, try.argument, try.value, SQLSTATE, SQLERRM);
		END;
	END LOOP;
END $$;
SELECT count(*) > 800 AS tried, count(DISTINCT signature) = (SELECT count(*) FROM functions) AS all_of_them FROM answers;
-- No answer is an internal error, or one about SQL that the caller never wrote.
SELECT DISTINCT signature, names[argument] AS argument, left(value, 40), state, left(message, 120) AS message
FROM answers JOIN functions USING (signature)
WHERE (state ~ '^(XX|P0002|P0003|22P02|42601|42804|42883|0A)' OR message ~ 'null values cannot be formatted')
	AND NOT (state !~ '^XX' AND (names && '{condition,open_when}' OR comment ~ 'Used by'))
ORDER BY 1, 2, 3;
-- A required argument of the ledger may be NULL only where NULL has a meaning, or gives NULL; helpers are not asked.
SELECT signature, names[argument] AS argument FROM answers JOIN functions f USING (signature) JOIN pg_proc p ON p.oid = f.oid
WHERE schema = 'ar'::regnamespace AND public AND NOT proisstrict AND argument BETWEEN 1 AND required AND value IS NULL AND state = 'P9999' ORDER BY 1, 2;
SELECT pg_temp.try($$SELECT credit.entry_digest('document', NULL)$$);
SELECT pg_temp.try($$SELECT credit.entry_digest('document', ROW(1, 2))$$);
SELECT pg_temp.try($$SELECT credit.entry_digest('nowhere', d) FROM ar.document d$$);
SELECT pg_temp.try($$SELECT credit.entry_digest(NULL, d) FROM ar.document d$$);
SELECT pg_temp.try($$SELECT credit.entry_digest('hold', d) FROM ar.document d$$);
SELECT pg_temp.state() = :'state' AS unchanged;

-- After all that the ledger is whole, and works.
SELECT * FROM ar.verify_ledger();
SELECT * FROM credit.check_ledger('ar');
SELECT ar.post_invoice(1, 'X', '2025-01-10', 1, '2025-02-09') IS NOT NULL, ar.apply_payment(1, 2, p_applied_on => '2025-02-01');
INSERT INTO shop.orders VALUES (2, 1, 5, 'open', NULL);
SELECT trim_scale(receivable), trim_scale(unapplied), trim_scale(ordered) FROM ar.exposure WHERE customer_id = 1;
SELECT * FROM ar.verify_ledger();

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
DROP SCHEMA other CASCADE;
DROP SCHEMA shop CASCADE;
DROP FOREIGN DATA WRAPPER bad_input CASCADE;
DROP ROLE bad_input_clerk;
