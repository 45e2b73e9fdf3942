-- cash_batches.sql: many receipts at a time come out as one by one, on random customers, rules and receipts.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'Etc/UTC';
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\getenv seed CREDIT_CONTROL_SEED
SELECT set_config('test.seed', :'seed', false) \g /dev/null
SELECT setseed((:'seed'::bigint % 1000000)::float8 / 1000000) \g /dev/null

CREATE TEMP TABLE customers AS
SELECT c, CASE WHEN c > 2 AND random() < 0.2 THEN 1 + floor(random() * 2)::int END AS payer, floor(random() * 7)::int AS rules FROM generate_series(1, 20) c;
CREATE TEMP TABLE invoices AS
SELECT n, 1 + floor(random() * 20)::int AS c, 'INV-' || 20000 + n AS number, date '2026-01-01' + floor(random() * 30)::int AS doc_date,
	CASE WHEN random() < 0.3 THEN 100 ELSE round((10 + random() * 500)::numeric, 2) END AS amount,
	(ARRAY['net 30', 'net 60', 'net 30', '2/10 net 60', 'net 30', '2/10 net 30', '1/2 30, 1/2 60'])[1 + floor(random() * 7)::int] AS terms
FROM generate_series(1, 150) n;
-- Most pay one invoice; some two, some one that is paid already, some another amount, and some do not say for what.
CREATE TEMP TABLE receipts AS
SELECT i.n, date '2026-03-01' + floor(random() * 2)::int AS paid_on, i.c, i.amount + CASE WHEN two THEN j.amount ELSE 0 END AS total,
	i.number || CASE WHEN two THEN ', ' || j.number ELSE '' END AS numbers, c.rules BETWEEN 1 AND 3 AND random() < 0.7 AS silent, random() AS kind, random() AS wrong
FROM (SELECT *, random() < 0.1 AS two FROM invoices) i JOIN customers c USING (c)
	JOIN LATERAL (SELECT x.* FROM invoices x WHERE x.c = i.c ORDER BY x.n = i.n, x.n LIMIT 1) j ON true;

DO $$
DECLARE
	ledger text;
	one record;
BEGIN
	FOREACH ledger IN ARRAY '{batched,single,simulated}'::text[] LOOP
		PERFORM credit.create_ledger(ledger, 'EUR', time_zone => 'Etc/UTC');
		PERFORM set_config('search_path', ledger || ', public', true);
		FOR one IN SELECT * FROM customers ORDER BY c LOOP
			PERFORM add_customer('Customer ' || one.c, one.c, 'K-' || 70000 + one.c, p_payer_id => one.payer);
			-- Rule sets as customers 1 to 6 of a kind have them; the others have the built-in one.
			PERFORM set_cash_rules('of ' || one.c, CASE one.rules WHEN 1 THEN '{oldest_first}'::text[] WHEN 2 THEN '{reference,oldest_first}'
					WHEN 3 THEN '{reference,debtor_designation,oldest_first}' WHEN 4 THEN '{reference,exact_item,oldest_first}' ELSE '{reference,clear_account,pro_rata}' END,
				one.c, p_discounts => CASE one.rules WHEN 2 THEN 'none' WHEN 1 THEN 'unearned' WHEN 3 THEN 'unearned' ELSE 'earned' END,
				p_tolerance_amount => CASE WHEN one.rules IN (3, 4) THEN 1 END, p_overpayment => CASE one.rules WHEN 4 THEN 'adjustment' ELSE 'on_account' END,
				p_underpayment => CASE one.rules WHEN 5 THEN 'deduction' ELSE 'open' END, p_min_confidence => CASE WHEN one.c % 3 = 0 THEN 60 ELSE 90 END)
			WHERE one.rules > 0;
		END LOOP;
		PERFORM post_invoice(i.c, i.number, i.doc_date, i.amount, p_terms => i.terms::credit.payment_terms) FROM (SELECT * FROM invoices ORDER BY n) i;
		PERFORM post_credit_note(c, 'CN-' || 30000 + c, '2026-01-15', 7) FROM customers WHERE c % 4 = 0;
		PERFORM add_receipt('DE1', 'S', n::text, paid_on, round(CASE WHEN wrong < 0.05 THEN total - 0.5 WHEN wrong < 0.08 THEN total * 0.98
				WHEN wrong < 0.1 THEN total + 30 ELSE total END, 2), 'EUR',
			p_customer_id => CASE WHEN kind > 0.9 THEN c::bigint END, p_payer_name => CASE WHEN kind < 0.95 OR silent THEN 'Customer ' || c ELSE 'Somebody else' END,
			p_remittance_text => CASE WHEN silent THEN 'thank you' WHEN kind < 0.8 THEN 'paying ' || numbers WHEN kind < 0.9 THEN lower(replace(numbers, '-', ' ')) WHEN kind < 0.93 THEN 'INV-20001 INV-20002'
				ELSE 'thank you' END)
		FROM (SELECT * FROM receipts ORDER BY n) r;
		EXECUTE format('CREATE VIEW %I.outcome AS SELECT bank_receipt_id, status, customer_id, rule_set, rule_no, rule, confidence, parts, allocations, on_account, blocked, error FROM cash_match', ledger);
		EXECUTE format($f$CREATE VIEW %I.books AS
			SELECT d.customer_id, d.kind, d.number, d.doc_date, d.posting_date, d.amount, d.reference, d.idempotency_key, d.request_digest, i.instalment_no, i.open_amount
			FROM document d JOIN item i USING (customer_id, document_id)$f$, ledger);
		EXECUTE format($f$CREATE VIEW %I.paid AS
			SELECT a.customer_id, c.number AS credit, o.number AS debit, a.amount, a.applied_on, m.bank_receipt_id
			FROM allocation a JOIN item ci ON ci.item_id = a.credit_item_id JOIN document c ON c.document_id = ci.document_id
				JOIN item di ON di.item_id = a.debit_item_id JOIN document o ON o.document_id = di.document_id
				LEFT JOIN cash_allocation l ON l.allocation_id = a.allocation_id LEFT JOIN cash_match m USING (cash_match_id)$f$, ledger);
	END LOOP;
END $$;

-- What is plain is done many at a time; the rest, and all of it in the other ledger, one by one.
CALL batched.apply_cash('r', false, 20) \gset
CALL single.apply_cash('r', false, 0) \gset single_
SELECT :applied = :single_applied AND :proposed = :single_proposed AS as_many, :failed + :single_failed AS failed;
(SELECT 'batched' AS only_in, * FROM (TABLE batched.outcome EXCEPT TABLE single.outcome) d) UNION ALL (SELECT 'single', * FROM (TABLE single.outcome EXCEPT TABLE batched.outcome) d);
(SELECT 'batched' AS only_in, * FROM (TABLE batched.books EXCEPT ALL TABLE single.books) d) UNION ALL (SELECT 'single', * FROM (TABLE single.books EXCEPT ALL TABLE batched.books) d);
(SELECT 'batched' AS only_in, * FROM (TABLE batched.paid EXCEPT ALL TABLE single.paid) d) UNION ALL (SELECT 'single', * FROM (TABLE single.paid EXCEPT ALL TABLE batched.paid) d);
SELECT * FROM batched.verify_ledger() UNION ALL SELECT * FROM single.verify_ledger();

-- Batches did much of it: what is posted together has one record time.
SELECT count(*) FILTER (WHERE together > 1) > 20 AS many_together, count(DISTINCT rule) >= 3 AS several_rules
FROM (SELECT rule, count(*) OVER (PARTITION BY recorded_at) AS together FROM batched.cash_match WHERE status = 'applied') m;

-- A simulation shows what the run would do, and changes nothing.
CREATE TEMP TABLE before AS TABLE simulated.books;
CALL simulated.apply_cash('shown', true);
SELECT count(*) AS changed FROM (TABLE simulated.books EXCEPT ALL TABLE before) d;
SELECT count(*) AS not_as_shown FROM (
	SELECT s.bank_receipt_id, s.customer_id, s.rule, s.confidence, s.parts, s.allocations, s.on_account, s.blocked
	FROM simulated.outcome s WHERE s.status = 'simulated'
	EXCEPT SELECT bank_receipt_id, customer_id, rule, confidence, parts, allocations, on_account, blocked FROM batched.outcome) d;

-- A receipt that fails stops only itself, and the others of its batch are applied.
SELECT set_config('search_path', 'simulated, public', false) \g /dev/null
CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.number = (SELECT 'receipt ' || min(bank_receipt_id) FROM batched.cash_match WHERE status = 'applied' AND rule = 'reference') THEN
		RAISE EXCEPTION 'not today';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON document FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse();
CALL apply_cash('w', false) \gset
SELECT :failed AS failed, :applied >= :single_applied - 5 AS others_applied;
SELECT status, error FROM cash_match WHERE status = 'failed';
DROP TRIGGER refuse ON document;
-- The next run tries it again, and a run that came to its end does nothing more.
CALL apply_cash('w', false);
CALL apply_cash('again', false) \gset
SELECT :failed AS failed;
SELECT * FROM verify_ledger();
RESET search_path;
DROP SCHEMA batched CASCADE;
DROP SCHEMA single CASCADE;
DROP SCHEMA simulated CASCADE;
