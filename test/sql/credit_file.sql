-- The credit file: statements, ratios, reports, references, security; and how customers pay us.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS file CASCADE;
SELECT credit.create_ledger('file', 'USD', time_zone => 'Etc/UTC');
SET search_path = file, public;
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
SELECT add_customer('Customer ' || g, g) FROM generate_series(1, 9) g;
SELECT set_fx_rate('EUR', 2, '2020-01-01');

-- ---- Statements ----

-- Firm F of the ratio models: Z' 1983 is 2.070, grey; Z" 1995 is 3.269, safe (coefficients of Altman).
SELECT add_financial_statement(1, '2023-01-01', '2023-12-31', '{"total_assets": 900, "total_liabilities": 560, "equity": 340, "current_assets": 450, "current_liabilities": 300,
	"sales": 1000, "net_income": 40, "cost_of_sales": 700}', true, p_scale => 1000, p_received_on => '2024-03-01');
SELECT add_financial_statement(1, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400, "current_assets": 500, "current_liabilities": 300,
	"cash": 50, "marketable_securities": 10, "receivables": 200, "inventory": 150, "payables": 120, "intangible_assets": 60, "retained_earnings": 200, "ebit": 90,
	"interest_expense": 20, "net_income": 45, "sales": 1200, "cost_of_sales": 800, "operating_cash_flow": 90}', true, 'EUR', 1000, '2025-03-01');
\x on
SELECT * FROM ratios_at('2025-06-30', 'infinity', 1) WHERE latest;
\x off
-- A currency that differs is no comparison; in the same one the year before counts.
SELECT add_financial_statement(2, '2023-01-01', '2023-12-31', '{"total_assets": 900, "total_liabilities": 560, "equity": 340, "current_assets": 450, "current_liabilities": 300,
	"sales": 1000, "net_income": 40}', false, p_received_on => '2024-03-01');
SELECT add_financial_statement(2, '2024-01-01', '2024-12-31', '{"total_assets": 1, "total_liabilities": 0.6, "equity": 0.4, "current_assets": 0.5, "current_liabilities": 0.3,
	"sales": 1.2, "net_income": 0.06}', false, p_scale => 1000, p_received_on => '2025-03-01');
SELECT sales_growth, equity_growth, current_ratio_change, net_margin_change, gross_margin, interest_coverage FROM ratios_at('2025-06-30', 'infinity', 2) WHERE latest;
-- A restatement takes its place from the day it was received on; before that, the old figures stay known.
SELECT add_financial_statement(2, '2024-01-01', '2024-12-31', '{"total_assets": 1, "total_liabilities": 0.7, "equity": 0.3}', true, p_scale => 1000,
	p_received_on => '2025-05-01', p_restates => 4);
SELECT d::date AS as_of, r.financial_statement_id, r.period_to, r.tangible_net_worth, r.audited, r.latest
FROM unnest('{2025-02-28,2025-04-30,2025-05-01}'::date[]) d, ratios_at(d::date, 'infinity', 2) r ORDER BY 1, 2;
-- Nothing of it was recorded yet then.
SELECT count(*) FROM ratios_at('2025-05-01', NULL, 2);
SELECT count(*) FROM financial_ratios;

SELECT pg_temp.says(format('SELECT add_financial_statement(%s)', x)) FROM (VALUES
	($$1, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400}', true$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 390}', true$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600}', true$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400, "goodwill": 3}', true$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": "much", "total_liabilities": 600, "equity": 400}', true$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400, "cash": -1}', true$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400, "current_assets": 700, "fixed_assets": 400}', true$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400, "sales": 10, "cost_of_sales": 7, "gross_profit": 4}', true$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400}', true, 'CHF'$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400}', true, 'XXQ'$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400}', true, p_scale => 12$$),
	($$3, '2024-12-31', '2024-01-01', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400}', true$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400}', true, p_received_on => '2024-06-30'$$),
	($$3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400}', true, p_restates => 1$$),
	($$2, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400}', true, p_restates => 4$$),
	($$3, '2024-01-01', '2024-12-31', '[]', true$$),
	($$99, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400}', true$$)) v (x);
-- In thousands the parts may be off by rounding.
SELECT add_financial_statement(3, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 400, "current_assets": 601, "fixed_assets": 400}', true, p_scale => 1000) > 0 AS rounded;
SELECT pg_temp.says('UPDATE financial_statement SET audited = false RETURNING 1'), pg_temp.says('DELETE FROM financial_statement RETURNING 1');

-- ---- Reports, references, security ----

SELECT add_credit_report(1, 'Bureau', '2025-01-10', 71, 'B', 30000, 'EUR', '{"years_in_business": 12, "industry": "steel"}', 'R-1', '2025-01-12'),
	add_credit_report(1, 'Bureau', '2025-04-10', 64, 'B', p_received_on => '2025-04-12');
SELECT add_trade_reference(1, 'Alpha', 20000, '2025-01-05', 'net 30', 12000, 0, 0, '2019-01-01'), add_trade_reference(1, 'Beta', 5000, '2025-01-06', p_days_beyond_terms => 30);
SELECT add_bank_reference(1, 'First Bank', '2025-01-07', '2015-01-01', 45000, 100000, true, 0);
SELECT add_security(1, 'bank_guarantee', 10000, 'First Bank', '2025-01-01', '2099-12-31', 'G-1'), add_security(1, 'lien', 500, 'itself', '2025-01-01', '2025-02-01');
-- 20,000 prompt and 5,000 slow 30 make (1,600,000 + 250,000) / 25,000 = 74 (dollar weighting of D&B's Paydex).
SELECT d::date, jsonb_pretty(jsonb_object_agg(e.key, e.value ORDER BY e.key))
FROM unnest('{2025-01-31,2025-06-30}'::date[]) d, attributes_at(d::date, 'infinity', 1) a, jsonb_each(a.attributes) e
WHERE e.key ~ '^(bureau|reference|fact|statement)' GROUP BY 1 ORDER BY 1;
SELECT pg_temp.says(x) FROM (VALUES
	($$SELECT add_credit_report(1, '', '2025-01-10')$$), ($$SELECT add_credit_report(1, 'B', '2025-01-10', 'NaN')$$), ($$SELECT add_credit_report(1, 'B', '2025-01-10', p_facts => '[1]')$$),
	($$SELECT add_credit_report(1, 'B', '2025-01-10', p_received_on => '2025-01-09')$$), ($$SELECT add_credit_report(1, 'B', '2999-01-10')$$),
	($$SELECT add_trade_reference(1, 'Gamma', 100, '2025-01-05', p_balance => 5, p_past_due => 6)$$), ($$SELECT add_trade_reference(1, 'Gamma', -1)$$),
	($$SELECT add_trade_reference(1, 'Gamma', 1, p_currency => 'CHF')$$), ($$SELECT add_bank_reference(1, 'Bank', p_returned_items => -1)$$),
	($$SELECT add_security(1, 'handshake', 5, 'me')$$), ($$SELECT add_security(1, 'lien', 0, 'me')$$), ($$SELECT add_security(1, 'lien', 5, 'me', '2025-01-01', '2024-01-01')$$),
	($$SELECT release_security(1, 77, 'gone')$$), ($$SELECT release_security(1, 1, ' ')$$)) v (x);
SELECT release_security(1, 2, 'paid', '2025-01-20');
SELECT pg_temp.says($$SELECT release_security(1, 2, 'again')$$);

-- ---- How they pay us ----

-- Two years of invoices and payments, some late, one returned, in two currencies; with a discount, a credit note and a void.
DO $$ BEGIN
	FOR c IN 4 .. 5 LOOP
		PERFORM set_credit_limit(c, 1000, '2024-01-01'), set_credit_limit(c, 2000, '2025-01-01');
		FOR n IN 1 .. 20 LOOP
			PERFORM post_invoice(c, 'I-' || n, date '2023-12-01' + n * 30, 100 + n, date '2023-12-31' + n * 30, CASE WHEN n % 4 = 0 THEN 'EUR' END);
			PERFORM post_payment(c, 'P-' || n, date '2023-12-31' + n * 30 + n * (c - 4), (100 + n) * CASE WHEN n = 18 THEN 0.5 ELSE 1 END, CASE WHEN n % 4 = 0 THEN 'EUR' END);
			PERFORM apply_payment(c, (SELECT d.document_id FROM document d WHERE d.customer_id = c AND d.number = 'P-' || n AND d.kind = 'payment'),
				p_applied_on => date '2024-01-05' + n * 30 + n * (c - 4));
		END LOOP;
		PERFORM post_invoice(c, 'I-21', '2024-01-15', 40, '2099-12-31', 'EUR');
		PERFORM return_payment(c, (SELECT d.document_id FROM document d WHERE d.customer_id = c AND d.number = 'P-15' AND d.kind = 'payment'), '2025-06-10');
		PERFORM post_credit_note(c, 'K-1', '2025-04-01', 33);
		PERFORM void_document(c, post_invoice(c, 'V-1', '2025-04-01', 500, '2025-04-30'), 'error', '2025-04-02');
	END LOOP;
	PERFORM set_risk_figure(5, 'broken_promises', 2, '2025-01-01');
	-- What 5 disputes: one lately, one before, which is rejected, and one long ago.
	PERFORM open_dispute(5, i.item_id, v.amount, 'service', p_opened_on => v.opened_on)
	FROM (VALUES (10, date '2025-06-01'), (12, '2025-03-01'), (8, '2024-01-20')) v (amount, opened_on)
		JOIN document d ON d.customer_id = 5 AND d.number = 'I-21' JOIN item i ON i.customer_id = 5 AND i.document_id = d.document_id;
	PERFORM reject_dispute(5, d.dispute_id, 'signed for') FROM dispute d WHERE d.amount = 12;
END $$;
\x on
SELECT * FROM behaviour_at('2025-06-30', 'infinity') WHERE customer_id IN (4, 5) ORDER BY customer_id;
\x off
-- The same by a plain computation: what each payment that stands paid of each invoice, and when.
CREATE FUNCTION pg_temp.plain(day date) RETURNS TABLE (customer_id bigint, paid numeric, items bigint, days_late numeric, weighted numeric, recent numeric, invoiced numeric, balance numeric) LANGUAGE sql AS $$
	WITH part AS (
		SELECT a.customer_id, a.debit_item_id, p.posting_date AS paid_on, p.posting_date - i.due_date AS days, sum(a.amount * COALESCE(i.fx_rate, 1)) AS amount
		FROM allocation a JOIN item ci ON ci.customer_id = a.customer_id AND ci.item_id = a.credit_item_id JOIN document p ON p.customer_id = ci.customer_id AND p.document_id = ci.document_id
			JOIN item di ON di.customer_id = a.customer_id AND di.item_id = a.debit_item_id JOIN document i ON i.customer_id = di.customer_id AND i.document_id = di.document_id
		WHERE p.kind = 'payment' AND i.kind = 'invoice' AND a.applied_on <= day AND p.posting_date > day - 365 GROUP BY 1, 2, 3, 4 HAVING sum(a.amount) <> 0)
	SELECT c.customer_id, p.paid, p.items, p.days_late, p.weighted, p.recent,
		(SELECT sum(CASE d.side WHEN 'debit' THEN 1 ELSE -1 END * d.amount * COALESCE(d.fx_rate, 1)) FROM document d
			WHERE d.customer_id = c.customer_id AND d.kind = 'invoice' AND d.posting_date > day - 365 AND d.posting_date <= day),
		(SELECT sum(CASE d.side WHEN 'debit' THEN 1 ELSE -1 END * d.amount * COALESCE(d.fx_rate, 1)) FROM document d WHERE d.customer_id = c.customer_id AND d.posting_date <= day)
	FROM customer c LEFT JOIN (
		SELECT customer_id, sum(amount) AS paid, count(DISTINCT debit_item_id) AS items, round(sum(amount * days) / sum(amount), 2) AS weighted,
			(SELECT round(avg(x.days), 2) FROM (SELECT sum(amount * days) / sum(amount) AS days FROM part q WHERE q.customer_id = part.customer_id GROUP BY debit_item_id) x) AS days_late,
			round(sum(amount * days) FILTER (WHERE paid_on > day - 90) / sum(amount) FILTER (WHERE paid_on > day - 90), 2) AS recent
		FROM part GROUP BY customer_id) p ON p.customer_id = c.customer_id
$$;
SELECT d::date AS differs_on, b.customer_id FROM generate_series('2024-01-15'::date, '2026-06-15', '15 days') d, behaviour_at(d::date, 'infinity') b JOIN pg_temp.plain(d::date) p USING (customer_id)
WHERE (COALESCE(p.paid, 0), COALESCE(p.items, 0), p.days_late, p.weighted, p.recent, COALESCE(p.invoiced, 0), COALESCE(p.balance, 0))
	IS DISTINCT FROM (b.paid, b.items_paid, b.days_late, b.days_late_weighted, b.days_late_recent, b.invoiced, b.balance);
-- Disputes, by hand, as of days before, between and after them, in base currency.
SELECT d::date, b.disputes, b.disputes_rejected, b.dispute_share, b.dispute_share_recent, b.dispute_share_before, b.disputed, h.*
FROM unnest('{2024-01-19,2024-01-20,2025-01-31,2025-02-28,2025-03-01,2025-05-31,2025-06-01,2026-01-31}'::date[]) d, behaviour_at(d::date, 'infinity', 5) b, LATERAL (
	SELECT round(sum(q.amount * CASE q.currency WHEN 'EUR' THEN 2 ELSE 1 END) / b.invoiced, 4) = b.dispute_share AS share_is_right,
		sum(q.amount * CASE q.currency WHEN 'EUR' THEN 2 ELSE 1 END) FILTER (WHERE q.opened_on > d - 90) = round(b.dispute_share_recent * COALESCE(NULLIF((
			SELECT sum(CASE s.side WHEN 'debit' THEN s.amount ELSE -s.amount END * COALESCE(s.fx_rate, 1)) FROM document s
			WHERE s.customer_id = 5 AND s.kind = 'invoice' AND s.posting_date > d - 90 AND s.posting_date <= d), 0), b.invoiced)) AS recent_is_right
	FROM dispute q WHERE q.customer_id = 5 AND q.opened_on <= d AND q.opened_on > d - 365) h ORDER BY 1;
-- A rejection counts from its day, and from when it was known.
SELECT open_dispute(5, item_id, 2, 'damage', p_opened_on => ledger_today() - 30) AS lately FROM dispute LIMIT 1 \gset
SELECT clock_timestamp() AS opened \gset
SELECT reject_dispute(5, :lately, 'no');
SELECT n, b.disputes, b.disputes_rejected FROM (VALUES ('before', ledger_today() - 1, NULL), ('today', ledger_today(), NULL), ('not known yet', ledger_today(), :'opened'::timestamptz)) v (n, d, k),
	behaviour_at(d, COALESCE(k, 'infinity'), 5) b ORDER BY 1;
-- Today, from the open items alone, it is the same as from everything known.
SELECT count(*) AS differ FROM internal_behaviour v JOIN behaviour_at(ledger_today(), statement_timestamp() - interval '1 microsecond') b USING (customer_id)
WHERE (v.balance, v.past_due, v.oldest_bucket, v.utilisation, v.paid, v.disputed) IS DISTINCT FROM (b.balance, b.past_due, b.oldest_bucket, b.utilisation, b.paid, b.disputed);
-- The limit of each day, and the balance to it.
SELECT d::date, b.limit_amount, b.balance, b.utilisation FROM unnest('{2023-12-31,2024-06-30,2025-06-30}'::date[]) d, behaviour_at(d::date, 'infinity', 5) b ORDER BY 1;
-- At the end of those days nobody was known.
SELECT count(*) FROM behaviour_at('2025-06-30');
SELECT pg_temp.says('SELECT * FROM behaviour_at(NULL)'), pg_temp.says($$SELECT * FROM ratios_at('infinity')$$);

-- ---- Two that are one ----

SELECT merge_customers(1, 6, 'same firm') >= 0 AS merged;
SELECT customer_id, financial_statement_id, period_to, source FROM financial_statement WHERE customer_id = 6 ORDER BY 2;
SELECT customer_id, bureau, report_date, score FROM credit_report WHERE customer_id = 6 ORDER BY 3;
SELECT customer_id, supplier, high_credit FROM trade_reference WHERE customer_id = 6 ORDER BY 2;
SELECT s.customer_id, s.kind, s.amount, r.released_on IS NOT NULL AS released FROM security s LEFT JOIN security_release r USING (customer_id, security_id) ORDER BY s.security_id;
SELECT count(*) FROM bank_reference WHERE customer_id = 6;
SELECT * FROM verify_ledger();
DROP SCHEMA file CASCADE;
