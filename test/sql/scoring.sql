-- Scoring customers: cards in use, champion and challengers, batches, and no knowledge before its time.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS scoring CASCADE;
SELECT credit.create_ledger('scoring', 'USD', time_zone => 'Etc/UTC');
SET search_path = scoring, public;
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
SELECT count(add_customer('Customer ' || g, g)) FROM generate_series(1, 300) g;
DO $$ BEGIN
	FOR c IN 1 .. 5 LOOP
		FOR n IN 1 .. 6 LOOP
			PERFORM post_invoice(c, 'I-' || n, date '2025-01-01' + n * 30, 100, date '2025-01-31' + n * 30);
			PERFORM post_payment(c, 'P-' || n, date '2025-01-31' + n * 30 + (c - 1) * n, 100);
			PERFORM apply_payment(c, (SELECT d.document_id FROM document d WHERE d.customer_id = c AND d.number = 'P-' || n AND d.kind = 'payment'),
				p_applied_on => date '2025-01-31' + n * 30 + (c - 1) * n);
		END LOOP;
		PERFORM add_financial_statement(c, '2024-01-01', '2024-12-31', jsonb_build_object('total_assets', 1000, 'total_liabilities', 600, 'equity', 400,
			'current_assets', 300 + 50 * c, 'current_liabilities', 400), true, p_received_on => '2025-05-01');
	END LOOP;
END $$;

-- What a card may ask for is what the ledger knows.
SELECT a.attribute FROM (SELECT DISTINCT jsonb_object_keys(b.attributes) AS attribute FROM attributes_at('2025-08-01', 'infinity') b) a WHERE a.attribute <> ALL (attribute_names());
SELECT pg_temp.says(format('SELECT add_score_card(%s)', x)) FROM (VALUES
	($$'', 'days_late: <5 => 60, else 10', 'new'$$), ($$'a', 'days_late: <5 => 60, else 10', ''$$), ($$'a', NULL, 'new'$$),
	($$'a', 'shoe_size: <5 => 60, else 10', 'new'$$), ($$'a', 'z_zone: <5 => 60, else 10', 'new'$$), ($$'a', 'days_late: ''x'' => 60, else 10', 'new'$$),
	($$'a', 'days_late: <5 => 60, <4 => 5, else 10', 'new'$$), ($$'a', 'base 600 odds 50 pdo 0; days_late: else 10', 'new'$$),
	($$'a', 'days_late: else 10', 'new', p_share => 100$$), ($$'a', 'days_late: else 10', 'new', '2025-01-01', p_valid_to => '2024-01-01'$$)) v (x);
SELECT pg_temp.says('SELECT * FROM score_customer(1)'), pg_temp.says('SELECT * FROM score_customer(999)');

-- The champion since 2025; days late have no points for who has none.
SELECT add_score_card('trade', 'base 600 odds 50 pdo 20 start 500; days_late_weighted: <=0 => 60, <15 => 40, else 10 "pays late"; current_ratio: <1 => 0, else 40, null => 20 "low liquidity";
	grades: A>=600, B>=560, else C', 'first', '2025-01-01', p_loss_given_default => 40) AS champion;
SELECT s.customer_id, s.attributes, s.score, s.grade, s.grade_rank, s.pd, s.reasons FROM score_at('2025-08-01', 'infinity') s ORDER BY 1;
-- The same by the definition of the card.
SELECT s.customer_id FROM score_at('2025-08-01', 'infinity') s JOIN behaviour_at('2025-08-01', 'infinity') b USING (customer_id) JOIN ratios_at('2025-08-01', 'infinity') r USING (customer_id)
WHERE s.score <> 500 + CASE WHEN b.days_late_weighted <= 0 THEN 60 WHEN b.days_late_weighted < 15 THEN 40 ELSE 10 END + CASE WHEN r.current_ratio < 1 THEN 0 ELSE 40 END;
-- Of one, what is missing is said.
SELECT pg_temp.says($$SELECT * FROM score_customer(9, '2025-08-01', 'infinity')$$);

-- ---- No knowledge before its time ----

-- As of an earlier day neither the payments nor the statement that came later count.
SELECT d::date AS as_of, s.attributes, s.score FROM unnest('{2025-04-30,2025-05-01,2025-08-01}'::date[]) d, score_at(d::date, 'infinity', 4) s ORDER BY 1;
-- What is scored as of a day is the same, whatever is entered with a later date afterwards.
CREATE TABLE before AS SELECT d::date AS as_of, s.* FROM generate_series('2025-03-01'::date, '2025-08-01', '10 days') d, score_at(d::date, 'infinity') s;
DO $$ BEGIN
	PERFORM post_payment(c, 'X', '2025-08-02', 50), add_financial_statement(c, '2025-01-01', '2025-06-30', '{"total_assets": 5, "total_liabilities": 4, "equity": 1,
		"current_assets": 1, "current_liabilities": 4}', false, p_received_on => '2025-08-02'), post_invoice(c, 'late', '2025-08-02', 1000, '2025-08-02'),
		set_credit_limit(c, 5, '2025-08-02') FROM generate_series(1, 5) c;
	PERFORM apply_payment(c, (SELECT d.document_id FROM document d WHERE d.customer_id = c AND d.number = 'X'), p_applied_on => '2025-08-02') FROM generate_series(1, 5) c;
END $$;
SELECT count(*) > 50 AS scored, count(*) FILTER (WHERE b IS DISTINCT FROM n) AS differ
FROM before b FULL JOIN (SELECT d::date AS as_of, s.* FROM generate_series('2025-03-01'::date, '2025-08-01', '10 days') d, score_at(d::date, 'infinity') s) n
	ON n.as_of = b.as_of AND n.customer_id = b.customer_id;
-- What is entered later with an earlier date was not known then, and is left out unless asked for.
SELECT clock_timestamp() AS then \gset
CREATE TABLE known AS SELECT d::date AS as_of, s.* FROM generate_series('2025-03-01'::date, '2025-08-10', '10 days') d, score_at(d::date, :'then') s;
CREATE TABLE attribute AS SELECT a.* FROM attributes_at('2025-08-01', :'then') a;
SELECT pg_sleep(0.01);
DO $$ BEGIN
	PERFORM set_due_date(c, i.item_id, i.due_date + 1, 'agreed', 'ann', i.due_date) FROM generate_series(1, 5) c JOIN item i ON i.customer_id = c AND i.open_amount > 0;
	PERFORM reverse_allocation(a.customer_id, a.allocation_id, '2025-07-31') FROM allocation a WHERE a.customer_id = 3 AND a.applied_on < '2025-07-01' ORDER BY a.allocation_id DESC LIMIT 1;
	PERFORM post_invoice(c, 'back', '2025-03-01', 100, '2025-03-02'), post_payment(c, 'back', '2025-03-20', 100), set_credit_limit(c, 7, '2025-03-01'),
		set_risk_figure(c, 'broken_promises', 3, '2025-01-01'), add_credit_report(c, 'Bureau', '2025-03-01', 12, p_received_on => '2025-03-01'),
		add_trade_reference(c, 'Alpha', 10, '2025-03-01', p_days_beyond_terms => 99),
		add_financial_statement(c, '2024-01-01', '2024-12-31', '{"total_assets": 5, "total_liabilities": 4, "equity": 1, "current_assets": 1, "current_liabilities": 4}', false,
			p_received_on => '2025-05-02', p_restates => (SELECT min(f.financial_statement_id) FROM financial_statement f WHERE f.customer_id = c))
	FROM generate_series(1, 5) c;
	PERFORM apply_payment(c, (SELECT d.document_id FROM document d WHERE d.customer_id = c AND d.number = 'back' AND d.kind = 'payment'), p_applied_on => '2025-08-01') FROM generate_series(1, 5) c;
	PERFORM add_score_card('later', 'days_late: else 1, null => 2', 'backdated', '2025-02-01');
END $$;
SELECT count(*) > 50 AS scored, count(*) FILTER (WHERE k IS DISTINCT FROM n) AS differ
FROM known k FULL JOIN (SELECT d::date AS as_of, s.* FROM generate_series('2025-03-01'::date, '2025-08-10', '10 days') d, score_at(d::date, :'then') s) n
	ON n.as_of = k.as_of AND n.customer_id = k.customer_id;
SELECT count(*) FILTER (WHERE a IS DISTINCT FROM n) AS differ FROM attribute a FULL JOIN attributes_at('2025-08-01', :'then') n USING (customer_id);
-- With everything known today it differs.
SELECT count(*) > 0 AS differ FROM known k JOIN score_at('2025-07-29', 'infinity') s USING (customer_id) WHERE k.as_of = '2025-07-29' AND k.score <> s.score;
-- By default nothing that was recorded after that day.
SELECT count(*) FROM score_at('2025-08-01');
SELECT end_score_card(2);
SELECT pg_temp.says('SELECT end_score_card(77)'), pg_temp.says($$SELECT end_score_card(1, '2025-01-01')$$);

-- ---- Champion and challenger ----

SELECT add_score_card('trade', 'base 600 odds 50 pdo 20 start 500; days_late_weighted: <=0 => 60, <15 => 40, else 10, null => 30 "pays late"; grades: A>=550, else B', 'all customers', ledger_today()) AS champion;
SELECT add_score_card('bold', 'base 600 odds 50 pdo 20 start 600; days_late_weighted: else 1, null => 1; grades: A>=550, else B', 'trial', p_share => 20) AS challenger,
	add_score_card('shy', 'base 600 odds 50 pdo 20 start 400; days_late_weighted: else 1, null => 1; grades: A>=550, else B', 'trial', p_share => 30) AS another;
SELECT pg_temp.says($$SELECT add_score_card('third', 'days_late: else 10', 'no room', p_share => 60)$$), pg_temp.says($$SELECT add_score_card('trade', 'days_late: else 10', 'twice', ledger_today())$$);
SELECT rescore_portfolio();
CREATE TABLE assigned AS SELECT h.customer_id, k.name, k.share FROM score_history h JOIN score_card k USING (score_card_id);
SELECT name, share, count(*) BETWEEN 300 * COALESCE(share, 50) / 100 - 25 AND 300 * COALESCE(share, 50) / 100 + 25 AS about_its_share,
	bool_and(share_place(customer_id) >= CASE name WHEN 'bold' THEN 0 WHEN 'shy' THEN 20 ELSE 50 END
		AND share_place(customer_id) < CASE name WHEN 'bold' THEN 20 WHEN 'shy' THEN 50 ELSE 100 END) AS in_its_place
FROM assigned GROUP BY 1, 2 ORDER BY 1;
-- A place among all is kept, on every machine.
SELECT g, share_place(g) FROM unnest('{1,2,17,9223372036854775807}'::bigint[]) g;
-- Scored again, and with one challenger gone, everybody else stays where they were.
SELECT rescore_portfolio();
SELECT count(*) AS moved FROM score_history h JOIN score_card k USING (score_card_id) JOIN assigned a USING (customer_id) WHERE a.name <> k.name;
UPDATE score_card SET valid_to = ledger_today() - 1 WHERE name = 'bold';
SELECT rescore_portfolio();
SELECT DISTINCT a.name AS before, k.name AS after FROM score_history h JOIN score_card k USING (score_card_id) JOIN assigned a USING (customer_id)
WHERE h.score_history_id > (SELECT max(score_history_id) - 300 FROM score_history) ORDER BY 1;

-- ---- What check rules see ----

-- One row for each score that is another one, none for those that stayed.
SELECT count(*) = (SELECT count(*) * 2 FROM assigned) + (SELECT count(*) FROM assigned WHERE name = 'bold') * 2 AS only_changes
FROM risk_figure WHERE figure IN ('score', 'grade') AND value IS NOT NULL;
SELECT count(*) AS differ FROM (SELECT DISTINCT ON (customer_id) * FROM score_history ORDER BY customer_id, score_history_id DESC) h
WHERE (h.score, h.grade_rank::numeric) IS DISTINCT FROM (rule_figure('score', h.customer_id, ledger_today(), 0, true), rule_figure('grade', h.customer_id, ledger_today(), 0, true));
INSERT INTO check_rule (rule_no, kind, threshold, action) VALUES (40, 'score', 500, 'reject');
SELECT set_credit_limit(h.customer_id, 1000) > 0 AS limited, h.score < 500 AS low, c.outcome FROM (SELECT DISTINCT ON (score) * FROM score_history ORDER BY score, customer_id DESC) h,
	LATERAL (SELECT set_credit_limit(h.customer_id, 1000)) l, LATERAL check_credit(h.customer_id, CASE WHEN l IS NOT NULL THEN 1 END) c ORDER BY h.score;
-- A past score is an analysis, and changes none of it.
SELECT count(*) AS figures FROM risk_figure \gset
SELECT score FROM score_customer(1, '2025-08-01', 'infinity');
SELECT count(*) = :figures AS none FROM risk_figure;
-- The card is named with its version, and the inputs are kept.
SELECT k.name, k.version, h.as_of, h.attributes, h.score FROM score_history h JOIN score_card k USING (score_card_id) WHERE h.as_of = '2025-08-01';
SELECT pg_temp.says('UPDATE score_history SET score = 1 RETURNING 1'), pg_temp.says('DELETE FROM score_card RETURNING 1'), pg_temp.says('UPDATE score_card SET card = card RETURNING 1');
-- A fact of the wrong kind names the customer.
SELECT add_score_card('facts', 'fact_years: <5 => 1, else 2, null => 0', 'facts', ledger_today() + 1);
SELECT add_credit_report(6, 'Bureau', '2025-01-01', p_facts => '{"years": "many"}'), add_credit_report(8, 'Bureau', '2025-01-01', p_facts => '{"years": 7}');
SELECT pg_temp.says('SELECT count(*) FROM score_at(ledger_today() + 1)');
SELECT score, attributes FROM score_at(ledger_today() + 1, NULL, 8);
-- Who went into another is not scored any more.
SELECT merge_customers(2, 1, 'one firm') >= 0 AS merged;
SELECT count(*) FROM score_at(ledger_today()) WHERE customer_id = 2;
SELECT pg_temp.says('SELECT * FROM score_customer(2)');
SELECT * FROM verify_ledger();
DROP SCHEMA scoring CASCADE;
