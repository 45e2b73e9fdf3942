-- simulating.sql: orders of the past under other rules, and what became of them.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET TIME ZONE 'Etc/UTC';
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('sim', 'USD', time_zone => 'Etc/UTC');
CREATE SCHEMA sim_shop;
SET search_path = sim, public;
CREATE TABLE sim_shop.booking (code text PRIMARY KEY, buyer bigint, value numeric, state text DEFAULT 'open');
SELECT watch_orders('sim_shop.booking', 'buyer', 'value', 'code', $$state IN ('open')$$, mode => 'hold',
	status_column => 'state', open_value => 'open', hold_value => 'on hold');
SELECT count(add_customer('Customer ' || g, g)), count(set_credit_limit(g, 1000)) FROM generate_series(1, 9) g;

-- The kinds of rules are those of the table, each with what it needs.
SELECT string_agg(k.kind, ', ') AS unknown FROM rule_kinds() k
WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = 'check_rule_kind' AND c.conrelid = 'check_rule'::regclass AND pg_get_constraintdef(c.oid) LIKE '%''' || k.kind || '''%');
SELECT count(*) = (SELECT cardinality(regexp_split_to_array(pg_get_constraintdef(c.oid), '::text')) - 1 FROM pg_constraint c
	WHERE c.conname = 'check_rule_kind' AND c.conrelid = 'check_rule'::regclass) AS all_of_them FROM rule_kinds();
BEGIN;
DELETE FROM check_rule;
INSERT INTO check_rule (rule_no, kind, threshold, horizon_days)
SELECT row_number() OVER (), k.kind, CASE WHEN k.breaks <> 'found' THEN 1 END, CASE WHEN k.kind = 'horizon_use' THEN 1 END FROM rule_kinds() k;
SELECT count(*) = (SELECT count(*) FROM rule_kinds()) AS fit FROM policy_rules(current_policy());
ROLLBACK;

-- What happened.  Customer 1 pays in time, 2 late, 3 owes still, 4 never pays; 5 sends nobody an order number.
SELECT post_invoice(3, 'A-0', current_date - 90, 100, current_date - 60) > 0 AS posted;
INSERT INTO sim_shop.booking VALUES ('B-1', 1, 600), ('B-2', 2, 700), ('B-3', 3, 800), ('B-4', 4, 900), ('B-5', 5, 500), ('B-6', 6, 1200);
UPDATE sim_shop.booking SET value = 650 WHERE code = 'B-1';
SELECT count(post_invoice(c, 'I-' || c, current_date - 50, 100 * c, current_date - 20, p_order_id => 'B-' || c)) FROM generate_series(1, 4) c;
SELECT count(post_payment(c, 'P-' || c, current_date - CASE c WHEN 1 THEN 20 ELSE 15 END, 100 * c)) FROM generate_series(1, 2) c;
SELECT count(apply_payment(d.customer_id, d.document_id)) FROM document d WHERE d.kind = 'payment';
SELECT write_off(4, i.item_id, 'bankrupt', 300) > 0 AS lost FROM item i WHERE i.customer_id = 4 AND i.amount > 0;
SELECT post_invoice(5, 'I-5', current_date + 10, 450, current_date + 40) > 0 AS posted;

-- The rules in force come to what was recorded.
SELECT order_id, amount, outcome_then, outcome_simulated, rule_no, kind, figure, threshold, unknown, linked_by, invoiced, open_amount, overdue, paid_late, written_off, days_late, later
FROM simulate_policy() ORDER BY decision_id;
SELECT * FROM simulate_policy_summary() \gx
-- Others hold more, or less: the trade-off, a row for each.
CREATE VIEW public.sim_policies AS SELECT * FROM (VALUES
	('in force', NULL), ('70 percent', '[{"kind": "limit_use", "threshold": 70}]'), ('120 percent', '[{"kind": "limit_use", "threshold": 120}]'),
	('nothing 30 days late', '[{"kind": "limit_use", "threshold": 100}, {"kind": "oldest_overdue", "threshold": 30}]'),
	('no order above 550', '[{"kind": "document_value", "threshold": 550}]'),
	('the same, but for customer 1', '[{"kind": "document_value", "threshold": 550, "exclusions": [{"customer_id": 1}, {"customer_id": 4, "threshold": 950}]}]'),
	('nothing', '[]'), ('not yet', '[{"kind": "document_value", "threshold": 550, "valid_to": "2000-01-01"}]')) v (policy, rules);
SELECT policy, s.orders, s.held, s.held_amount, s.newly_held, s.newly_passed, s.held_bad, s.held_good, s.passed_bad, s.passed_good, s.loss_caught, s.loss_missed
FROM public.sim_policies p, simulate_policy_summary(p.rules::jsonb) s;
SELECT policy, s.order_id, s.outcome_simulated, s.rule_no, s.kind, s.figure, s.threshold FROM public.sim_policies p, simulate_policy(p.rules::jsonb) s
WHERE s.outcome_simulated <> 'approve' AND policy LIKE '%,%' ORDER BY 1, s.decision_id;
-- A payment some days after the due date may be thought to be in time, and an invoice too far off to be the order's.
SELECT order_id, linked_by, later FROM simulate_policy(p_late_days => 5, p_window_days => 9) WHERE customer_id IN (2, 5) ORDER BY 1;
-- Of some days only
SELECT count(*) FROM simulate_policy(p_to => ledger_today() - 1);
SELECT count(*) FROM simulate_policy(p_from => ledger_today(), p_to => ledger_today());

-- Figures are those known then: what is written later changes nothing of the past.
SELECT set_customer_status(1, 'legal'), set_risk_class(2, 'weak');
SELECT place_hold(3, 'late') > 0, set_risk_figure(5, 'score', 1) > 0;
SELECT count(*) FROM simulate_policy() WHERE outcome_simulated <> outcome_then;
SELECT count(*) FROM simulate_policy('[{"kind": "document_value", "threshold": 1, "risk_class": "weak"}, {"kind": "document_value", "threshold": 10000}]') WHERE outcome_simulated = 'hold';
SELECT status, risk_class FROM customer_change ORDER BY customer_id;
UPDATE customer_change SET status = 'closed';
DELETE FROM customer_change;
TRUNCATE customer_change;
INSERT INTO sim_shop.booking VALUES ('B-7', 1, 1), ('B-8', 2, 2) RETURNING state;
SELECT order_id, outcome_then, outcome_simulated, kind FROM simulate_policy('[{"kind": "document_value", "threshold": 1, "risk_class": "weak"}, {"kind": "customer_status"}]')
WHERE order_id IN ('B-7', 'B-8') ORDER BY 1;

-- What nobody recorded is unknown: what came in the same transaction, the orders that ship later, a group's use.
BEGIN;
SELECT post_invoice(7, 'A-1', current_date - 90, 100, current_date - 60) > 0 AS posted;
INSERT INTO sim_shop.booking VALUES ('B-9', 7, 10);
COMMIT;
SELECT outcome_simulated, unknown FROM simulate_policy('[{"kind": "oldest_overdue", "threshold": 30}]') WHERE order_id = 'B-9';
SELECT outcome_simulated, kind, unknown FROM simulate_policy('[{"kind": "oldest_overdue", "threshold": 30}, {"kind": "document_value", "threshold": 5}]') WHERE order_id = 'B-9';
SELECT outcome_simulated, kind, unknown FROM simulate_policy('[{"kind": "oldest_overdue", "threshold": 30, "action": "reject"}, {"kind": "document_value", "threshold": 5}]') WHERE order_id = 'B-9';
-- A rate that came in the order's transaction, too, even where the exposure policy keeps the credit out of what was recorded
SELECT set_fx_rate('EUR', 1, '2000-01-01'), set_risk_class(7, 'public');
INSERT INTO exposure_policy (risk_class, counts_unapplied) VALUES ('public', false);
SELECT post_payment(7, 'P-1', current_date, 30, 'EUR') > 0 AS paid;
INSERT INTO check_rule (rule_no, kind, threshold, action, customer_id) VALUES (50, 'overdue_amount', 1, 'warn', 7);
INSERT INTO sim_shop.booking VALUES ('B-11', 7, 10);
BEGIN;
INSERT INTO sim_shop.booking VALUES ('B-12', 7, 10);
SELECT set_fx_rate('EUR', 2, current_date);
COMMIT;
INSERT INTO sim_shop.booking VALUES ('B-13', 7, 10);
SELECT d.order_id, d.checks @> '[{"kind": "overdue_amount", "figure": 70.00}]' AS seventy, s.outcome_simulated, s.figure, s.unknown
FROM simulate_policy('[{"kind": "overdue_amount", "threshold": 1}]') s JOIN decision d USING (decision_id) WHERE d.order_id IN ('B-11', 'B-12', 'B-13') ORDER BY 1;
DELETE FROM check_rule WHERE rule_no = 50;
-- A class that came in the order's transaction: whether a rule speaks for the missing limit, or the one on its use does.
BEGIN;
SELECT add_customer('No limit', 10) > 0 AS added;
INSERT INTO sim_shop.booking VALUES ('B-14', 10, 10);
SELECT set_risk_class(10, 'weak');
SELECT outcome_simulated, unknown
FROM simulate_policy('[{"kind": "limit_use", "threshold": 100}, {"kind": "limit_missing", "risk_class": "weak", "action": "warn"}]') WHERE order_id = 'B-14';
ROLLBACK;
SELECT DISTINCT outcome_simulated, unknown FROM simulate_policy('[{"kind": "horizon_use", "threshold": 30, "horizon_days": 10}]');
SELECT set_credit_limit(8, 1000, p_kind => 'group') > 0 AS set;
SELECT set_parent(9, 8);
INSERT INTO sim_shop.booking VALUES ('B-10', 9, 100);
SELECT threshold, (SELECT outcome_simulated || ' ' || unknown::text FROM simulate_policy(format('[{"kind": "limit_use", "threshold": %s}]', threshold)::jsonb) WHERE order_id = 'B-10')
FROM (VALUES (100), (10.01), (10), (9.99)) t (threshold);
UPDATE check_rule SET threshold = 90 WHERE rule_no = 30;
SELECT simulate_policy_summary('[{"kind": "oldest_overdue", "threshold": 30}]') IS NOT NULL AS said;
SELECT unknown FROM simulate_policy_summary('[{"kind": "oldest_overdue", "threshold": 30}]');

-- A policy is possible, or refused.
\set VERBOSITY default
SELECT count(*) FROM simulate_policy('{}');
SELECT count(*) FROM simulate_policy('null');
SELECT count(*) FROM simulate_policy('[5]');
SELECT count(*) FROM simulate_policy('[{"kind": "mood", "threshold": 5}]');
SELECT count(*) FROM simulate_policy('[{"threshold": 5}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 5, "colour": 1}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use"}]');
SELECT count(*) FROM simulate_policy('[{"kind": "manual_hold", "threshold": 5}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": -1}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": "NaN"}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": "many"}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1.00001}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1000000}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "action": "shout"}]');
SELECT count(*) FROM simulate_policy('[{"kind": "overdue_amount", "threshold": 1, "grace_days": -1}]');
SELECT count(*) FROM simulate_policy('[{"kind": "horizon_use", "threshold": 1}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "horizon_days": 3}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "valid_from": "2026-02-01", "valid_to": "2026-01-01"}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "valid_from": "2026-02-30"}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "customer_id": 1, "risk_class": "A"}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "customer_id": 1, "group_id": 1}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "group_id": 99999}]');
SELECT count(*) FROM simulate_policy('[{"kind": "score", "threshold": 1, "when_unknown": "maybe"}]');
-- Without a score, when_unknown decides; one for a group is for its members.
SELECT outcome_simulated, count(*) FROM simulate_policy('[{"kind": "score", "threshold": 1, "when_unknown": "reject"}, {"kind": "document_value", "threshold": 1e14}]') GROUP BY 1 ORDER BY 1;
SELECT outcome_simulated, count(*) FROM simulate_policy('[{"kind": "score", "threshold": 1, "when_unknown": "approve", "action": "reject"}, {"kind": "document_value", "threshold": 1e14}]') GROUP BY 1 ORDER BY 1;
SELECT s.customer_id = 1 AS in_group, outcome_simulated, count(*) FROM simulate_policy('[{"kind": "document_value", "threshold": 0, "group_id": 1}, {"kind": "document_value", "threshold": 1e14}]') s GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "customer_id": 99}]');
SELECT count(*) FROM simulate_policy('[{"rule_no": 7, "kind": "limit_use", "threshold": 1}, {"rule_no": 7, "kind": "limit_missing"}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "exclusions": {}}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "exclusions": [{}]}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "exclusions": [{"customer_id": 1, "risk_class": "A"}]}]');
SELECT count(*) FROM simulate_policy('[{"kind": "limit_use", "threshold": 1, "exclusions": [{"customer_id": 1, "action": "warn"}]}]');
SELECT count(*) FROM simulate_policy(p_from => '2026-02-01', p_to => '2026-01-01');
SELECT count(*) FROM simulate_policy(p_from => 'infinity');
SELECT count(*) FROM simulate_policy(p_late_days => -1);
SELECT count(*) FROM simulate_policy(p_window_days => NULL);
\set VERBOSITY terse
DROP VIEW public.sim_policies;
DROP SCHEMA sim, sim_shop CASCADE;
