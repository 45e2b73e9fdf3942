-- Scoring all customers in one statement against scoring them one by one.
--
--   psql -X -d DATABASE -f bench/rescoring.sql
--   psql -X -d DATABASE -v customers=200000 -v sample=500 -f bench/rescoring.sql
--
-- The database needs the extension; the ledger is made and dropped.  Every customer has nine invoices and eight payments
-- of a year, a statement and a limit; the card has eight attributes.  Compared, in milliseconds per customer:
--
--   one by one    score_customer() of a sample, each in a statement of its own, as an application does
--   batch         rescore_portfolio(): attributes of all, scores, score_history and, for those that changed, the figures
--                 that check rules read; the second time nothing has changed
--   attributes    attributes_at() alone: what of it is finding out, and what is scoring and storing
--   warnings      the view early_warning: what every rule finds about everybody
--   portfolio     the view portfolio_risk

\if :{?customers} \else \set customers 10000 \endif
\if :{?sample} \else \set sample 200 \endif
\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
SET work_mem = '256MB';
SET jit = off;
DROP SCHEMA IF EXISTS bench_rescoring CASCADE;
SELECT credit.create_ledger('bench_rescoring', 'USD') \g /dev/null
SET search_path = bench_rescoring, public;
SELECT ledger_today() AS today \gset
INSERT INTO customer (customer_id, name, terms) SELECT c, 'Customer ' || c, 'net 30' FROM generate_series(1, :customers) c;
INSERT INTO document (customer_id, kind, number, doc_date, due_date, amount)
SELECT c, 'invoice', 'I' || n, :'today'::date - 400 + 40 * n, :'today'::date - 370 + 40 * n, 100 + c % 50 FROM generate_series(1, :customers) c, generate_series(1, 9) n;
INSERT INTO document (customer_id, kind, number, doc_date, amount)
SELECT c, 'payment', 'P' || n, :'today'::date - 370 + 40 * n + c % 20, 100 + c % 50 FROM generate_series(1, :customers) c, generate_series(1, 8) n;
INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
SELECT p.customer_id, c.item_id, d.item_id, p.amount, p.posting_date
FROM document p JOIN item c ON c.customer_id = p.customer_id AND c.document_id = p.document_id
	JOIN document i ON i.customer_id = p.customer_id AND i.kind = 'invoice' AND i.number = 'I' || substr(p.number, 2)
	JOIN item d ON d.customer_id = i.customer_id AND d.document_id = i.document_id WHERE p.kind = 'payment';
INSERT INTO financial_statement (customer_id, period_from, period_to, currency, audited, lines, received_on)
SELECT c, :'today'::date - 500, :'today'::date - 136, 'USD', true, jsonb_build_object('total_assets', 1000 + c % 7, 'total_liabilities', 600 + c % 7, 'equity', 400,
	'current_assets', 400 + c % 300, 'current_liabilities', 400, 'retained_earnings', 100, 'ebit', c % 90, 'sales', 1200, 'net_income', c % 40), :'today'::date - 100
FROM generate_series(1, :customers) c;
SELECT count(set_credit_limit(c, 1000)) FROM generate_series(1, :customers) c \g /dev/null
SELECT add_score_card('trade', 'base 600 odds 50 pdo 20 start 400; days_late_weighted: <=0 => 60, <15 => 40, else 10, null => 30 "pays late"; payment_index: <50 => 0, <80 => 20, else 40, null => 10;
	current_ratio: <1 => 0, <1.5 => 20, else 40, null => 20 "low liquidity"; utilisation: <0.3 => 40, else 10, null => 20; months_since_first_sale: <12 => 3, else 9, null => 0;
	z_score: <1.23 => 0, <2.9 => 20, else 40, null => 10; past_due_share: <0.1 => 20, else 0, null => 20; net_margin: <0 => 0, else 20, null => 10; grades: A>=600, B>=560, else C', 'bench') \g /dev/null
VACUUM ANALYZE;

CREATE TABLE took (what text, customers bigint, ms numeric);
CREATE FUNCTION took(what text, customers bigint, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE statement;
	INSERT INTO took VALUES (what, customers, extract(epoch FROM clock_timestamp() - start) * 1000);
END $$;
SELECT took('attributes', :customers, 'SELECT count(attributes) FROM attributes_at(ledger_today())') \g /dev/null
SELECT took('batch', :customers, 'SELECT rescore_portfolio()') \g /dev/null
SELECT took('batch, nothing changed', :customers, 'SELECT rescore_portfolio()') \g /dev/null
SELECT took('warnings', :customers, 'SELECT count(*) FROM early_warning') \g /dev/null
SELECT took('portfolio', :customers, 'SELECT count(*) FROM portfolio_risk') \g /dev/null
SELECT count(took('one by one', 1, format('SELECT score_customer(%s)', c))) FROM generate_series(1, :customers, :customers / :sample) c \g /dev/null

SELECT what, sum(customers) AS customers, round(sum(ms)) AS ms, round(sum(ms) / sum(customers), 3) AS ms_each,
	round((SELECT sum(o.ms) / sum(o.customers) FROM took o WHERE o.what = 'one by one') / (sum(ms) / sum(customers)), 1) AS times_faster
FROM took GROUP BY what ORDER BY min(ctid);
DROP SCHEMA bench_rescoring CASCADE;
