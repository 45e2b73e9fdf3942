-- cash_many.sql: a customer with 10,000 open items: each receipt comes to a clear end, in bounded time.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'Etc/UTC';
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('many', 'USD', time_zone => 'Etc/UTC') \g /dev/null
SET search_path = many, public;
SELECT add_customer('Wholesale', 1) \g /dev/null
INSERT INTO document (customer_id, kind, number, doc_date, amount, terms)
SELECT 1, 'invoice', 'INV-' || 100000 + n, date '2026-01-01' + n % 20, 100 + n * 0.01, '2/10 net 30' FROM generate_series(1, 10000) n;
INSERT INTO document (customer_id, kind, number, doc_date, amount) SELECT 1, 'credit_note', 'CN-' || 200000 + n, '2026-01-25', 5 FROM generate_series(1, 10) n;
SELECT sum(open_amount) AS total FROM item \gset
SELECT add_receipt('US1', 'S', r.n::text, r.day, r.amount, p_customer_id => 1, p_remittance_text => r.text)
FROM (VALUES (1, date '2026-03-01', 205.01, 'INV-100500, INV-100001'), (2, '2026-03-03', 777.77, 'some of them'),
	(3, '2026-03-02', :total - 205.01, 'all the others'), (4, '2026-03-04', 500000.00, 'on account')) r (n, day, amount, text) ORDER BY n \g /dev/null

-- What takes a second here took more than a minute when each item cost as much as all before it.
SET statement_timeout = '40s';
CREATE FUNCTION shown(p_receipt bigint) RETURNS TABLE (receipt bigint, rule text, confidence numeric, items integer, on_account numeric, why text)
LANGUAGE sql AS $$
SELECT p.bank_receipt_id, p.rule, p.confidence, jsonb_array_length(p.allocations) AS items, p.on_account,
	(SELECT string_agg(b ->> 'why', '; ') FROM jsonb_array_elements(p.blocked) b WHERE b ->> 'rule' IN ('combination', 'clear_account')) AS why
FROM propose_cash(p_receipt) p
$$;
SELECT s.* FROM generate_series(1, 4) n, shown(n) s;
SELECT set_cash_rules('all', '{credit_notes_first}', p_discounts => 'unearned') \g /dev/null
SELECT * FROM shown(4);
SELECT set_cash_rules('all', '{pro_rata}') \g /dev/null
SELECT * FROM shown(4);

-- All of it, and what is left for the others.
SELECT set_cash_rules('all', '{reference,clear_account,combination}') \g /dev/null
SET statement_timeout = '90s';
CALL apply_cash('all', false);
SELECT bank_receipt_id, status, rule, jsonb_array_length(allocations) AS items, on_account FROM cash_match ORDER BY cash_match_id;
SELECT count(*) AS open, sum(open_amount) FROM item WHERE open_amount <> 0;
RESET statement_timeout;
SELECT * FROM verify_ledger();
RESET search_path;
DROP SCHEMA many CASCADE;
