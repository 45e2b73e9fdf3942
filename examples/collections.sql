-- A month of collecting: the worklist, a call, a promise that is broken, an agency by approval, and a settlement.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD');
SET search_path = ar, public;

SELECT add_customer('Kestrel Tooling', 17), add_customer('Osprey Boats', 18), add_customer('Heron Paper', 19);
SELECT post_invoice(17, 'I-1', '2026-01-05', 1200, '2026-02-04'), post_invoice(17, 'I-2', '2026-02-01', 800, '2026-03-03'),
	post_invoice(18, 'I-3', '2026-02-01', 300, '2026-03-03'), post_invoice(19, 'I-4', '2026-02-20', 90, '2026-03-22');

-- Who looks after whom.
INSERT INTO collector (person) VALUES ('anna'), ('ben');
INSERT INTO portfolio_rule (rule_no, collector, least_owed) VALUES (10, 'anna', 1000), (20, 'ben', NULL);
SELECT assign_portfolios();

-- The worklist of a day, with its reasons.
SELECT customer_id, points, next_best_action, overdue_amount, days_past_due FROM worklist('anna', '2026-03-10');
SELECT r ->> 'kind' AS kind, r ->> 'figure' AS figure, r ->> 'points' AS points FROM worklist('anna', '2026-03-10') w, jsonb_array_elements(w.rules) r ORDER BY (r ->> 'points')::numeric DESC, 1;
SELECT customer_id, points, next_best_action FROM worklist('ben', '2026-03-10');

-- They call, and promise to pay the older invoice within ten days; only a part comes.
SELECT add_customer_contact(17, 'Ms Hill', 'America/New_York', 'accounts payable');
SELECT record_contact(17, 1, 'phone', 'promised', 'in', 'cash_flow', 'I-1 next week', p_document_ids => '{1}', p_contacted_at => '2026-03-10 15:00+00');
SELECT make_promise(17, '2026-03-20', p_item_ids => '{1}', p_contact_id => 1, p_promised_on => '2026-03-10');
SELECT item_id, reason, amount, until FROM item_protection('2026-03-15');
SELECT apply_payment(17, post_payment(17, 'P-1', '2026-03-19', 400), p_applied_on => '2026-03-19');
SELECT evaluate_promises('2026-03-25');
SELECT promise_id, state, amount, paid_amount, missing, level FROM broken_promises;
SELECT customer_id, points, next_best_action FROM worklist('anna', '2026-03-25');

-- An agency costs a fifth: somebody else approves it.
SELECT set_approval_policy('escalation', true), set_approval_policy('settlement', true);
SELECT grant_authority(session_user, 'actor'), grant_authority('carl', 'escalation', 5000), grant_authority('carl', 'settlement', 200);
BEGIN;
SELECT set_actor('anna'), request_escalation(17, 'agency', '{1}', 'promise broken', 'Hounds & Co', 20) AS escalation;
COMMIT;
SELECT open_escalation(17, 1);
BEGIN;
SELECT set_actor('carl'), approve(17, 1) AS missing;
COMMIT;
SELECT open_escalation(17, 1);
SELECT agency, placed, fee_percent, paid, state FROM placement;
SELECT close_escalation(17, 1, 'they offer a settlement', p_recall => true);

-- 700 at once, and the rest of the 800 is given up, in one approval.
BEGIN;
SELECT set_actor('anna'), propose_settlement(17, '{1}', 700, current_date, 'better than a lawsuit') AS settlement;
COMMIT;
BEGIN;
SELECT set_actor('carl'), approve(17, 2) AS missing;
COMMIT;
SELECT agree_settlement(17, 1);
SELECT apply_payment(17, post_payment(17, 'P-2', current_date, 700));
SELECT evaluate_settlements();
SELECT number, open_amount FROM open_items WHERE customer_id = 17;
SELECT state, written_off FROM settlement_event ORDER BY settlement_event_id;
-- The promise was not kept, and is made good now: check rules forget it.
SELECT evaluate_promises();
SELECT promise_id, state, made_good FROM broken_promises;
SELECT * FROM verify_ledger();
