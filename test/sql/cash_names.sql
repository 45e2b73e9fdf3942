-- cash_names.sql: similar names, with and without pg_trgm.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
CREATE SCHEMA "Some extensions";
SELECT credit.create_ledger('names', 'USD') \g /dev/null
SELECT names.add_customer(name) FROM (VALUES ('Mueller und Soehne GmbH'), ('Mueller & Sohn GmbH'), ('Obst Petersen KG'), ('Petersen Obst KG'), ('Ada')) v (name) \g /dev/null
SELECT names.add_customer('Filler ' || md5(n::text)) FROM generate_series(1, 2000) n \g /dev/null
CREATE VIEW names.who AS
SELECT w.name AS written, s.customer_id, c.name, s.confidence
FROM (VALUES ('MUELLER U. SOEHNE GMBH'), ('Obst Petersen'), ('Adam'), ('nobody')) w (name)
	LEFT JOIN LATERAL names.similar_payers(w.name) s ON true LEFT JOIN names.customer c USING (customer_id);
SELECT count(*) AS indexes FROM pg_indexes WHERE schemaname = 'names' AND indexdef ~ 'gin_trgm_ops';
TABLE names.who;
-- Installed later: the ledger's functions are renewed.
CREATE EXTENSION pg_trgm SCHEMA "Some extensions";
SELECT credit.upgrade_ledger('names');
SELECT indexname, prosrc ~ 'OPERATOR\("Some extensions"\.%\)' AS used FROM pg_indexes, pg_proc
WHERE schemaname = 'names' AND indexdef ~ 'gin_trgm_ops' AND proname = 'similar_payers' AND pronamespace = 'names'::regnamespace;
TABLE names.who;
ANALYZE names.customer;
SET enable_seqscan = off;
EXPLAIN (COSTS off) SELECT FROM names.customer c WHERE c.name OPERATOR("Some extensions".%) 'Mueller';
RESET enable_seqscan;
SELECT * FROM credit.check_ledger('names');
SELECT credit.upgrade_ledger('names');
-- A ledger made where it is there is the same.
SELECT credit.create_ledger('others', 'USD') \g /dev/null
SELECT count(*) AS indexes FROM pg_indexes WHERE schemaname = 'others' AND indexdef ~ 'gin_trgm_ops';
SELECT replace(pg_get_functiondef('others.similar_payers'::regproc), 'others', 'names') = pg_get_functiondef('names.similar_payers'::regproc) AS same;
-- It may be taken away again: so is the index, and an upgrade puts the function right.
DROP EXTENSION pg_trgm CASCADE;
SELECT credit.upgrade_ledger('names');
TABLE names.who;
DROP SCHEMA names CASCADE;
DROP SCHEMA others CASCADE;
DROP SCHEMA "Some extensions";
