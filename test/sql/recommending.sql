-- Recommended limits: every method with its inputs, the policy that picks, what is missing, and the limit that cites it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS rec CASCADE;
SELECT credit.create_ledger('rec', 'USD', time_zone => 'Etc/UTC');
SET search_path = rec, public;
CREATE FUNCTION pg_temp.says(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN replace(concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, NULLIF(detail, ''), NULLIF(hint, '')), ledger_today()::text, 'TODAY');
END $$;
SELECT count(add_customer('Customer ' || g, g, p_terms => CASE WHEN g <> 9 THEN 'net 30'::credit.payment_terms END)) FROM generate_series(1, 9) g;
SELECT set_fx_rate('EUR', 2, '2020-01-01');

-- ---- Examples by their source ----

-- Total assets 1,000,000, liabilities 400,000; reference limits of 25, 40 and 55 thousand; 30 thousand a month on 30 days: 60,000 by 10 percent of net worth,
-- 40,000 by the median reference, 30,000 needed; 43,333.33 on average (method: academy.highako.com).
SELECT add_financial_statement(1, '2024-01-01', '2024-12-31', '{"total_assets": 1000000, "total_liabilities": 400000, "equity": 600000}', true, p_received_on => '2025-03-01');
SELECT add_trade_reference(1, 'Supplier ' || r, r * 1000, '2025-02-01') FROM unnest('{55,25,40}'::integer[]) r;
SELECT receive_application(1, 60000, 'none', '2025-03-01', p_monthly_sales => 30000);
INSERT INTO limit_policy (risk_class, methods, pick, delay_days) VALUES ('new', '{net_worth,median_reference,requirement}', 'average', 0);
SELECT set_risk_class(1, 'new');
SELECT recommendation_id, amount, currency, terms, missing FROM recommend_limit(1, '2025-03-31', 'infinity');
SELECT method, result, counts, inputs, missing FROM limit_recommendation_method WHERE customer_id = 1;
-- What the minimum and weights make of it, and rounding down to full thousands.
UPDATE limit_policy SET pick = 'minimum' WHERE risk_class = 'new';
SELECT amount FROM recommend_limit(1, '2025-03-31', 'infinity');
UPDATE limit_policy SET pick = 'maximum', round_to = 7000 WHERE risk_class = 'new';
SELECT amount FROM recommend_limit(1, '2025-03-31', 'infinity');
UPDATE limit_policy SET pick = 'weighted', weights = '{"net_worth": 2, "requirement": 0.5}', round_to = NULL WHERE risk_class = 'new';
SELECT amount, round((60000 * 2 + 40000 + 30000 * 0.5) / 3.5, 2) AS by_hand FROM recommend_limit(1, '2025-03-31', 'infinity');
-- Before the statement and the application came there was only the references; nothing takes their place.
SELECT amount, missing FROM recommend_limit(1, '2025-02-15', 'infinity');
UPDATE limit_policy SET needed = '{net_worth}' WHERE risk_class = 'new';
SELECT amount, missing FROM recommend_limit(1, '2025-02-15', 'infinity');
-- An old statement is none, and so is an old reference.
SELECT amount, missing FROM recommend_limit(1, '2027-03-31', 'infinity');
-- Net worth of 50 million makes 5 million by 10 percent; nobody gets more than 10 percent of our sales of 12 million: 1,200,000 (bernsteinlaw.com).
SELECT add_financial_statement(2, '2024-01-01', '2024-12-31', '{"total_assets": 90000, "total_liabilities": 40000, "equity": 50000}', true, p_scale => 1000, p_received_on => '2025-03-01');
INSERT INTO limit_policy (risk_class, methods, own_sales_percent, own_sales) VALUES ('large', '{net_worth}', 10, 12000000);
SELECT set_risk_class(2, 'large');
SELECT amount, missing FROM recommend_limit(2, '2025-03-31', 'infinity');
SELECT method, result, counts, inputs FROM limit_recommendation_method WHERE customer_id = 2 AND method IN ('net_worth', 'cap');
-- Tangible net worth of 800,000: 80,000 at medium risk, 40,000 to 120,000 by the band of 5 to 15 percent (FAQ of autoprestige-loisirs).
SELECT add_financial_statement(3, '2024-01-01', '2024-12-31', '{"total_assets": 1100000, "total_liabilities": 200000, "equity": 900000, "intangible_assets": 100000,
	"current_assets": 300000, "current_liabilities": 120000}', true, p_received_on => '2025-03-01');
SELECT m ->> 'result' AS result, m -> 'inputs' ->> 'low' AS low, m -> 'inputs' ->> 'high' AS high FROM recommend_limit(3, '2025-03-31', 'infinity') r, jsonb_array_elements(r.methods) m
WHERE m ->> 'method' IN ('net_worth', 'working_capital');

-- ---- The other methods ----

DO $$ BEGIN
	FOR n IN 1 .. 12 LOOP
		PERFORM post_invoice(4, 'I-' || n, date '2024-12-01' + n * 30, 1000 + 10 * n, date '2024-12-31' + n * 30);
		PERFORM post_payment(4, 'P-' || n, date '2025-01-10' + n * 30, 1000 + 10 * n);
		PERFORM apply_payment(4, (SELECT d.document_id FROM document d WHERE d.customer_id = 4 AND d.number = 'P-' || n AND d.kind = 'payment'), p_applied_on => date '2025-01-10' + n * 30);
	END LOOP;
	PERFORM add_credit_report(4, 'Bureau', '2025-06-01', 70, 'B', 12000, 'EUR', p_received_on => '2025-06-01');
	PERFORM set_credit_limit(4, 20000, '2025-01-01', '2026-12-31', p_kind => 'insured', p_covered_percent => 90, p_provider => 'Insurer');
	PERFORM add_security(4, 'bank_guarantee', 5000, 'Bank', '2025-01-01', '2026-01-31'), add_security(4, 'lien', 700, 'itself', '2025-01-01'),
		add_security(4, 'letter_of_credit', 900, 'Bank', '2025-01-01', '2025-02-28');
	PERFORM release_security(4, 2, 'sold', '2025-05-01');
	PERFORM add_score_card('trade', 'base 600 odds 50 pdo 20 start 500; days_late_weighted: <15 => 60, else 10, null => 30 "pays late"; grades: A>=560, B>=530, else C', 'first', '2025-01-01');
END $$;
SELECT score, grade FROM score_customer(4, '2025-12-31', 'infinity');
INSERT INTO grade_policy (grade, valid_from, limit_amount, terms) VALUES ('A', '2025-01-01', 15000, 'net 45'), ('A', '2026-01-01', 18000, 'net 60'), ('C', '2025-01-01', 0, 'COD');
SELECT amount, terms, missing FROM recommend_limit(4, '2025-12-31', 'infinity');
SELECT method, result, counts, inputs, missing FROM limit_recommendation_method WHERE customer_id = 4;
-- By hand: the invoices of 365 days by day, 45 days of terms and 10 late; the highest balance of an end of day, at medium risk.
SELECT round(sum(amount) FILTER (WHERE kind = 'invoice' AND posting_date > '2024-12-31') / 365 * 55, 2) AS requirement,
	(SELECT max(b) FROM (SELECT (SELECT sum(CASE d.side WHEN 'debit' THEN d.amount ELSE -d.amount END) FROM document d WHERE d.customer_id = 4 AND d.posting_date <= g) AS b
		FROM generate_series('2025-01-01'::date, '2025-12-31', '1 day') g) x) AS highest
FROM document WHERE customer_id = 4;
-- What is known of nobody.
SELECT amount, terms, missing FROM recommend_limit(9, '2025-12-31', 'infinity');
-- Our own sales are measured where the policy does not say them.
UPDATE limit_policy SET own_sales_percent = 10, needed = '{}', methods = '{secured}' WHERE risk_class IS NULL;
SELECT amount, methods -> -1 AS cap FROM recommend_limit(4, '2025-12-31', 'infinity');

-- ---- Citing it ----

SELECT recommendation_id FROM recommend_limit(4, '2025-12-31', 'infinity') \gset
SELECT set_credit_limit(4, 1278, p_recommendation_id => :recommendation_id) > 0 AS set;
SELECT l.amount, r.amount AS recommended, r.as_of, r.policy ->> 'pick' AS pick FROM credit_limit l JOIN limit_recommendation r ON r.customer_id = l.customer_id AND r.limit_recommendation_id = l.recommendation_id;
SELECT pg_temp.says(format('SELECT set_credit_limit(1, 1278, p_recommendation_id => %s)', :recommendation_id));
SELECT pg_temp.says('SELECT set_credit_limit(4, 1278, p_recommendation_id => 9999)'), pg_temp.says('SELECT * FROM recommend_limit(99)'), pg_temp.says($$SELECT * FROM recommend_limit(4, 'infinity')$$);
SELECT pg_temp.says('UPDATE limit_recommendation SET amount = 1 RETURNING 1');
SELECT median('{}'), median('{7}'), median('{9,1}'), median('{3,1,2}'), median('{0.01,0.02,0.04,100}'), median(NULL);
DELETE FROM limit_policy;
SELECT pg_temp.says('SELECT * FROM recommend_limit(4)');
SELECT pg_temp.says($$INSERT INTO limit_policy (methods) VALUES ('{guess}') RETURNING 1$$) ~ '^23514' AS refused;
SELECT * FROM verify_ledger();
DROP SCHEMA rec CASCADE;
