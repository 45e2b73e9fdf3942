-- Trigger functions: on a ledger's own tables, and on any table of orders.

CREATE FUNCTION credit.post_customer() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_post_customer';
COMMENT ON FUNCTION credit.post_customer() IS 'Trigger on a ledger''s customer: gives every customer its exposure row.';

CREATE FUNCTION credit.post_document() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_post_document';
COMMENT ON FUNCTION credit.post_document() IS 'Trigger on a ledger''s document: checks a document, makes its open item, adds it to the exposure.';

CREATE FUNCTION credit.post_allocation() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_post_allocation';
COMMENT ON FUNCTION credit.post_allocation() IS 'Trigger on a ledger''s allocation: refuses what exceeds the open amounts, keeps them and the exposure.';

CREATE FUNCTION credit.post_chain() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_post_chain';
COMMENT ON FUNCTION credit.post_chain() IS 'Trigger on a ledger''s append-only tables: adds what was written to the customer''s audit chain; its argument is the table''s name in the template.';

CREATE FUNCTION credit.entry_digest(source text, entry record) RETURNS bytea
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'cc_entry_digest';
COMMENT ON FUNCTION credit.entry_digest(text, record) IS 'SHA-256 of a row of a chained table: the table''s name, then each column of chain_columns(), as in COPY (FORMAT binary): length as int4 (-1 for NULL) and the type''s binary form; payment terms as text.';

CREATE FUNCTION credit.chain_columns(source text) RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cc_chain_columns';
COMMENT ON FUNCTION credit.chain_columns(text) IS 'The columns of a table that the audit chain covers, in the order of the digest. Error 22023 for a table that is not chained.';

CREATE FUNCTION credit.enforce_hold() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_enforce_hold';
COMMENT ON FUNCTION credit.enforce_hold() IS 'Trigger on any table of orders, attached by a ledger''s watch_orders(): every writer passes the credit check or is refused (RC001, RC002).';

CREATE FUNCTION credit.refuse_change() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_refuse_change';
COMMENT ON FUNCTION credit.refuse_change() IS 'Trigger on append-only tables: refuses UPDATE, DELETE and TRUNCATE with RC008; its argument is the hint.';

CREATE FUNCTION credit.refuse_closed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_refuse_closed';
COMMENT ON FUNCTION credit.refuse_closed() IS 'Trigger on a ledger''s tables of what happened on a business date: refuses new rows of a closed period with RC003; its argument is the column with the date.';

CREATE FUNCTION credit.info_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_info_changed';
COMMENT ON FUNCTION credit.info_changed() IS 'Trigger on a ledger''s ledger_info: makes every session read the last closed day again.';

CREATE FUNCTION credit.rules_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_rules_changed';
COMMENT ON FUNCTION credit.rules_changed() IS 'Trigger on a ledger''s check_rule, check_exclusion and exposure_policy: makes every session read them again.';

CREATE FUNCTION credit.order_condition(orders regclass, condition text, no_generated boolean) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cc_order_condition';
COMMENT ON FUNCTION credit.order_condition(regclass, text, boolean) IS 'Checks a condition on the rows of a table (one immutable expression on its columns, no subquery) and returns it with every name qualified. With no_generated, generated columns are refused. Used by watch_orders().';

CREATE FUNCTION credit.check_watched(table_schema text, table_name text, customer_column text, amount_column text, order_id_column text,
	currency_column text, status_column text, open_when text, hold boolean, ship_date_column text DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cc_check_watched';
COMMENT ON FUNCTION credit.check_watched(text, text, text, text, text, text, text, text, boolean, text) IS 'Raises an error of class 42 or 3F unless a registered order table is still what watch_orders() let in. Reads catalogs only and runs nothing of the table''s owner.';

CREATE FUNCTION credit.check_order(ledger text, customer_id bigint, amount numeric, currency text, record boolean, purpose text DEFAULT 'order',
	ship_date date DEFAULT NULL,
	OUT outcome text, OUT exposure numeric, OUT limit_amount numeric, OUT available numeric, OUT shortfall numeric, OUT checks jsonb)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cc_check_order';
COMMENT ON FUNCTION credit.check_order(text, bigint, numeric, text, boolean, text, date) IS 'What would be decided on a new order, or with purpose shipment on sending goods, with the caller''s own rights on the ledger. Applications call the ledger''s check_credit().';

CREATE FUNCTION credit.settle(ledger text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cc_settle';
COMMENT ON FUNCTION credit.settle(text) IS 'Counts now what this transaction has written straight into a partition, which otherwise is counted at commit. Used before a recount.';

CREATE FUNCTION credit.open_orders(ledger text, table_schema text, table_name text, OUT customer_id bigint, OUT currency text,
	OUT ship_date date, OUT amount numeric)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cc_open_orders';
COMMENT ON FUNCTION credit.open_orders(text, text, text) IS 'The orders of a watched table that count toward exposure, summed per customer, currency and ship date, recounted from its rows as the trigger reads them. Runs as the owner of the table, whose hold trigger is the consent. An error if an open order is nothing the trigger would let in.';
