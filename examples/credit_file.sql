-- credit_file.sql: from a customer's file to a recommended limit, an application decided, and what to watch afterwards.
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD', time_zone => 'Etc/UTC');
SELECT ar.add_customer('Kestrel Tooling', 17, p_terms => 'net 30');

-- What others know: a statement in thousands, and three references.  One that does not balance is refused.
SELECT ar.add_financial_statement(17, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "total_liabilities": 600, "equity": 390}',
	p_audited => true, p_scale => 1000, p_received_on => '2025-03-15');
SELECT ar.add_financial_statement(17, '2024-01-01', '2024-12-31', '{"total_assets": 1000, "current_assets": 500, "total_liabilities": 600,
	"current_liabilities": 300, "equity": 400, "retained_earnings": 200, "sales": 1200, "ebit": 90, "net_income": 45}',
	p_audited => true, p_scale => 1000, p_received_on => '2025-03-15');
SELECT ar.add_trade_reference(17, 'Supplier ' || n, n * 1000, '2025-03-20', p_days_beyond_terms => 5) FROM unnest('{25,40,55}'::integer[]) n;
SELECT current_ratio, debt_to_equity, net_margin, z_score, z_zone FROM ar.financial_ratios;

-- What we know ourselves: it pays five days late.
SELECT ar.post_invoice(17, 'I-' || n, date '2025-01-01' + 30 * n, 1000, date '2025-01-31' + 30 * n) AS invoice,
	ar.post_payment(17, 'P-' || n, date '2025-02-05' + 30 * n, 1000) AS payment FROM generate_series(1, 4) n;
SELECT ar.apply_payment(17, document_id, p_applied_on => posting_date) FROM ar.document WHERE kind = 'payment' ORDER BY document_id;
SELECT days_late, days_late_weighted, payment_index, invoiced, paid FROM ar.behaviour_at('2025-06-30', p_known_at => 'infinity', p_customer_id => 17);

-- A scorecard in use since January; as of each day it uses what was known then: no statement before it came.
SELECT ar.add_score_card('trade', 'base 600 odds 50 pdo 20 start 480; days_late_weighted: <=0 => 60, <15 => 40, else 10, null => 30 "pays late";
	current_ratio: <1 => 0, <1.5 => 20, else 60, null => 20 "low liquidity"; grades: A>=580, B>=540, else C', 'first card', '2025-01-01');
SELECT d::date AS as_of, s.attributes, s.score, s.grade, s.pd, s.reasons
FROM unnest('{2025-01-15,2025-03-14,2025-03-15}'::date[]) d, ar.score_at(d::date, 'infinity', 17) s ORDER BY 1;

-- How much?  The average of three methods; what is missing is said, and not made up.
INSERT INTO ar.grade_policy (grade, limit_amount, terms) VALUES ('A', 50000, 'net 45'), ('B', 20000, 'net 30'), ('C', 0, 'CIA');
UPDATE ar.limit_policy SET methods = '{net_worth,median_reference,requirement,bureau}', pick = 'average', delay_days = 0;
SELECT ar.receive_application(17, 60000, 'US trade credit', '2025-03-20', p_monthly_sales => 30000) AS application;
SELECT amount, terms, missing FROM ar.recommend_limit(17, '2025-04-01', 'infinity');
SELECT method, result, inputs, missing FROM ar.limit_recommendation_method WHERE counts;

-- The application of that day is completed, scored as of today and decided; less than was asked for is adverse, and has its reasons.
SELECT ar.receive_item(17, 1, item, '2025-03-25') FROM unnest('{application_form,bank_reference,trade_reference,trade_reference,trade_reference}'::text[]) item;
SELECT ar.decide_application(17, 1, 'approved', 30000);
SELECT score IS NOT NULL AS scored FROM ar.score_application(17, 1);
SELECT ar.decide_application(17, 1, 'approved', 30000, 'net 30', '{"low liquidity"}') AS credit_limit_id;
SELECT status, approved_amount, approved_terms, reasons, adverse, completed_on, answer_due FROM ar.credit_application_status;

-- A year later nobody has reviewed it, its statement is old, and it owes as much as it may.
SELECT ar.set_review_due(17, current_date - 5);
SELECT ar.post_invoice(17, 'I-9', current_date, 29000, current_date + 30) > 0 AS posted;
SELECT customer_name, days_overdue, status, exposure, limit_amount FROM ar.review_queue;
SELECT kind, severity, figure, threshold, details FROM ar.early_warning WHERE kind = 'utilisation';
SELECT ar.complete_review(17, 'watched', 'limit nearly used up') AS review;
SELECT customer_name, status, last_outcome FROM ar.review_queue;
