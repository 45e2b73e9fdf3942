-- Disputes: a part of an item that is not to be paid yet, until it is decided who is right.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
-- What a statement ends in: its SQLSTATE, message, detail and hint, or ok.
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, '')), current_date::text, 'TODAY');
END $$;
DO $$ BEGIN
	PERFORM add_customer('Kestrel Tooling', 1), add_customer('Osprey Boats', 2);
	PERFORM post_invoice(1, 'I-1', '2026-01-01', 120, '2026-01-31', p_lines =>
		'[{"product": "A1", "quantity": 10, "unit_price": 10, "tax_rate": 20}]'), post_invoice(1, 'I-2', '2026-01-05', 50, '2026-02-04');
	PERFORM set_credit_limit(1, 200);
END $$;

-- A part of an item: the rest stays to be paid, and the account is what it was.
SELECT open_dispute(1, 1, 30, 'price_error', 'agreed was 7', p_owner => 'anna', p_due_date => '2026-02-10', p_line_no => 1, p_salesperson => 'carl');
SELECT number, open_amount, disputed_amount FROM open_items ORDER BY item_id;
SELECT total, past_due, unapplied, disputed FROM aging_summary;
SELECT number, amount, open_amount, reason_code, product, salesperson, state, owner FROM open_disputes;

-- Payments are first taken for what is not disputed.
SELECT post_payment(1, 'P-1', '2026-02-01', 100) AS p1 \gset
SELECT allocate(1, (SELECT item_id FROM item WHERE document_id = :p1), 1, 100) AS a1 \gset
SELECT number, open_amount, disputed_amount FROM open_items ORDER BY item_id;
SELECT reverse_allocation(1, :a1) > :a1 AS back, refund(1, :p1) > :p1 AS refunded;

-- Bad input changes nothing.
SELECT pg_temp.try($$SELECT open_dispute(1, 1, 90.01, 'price_error')$$);
SELECT pg_temp.try($$SELECT open_dispute(1, 1, 0, 'price_error')$$);
SELECT pg_temp.try($$SELECT open_dispute(1, 1, 10.001, 'price_error')$$);
SELECT pg_temp.try($$SELECT open_dispute(1, 1, 10, 'mood')$$);
SELECT pg_temp.try($$SELECT open_dispute(2, 1, 10, 'price_error')$$);
SELECT pg_temp.try($$SELECT open_dispute(1, 3, 10, 'price_error')$$);
SELECT pg_temp.try($$SELECT open_dispute(1, 1, 10, 'price_error', p_line_no => 2)$$);
SELECT pg_temp.try($$SELECT reject_dispute(1, 1, ' ')$$);
SELECT pg_temp.try($$SELECT reject_dispute(1, 7, 'no')$$);
SELECT pg_temp.try($$SELECT approve_dispute(1, 1, 'forget')$$);
SELECT pg_temp.try($$SELECT approve_dispute(1, 1, 'credit', 30.01)$$);
SELECT pg_temp.try($$UPDATE dispute SET amount = 1$$);
SELECT pg_temp.try($$DELETE FROM dispute_event$$);
SELECT count(*) FROM dispute_event;

-- What the policy spares: disputed amounts in the exposure, and in what is past due.
SELECT outcome, exposure FROM check_credit(1, 40);
INSERT INTO exposure_policy (counts_disputed) VALUES (false);
SELECT outcome, exposure FROM check_credit(1, 40);
INSERT INTO check_rule (rule_no, kind, threshold) VALUES (50, 'overdue_amount', 100), (60, 'oldest_overdue', 0);
SELECT c ->> 'kind' AS kind, CASE c ->> 'kind' WHEN 'overdue_amount' THEN c ->> 'figure' END AS figure, c ->> 'outcome' AS outcome
FROM check_credit(1, 0) k, jsonb_array_elements(k.checks) c WHERE c ->> 'kind' LIKE '%overdue%';
UPDATE exposure_policy SET disputed_overdue = false;
SELECT c ->> 'kind' AS kind, CASE c ->> 'kind' WHEN 'overdue_amount' THEN c ->> 'figure' END AS figure, c ->> 'outcome' AS outcome
FROM check_credit(1, 0) k, jsonb_array_elements(k.checks) c WHERE c ->> 'kind' LIKE '%overdue%';
SELECT kind, finding, remedy_amount FROM explain_credit(1) WHERE kind = 'overdue_amount';
-- Disputed as a whole, no item is past due.
SELECT open_dispute(1, 1, NULL, 'quantity') AS rest, open_dispute(1, 2, NULL, 'service') AS other;
SELECT c ->> 'kind' AS kind, c ->> 'figure' AS figure, c ->> 'outcome' AS outcome
FROM check_credit(1, 0) k, jsonb_array_elements(k.checks) c WHERE c ->> 'kind' LIKE '%overdue%';
SELECT exposure FROM check_credit(1, 0);

-- Decided: the customer is wrong, or right in one way or another.
SELECT investigate_dispute(1, 3, 'the technician was there', p_owner => 'ben');
SELECT reject_dispute(1, 3, 'signed for', 'misunderstanding');
SELECT pg_temp.try($$SELECT investigate_dispute(1, 3, 'once more')$$);
SELECT approve_dispute(1, 2, 'write_off', 90, 'not worth the quarrel') > 0 AS written_off;
SELECT approve_dispute(1, 1, 'credit', p_note => 'the list says 7', p_root_cause => 'price list', p_lines => '[{"line_no": 1, "quantity": 10, "unit_price": 2.5}]') AS request;
SELECT pg_temp.try($$SELECT approve_dispute(1, 1, 'credit')$$);
SELECT amount, status, dispute_id FROM credit_requests;
SELECT issue_credit(1, 1) > 0 AS issued;
SELECT dispute_id, state, owner, root_cause, amount, credit_request_id, document_id IS NOT NULL AS document FROM dispute_event ORDER BY dispute_event_id;
SELECT number, open_amount, disputed_amount FROM open_items;
SELECT disputed FROM aging_summary;
SELECT reason_code, root_cause, product, salesperson, disputes, amount, settled, rejected, days_to_resolve FROM root_cause ORDER BY 1;
SELECT open_disputes, open_amount, late, settled, rejected, days_to_resolve, settled_percent FROM dispute_metrics;
SELECT * FROM verify_ledger();

-- A merge takes what is disputed along.
SELECT open_dispute(1, 2, 20, 'service', p_owner => 'anna') AS dispute;
CREATE TEMP TABLE disputes_before AS SELECT sum(disputes) AS n FROM root_cause;
SELECT merge_customers(1, 2, 'one company') AS items;
-- One that moves counts once.
SELECT sum(disputes) = (SELECT n FROM disputes_before) AS counted_once FROM root_cause;
SELECT customer_id, number LIKE 'I-2 of%' AS of_i2, amount, reason_code, state, owner FROM open_disputes;
SELECT * FROM verify_ledger();

-- What was disputed on past days, and as known then: less than that was paid meanwhile, but for what is not disputed any more.
SELECT set_fx_rate('EUR', 2, '2020-01-01');
SELECT add_customer('Heron Garage', 3), post_invoice(3, 'I-5', '2025-01-10', 100, '2025-02-09') > 0 AS posted, post_invoice(3, 'I-6', '2025-03-10', 60, '2025-04-09', 'EUR') > 0 AS posted_too;
SELECT min(item_id) AS i5, max(item_id) AS i6 FROM item WHERE customer_id = 3 \gset
SELECT pg_temp.try(format($$SELECT open_dispute(3, %s, 10, 'service', p_opened_on => '2025-01-09')$$, :i5));
SELECT pg_temp.try(format($$SELECT open_dispute(3, %s, 10, 'service', p_opened_on => current_date + 1)$$, :i5)) LIKE '22023 | a dispute of customer 3 cannot have been opened on %' AS refused;
SELECT pg_temp.try(format($$SELECT open_dispute(3, %s, 10, 'service', p_opened_on => 'infinity')$$, :i5));
SELECT clock_timestamp() AS before \gset
SELECT open_dispute(3, :i5, 40, 'service', p_opened_on => '2025-02-01') AS first, open_dispute(3, :i5, 25, 'damage', p_opened_on => '2025-02-20') AS second,
	open_dispute(3, :i6, 60, 'damage', p_opened_on => '2025-03-20') > 0 AS third \gset
SELECT clock_timestamp() AS opened \gset
SELECT post_payment(3, 'P-5', '2025-03-01', 55) AS p5 \gset
SELECT allocate(3, c.item_id, :i5, 55, '2025-03-01') > 0 AS paid FROM item c WHERE c.document_id = :p5;
SELECT reject_dispute(3, :first, 'no');
-- As if that had been on the 15th of April.
SET session_replication_role = replica;
UPDATE dispute SET ended_on = '2025-04-15' WHERE customer_id = 3 AND dispute_id = :first;
UPDATE dispute_event SET happened_on = '2025-04-15' WHERE customer_id = 3 AND dispute_id = :first AND state = 'rejected';
RESET session_replication_role;
SELECT d::date, a.currency, a.total, a.disputed FROM unnest('{2025-01-31,2025-02-01,2025-02-19,2025-02-20,2025-02-28,2025-03-01,2025-03-20,2025-04-14,2025-04-15}'::date[]) d,
	aging_at(d::date, p_customer_id => 3) a ORDER BY 1, 2;
SELECT item_id = :i5 AS i5, currency, open_amount, disputed_amount FROM disputed_at('2025-03-20', p_customer_id => 3) ORDER BY 1 DESC;
-- Before anything was recorded of them, and before the payment and the end were.
SELECT d::date, a.currency, a.disputed FROM unnest('{2025-02-20,2025-04-15}'::date[]) d, aging_at(d::date, p_known_at => :'before', p_customer_id => 3) a ORDER BY 1, 2;
SELECT d::date, a.currency, a.disputed FROM unnest('{2025-02-20,2025-04-15}'::date[]) d, aging_at(d::date, p_known_at => :'opened', p_customer_id => 3) a ORDER BY 1, 2;
SELECT take_mark('disputes') AS mark \gset
SELECT a.currency, a.disputed FROM aging_at('2025-04-15', p_mark => :mark, p_customer_id => 3) a ORDER BY 1;
-- By brute force on every day: from the last event of each dispute up to it.
SELECT d::date AS differs_on FROM generate_series('2025-01-01'::date, '2025-05-01', '1 day') d
WHERE (SELECT jsonb_object_agg(q.item_id, q.disputed_amount) FROM disputed_at(d::date) q) IS DISTINCT FROM (
	SELECT jsonb_object_agg(i.item_id, LEAST(s.amount, i.amount - i.paid)) FROM (
			SELECT e.customer_id, e.item_id, sum(e.amount) AS amount FROM (
				SELECT DISTINCT ON (v.dispute_id) t.customer_id, t.item_id, t.amount, v.state FROM dispute_event v JOIN dispute t USING (customer_id, dispute_id)
				WHERE v.happened_on <= d::date ORDER BY v.dispute_id, v.dispute_event_id DESC) e
			WHERE e.state IN ('open', 'investigating', 'approved') GROUP BY 1, 2) s
		JOIN (SELECT i.*, COALESCE((SELECT sum(a.amount) FROM allocation a WHERE a.debit_item_id = i.item_id AND a.applied_on <= d::date), 0) AS paid FROM item i) i USING (customer_id, item_id)
	WHERE i.amount > i.paid);
SELECT count(*) AS differ FROM disputed_items v FULL JOIN disputed_at(current_date) a USING (customer_id, item_id, open_amount, disputed_amount) WHERE v.currency IS NULL OR a.currency IS NULL;
SELECT pg_temp.try('SELECT * FROM disputed_at(NULL)'), pg_temp.try($$SELECT * FROM disputed_at('infinity')$$);
SELECT * FROM verify_ledger();

-- What was written past the functions is found and mended.
UPDATE dispute SET state = 'investigating', owner = NULL WHERE customer_id = 2;
SELECT problem, customer_id, kept, recomputed FROM verify_ledger();
SELECT rebuild_ledger() AS mended;
SELECT * FROM verify_ledger();

-- What moves with a merged customer counts once on every day: until the merge for the one, from then on for the other.
CREATE TEMP TABLE disputed_then AS SELECT d::date AS day, q.currency, sum(q.disputed_amount) AS disputed
	FROM generate_series('2025-01-01'::date, '2025-05-01', '1 day') d, disputed_at(d::date) q GROUP BY 1, 2;
SELECT count(*) > 0 AS some_disputed FROM disputed_then;
SELECT merge_customers(3, 2, 'one company', '2025-05-01') AS items;
SELECT customer_id, currency, sum(disputed_amount) FROM disputed_at('2025-05-01') GROUP BY 1, 2 ORDER BY 2;
SELECT day, currency, b.disputed, n.disputed AS now_said FROM disputed_then b
	FULL JOIN (SELECT d::date AS day, q.currency, sum(q.disputed_amount) AS disputed
		FROM generate_series('2025-01-01'::date, '2025-05-01', '1 day') d, disputed_at(d::date) q GROUP BY 1, 2) n USING (day, currency)
	WHERE b.disputed IS DISTINCT FROM n.disputed ORDER BY 1, 2;
SELECT * FROM verify_ledger();

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
