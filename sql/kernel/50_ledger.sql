-- Making, upgrading and checking ledgers.

CREATE FUNCTION credit.template_version() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 2';
COMMENT ON FUNCTION credit.template_version() IS 'Version of the ledger template in this kernel.';

-- Runs one part of the template in the ledger's schema.  pg_catalog is searched first as always; it is
-- not written out, since objects are created in the first schema that is.
CREATE FUNCTION credit.run_template(ledger name, run_part text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	step record;
BEGIN
	IF pg_catalog.to_regnamespace(pg_catalog.quote_ident(ledger)) IS NULL THEN
		RAISE EXCEPTION 'there is no schema "%"', ledger USING ERRCODE = 'invalid_schema_name';
	END IF;
	PERFORM pg_catalog.set_config('search_path', pg_catalog.format('%I, credit, pg_temp', ledger), true);
	FOR step IN
		SELECT t.body FROM credit.ledger_template() t WHERE run_part IN (t.part, t.part || '/' || t.file)
		UNION ALL
		-- Comments stand with the tables, which run once only; each has a line of its own.
		SELECT m[1] FROM credit.ledger_template() t, pg_catalog.regexp_matches(t.body, '^(COMMENT ON .*;)$', 'gn') m
		WHERE run_part = 'comments' AND t.part = 'tables'
	LOOP
		EXECUTE step.body;
	END LOOP;
END $$;
COMMENT ON FUNCTION credit.run_template(name, text) IS 'Runs a part of the ledger template in a schema, or one file of it (part/file), or the comments alone of its tables. Used by create_ledger() and upgrade_ledger().';

CREATE FUNCTION credit.create_ledger(
	name text DEFAULT 'ar', base_currency text DEFAULT 'USD', aging_buckets credit.aging_buckets DEFAULT '0,30,60,90',
	time_zone text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF name IS NULL OR base_currency IS NULL OR aging_buckets IS NULL THEN
		RAISE EXCEPTION 'ledger name, base currency and aging buckets must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF name = '' THEN
		RAISE EXCEPTION 'ledger name must not be empty' USING ERRCODE = 'invalid_name';
	END IF;
	IF pg_catalog.octet_length(name) > 63 THEN
		RAISE EXCEPTION 'ledger name "%" is too long', name
			USING ERRCODE = 'name_too_long',
				DETAIL = pg_catalog.format('It has %s bytes; a schema''s name has at most 63.', pg_catalog.octet_length(name));
	END IF;
	-- search_path reads this name as somebody's.
	IF name = '$user' THEN
		RAISE EXCEPTION 'ledger name "%" is not possible', name USING ERRCODE = 'invalid_name';
	END IF;
	PERFORM credit.minor_unit(base_currency);
	-- Refuses what is no time zone; the setting itself ends with this function.
	PERFORM pg_catalog.set_config('TimeZone', COALESCE(time_zone, pg_catalog.current_setting('TimeZone')), true);
	IF EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = name) THEN
		RAISE EXCEPTION 'schema "%" exists already', name
			USING ERRCODE = 'duplicate_schema',
				HINT = 'A ledger is created with a schema of its own: choose another name.';
	END IF;
	EXECUTE pg_catalog.format('CREATE SCHEMA %I', name);
	EXECUTE pg_catalog.format('COMMENT ON SCHEMA %I IS %L', name, 'credit_control ledger in ' || base_currency);
	PERFORM credit.run_template(name::name, 'tables');
	EXECUTE pg_catalog.format(
		'INSERT INTO %I.ledger_info (template_version, base_currency, aging_buckets, time_zone) VALUES ($1, $2, $3, $4)', name)
		USING credit.template_version(), base_currency, aging_buckets, COALESCE(time_zone, pg_catalog.current_setting('TimeZone'));
	PERFORM credit.run_template(name::name, 'code');
END $$;
COMMENT ON FUNCTION credit.create_ledger(text, text, credit.aging_buckets, text) IS 'Creates a ledger: a schema of that name with its tables, views, functions and triggers, owned by the caller. base_currency: ISO 4217 code. aging_buckets: upper bounds in days past due of the columns of view aging_summary. time_zone: whose calendar says what day it is; default the session''s.';

CREATE FUNCTION credit.upgrade_ledger(ledger name) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	version integer;
	owner name;
	functions name[];
	grantees text[];
BEGIN
	IF ledger IS NULL THEN
		RAISE EXCEPTION 'ledger name must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF pg_catalog.to_regclass(pg_catalog.format('%I.ledger_info', ledger)) IS NULL THEN
		RAISE EXCEPTION 'there is no ledger "%"', ledger
			USING ERRCODE = 'undefined_table', HINT = 'credit.create_ledger() makes one.';
	END IF;
	SELECT pg_catalog.pg_get_userbyid(c.relowner) INTO owner FROM pg_catalog.pg_class c
	WHERE c.oid = pg_catalog.to_regclass(pg_catalog.format('%I.exposure', ledger));
	-- What it makes belongs to whoever runs it, and the ledger's functions act with the owner's rights.
	IF owner <> current_user THEN
		RAISE EXCEPTION 'ledger "%" belongs to role "%"', ledger, owner
			USING ERRCODE = 'insufficient_privilege', HINT = pg_catalog.format('SET ROLE %I; then call upgrade_ledger() again.', owner);
	END IF;
	EXECUTE pg_catalog.format('SELECT template_version FROM %I.ledger_info FOR UPDATE', ledger) INTO STRICT version;
	IF version > credit.template_version() THEN
		RAISE EXCEPTION 'ledger "%" is of template version %, newer than this kernel''s version %', ledger, version, credit.template_version()
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = 'Install the newer credit_control and run ALTER EXTENSION credit_control UPDATE first.';
	END IF;
	IF version < credit.template_version() THEN
		-- Functions whose arguments change are dropped and made anew: whoever might call them may go on.
		SELECT pg_catalog.array_agg(p.proname), pg_catalog.array_agg(pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee))
			|| CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
		INTO functions, grantees
		FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) a
		WHERE p.pronamespace = pg_catalog.quote_ident(ledger)::regnamespace AND a.grantee NOT IN (0, p.proowner)
			-- It posted four plain kinds then; now write-offs, refunds and reversals too, which is for the owner to grant.
			AND NOT (version < 2 AND p.proname = 'post_document');
	END IF;
	IF version < 2 THEN
		PERFORM credit.run_template(ledger, 'tables/28_hold_reason.sql');
		PERFORM credit.run_template(ledger, 'upgrade/2.sql');
		PERFORM credit.run_template(ledger, 'tables/25_life.sql');
		PERFORM credit.run_template(ledger, 'tables/33_rules.sql');
		PERFORM credit.run_template(ledger, 'tables/34_reevaluation.sql');
		PERFORM credit.run_template(ledger, 'tables/35_chain.sql');
		PERFORM credit.run_template(ledger, 'tables/36_order_release.sql');
		PERFORM credit.run_template(ledger, 'tables/37_customer_change.sql');
		PERFORM credit.run_template(ledger, 'tables/40_authority.sql');
		PERFORM credit.run_template(ledger, 'tables/45_cash.sql');
		PERFORM credit.run_template(ledger, 'tables/42_credit_file.sql');
		PERFORM credit.run_template(ledger, 'tables/43_scoring.sql');
		PERFORM credit.run_template(ledger, 'tables/44_recommendation.sql');
		PERFORM credit.run_template(ledger, 'tables/45_application.sql');
		PERFORM credit.run_template(ledger, 'tables/46_review.sql');
		PERFORM credit.run_template(ledger, 'tables/50_dispute.sql');
		PERFORM credit.run_template(ledger, 'tables/52_credit_request.sql');
		PERFORM credit.run_template(ledger, 'tables/54_core.sql');
		PERFORM credit.run_template(ledger, 'tables/56_record.sql');
		PERFORM credit.run_template(ledger, 'tables/60_contact.sql');
		PERFORM credit.run_template(ledger, 'tables/62_promise.sql');
		PERFORM credit.run_template(ledger, 'tables/63_payment_plan.sql');
		PERFORM credit.run_template(ledger, 'tables/64_escalation.sql');
		PERFORM credit.run_template(ledger, 'tables/65_dunning.sql');
		PERFORM credit.run_template(ledger, 'tables/66_interest.sql');
		PERFORM credit.run_template(ledger, 'tables/67_contact_law.sql');
		PERFORM credit.run_template(ledger, 'tables/68_outbox.sql');
		PERFORM credit.run_template(ledger, 'tables/69_worklist.sql');
		PERFORM credit.run_template(ledger, 'tables/70_period.sql');
		PERFORM credit.run_template(ledger, 'tables/72_snapshot.sql');
		PERFORM credit.run_template(ledger, 'tables/74_dimension.sql');
		PERFORM credit.run_template(ledger, 'tables/76_account.sql');
		PERFORM credit.run_template(ledger, 'tables/78_allowance.sql');
	END IF;
	PERFORM credit.run_template(ledger, 'code');
	IF version < 2 THEN
		PERFORM credit.run_template(ledger, 'upgrade/2_chain.sql');
	END IF;
	IF version < credit.template_version() THEN
		PERFORM credit.run_template(ledger, 'comments');
	END IF;
	FOR i IN 1 .. COALESCE(pg_catalog.cardinality(functions), 0) LOOP
		IF pg_catalog.to_regproc(pg_catalog.format('%I.%I', ledger, functions[i])) IS NOT NULL THEN
			EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %I.%I TO %s', ledger, functions[i], grantees[i]);
		END IF;
	END LOOP;
	EXECUTE pg_catalog.format('UPDATE %I.ledger_info SET template_version = $1', ledger) USING credit.template_version();
	RETURN credit.template_version();
END $$;
COMMENT ON FUNCTION credit.upgrade_ledger(name) IS 'Brings a ledger to this kernel''s template: table changes once, then all views, functions and triggers by CREATE OR REPLACE. Returns the template version. Also mends a ledger whose schema was renamed. Run as the ledger''s owner.';

-- Not to_regclass(): that asks for a right on the schema, which the ledger's owner need not have.
CREATE FUNCTION credit.table_oid(table_schema text, table_name text) RETURNS oid
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
	WHERE n.nspname OPERATOR(pg_catalog.=) table_schema::name AND c.relname OPERATOR(pg_catalog.=) table_name::name);
COMMENT ON FUNCTION credit.table_oid(text, text) IS 'OID of a relation by schema and name, NULL if there is none; asks for no right.';

CREATE FUNCTION credit.trigger_ledger(tgargs bytea) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN CASE WHEN pg_catalog.length(tgargs) > 0
	THEN pg_catalog.convert_from(pg_catalog.substring(tgargs, 1, pg_catalog.length(tgargs) - 1), pg_catalog.getdatabaseencoding()) END;
COMMENT ON FUNCTION credit.trigger_ledger(bytea) IS 'The ledger that an enforce_hold trigger belongs to, from pg_trigger.tgargs.';

CREATE FUNCTION credit.is_watchable(table_schema text, table_name text, customer_column text, amount_column text, order_id_column text,
	currency_column text, status_column text, open_when text, hold boolean, ship_date_column text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM credit.check_watched(table_schema, table_name, customer_column, amount_column, order_id_column,
		currency_column, status_column, open_when, hold, ship_date_column);
	RETURN true;
EXCEPTION WHEN syntax_error_or_access_rule_violation OR invalid_schema_name THEN
	RETURN false;
END $$;
COMMENT ON FUNCTION credit.is_watchable(text, text, text, text, text, text, text, text, boolean, text) IS 'Whether a registered order table is still what watch_orders() let in. Reads catalogs only.';

-- Whoever runs this, a superuser perhaps, must run nothing of the ledger's or the order tables' owners: it
-- calls kernel functions only, and reads the ledger's tables only where they are tables.
CREATE FUNCTION credit.check_ledger(ledger name)
RETURNS TABLE (problem text, object text, detail text, hint text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	nsp oid;
	ledger_owner oid;
	version integer;
BEGIN
	SELECT n.oid INTO nsp FROM pg_catalog.pg_namespace n WHERE n.nspname = ledger;
	SELECT c.relowner INTO ledger_owner FROM pg_catalog.pg_class c WHERE c.relnamespace = nsp AND c.relname = 'exposure';
	IF nsp IS NULL OR ledger_owner IS NULL THEN
		RAISE EXCEPTION 'there is no ledger "%"', ledger
			USING ERRCODE = 'undefined_table', HINT = 'credit.create_ledger() makes one.';
	END IF;

	IF (SELECT count(*) FROM pg_class c WHERE c.relnamespace = nsp AND c.relname IN ('ledger_info', 'watched_table')
			AND c.relkind = 'r' AND c.relowner = ledger_owner AND NOT c.relrowsecurity) < 2 THEN
		RETURN QUERY SELECT 'not a ledger''s table'::text, 'ledger_info or watched_table'::text,
			'One of them is gone, no table, has row security or another owner: nothing more was looked at.'::text, NULL::text;
		RETURN;
	END IF;
	EXECUTE pg_catalog.format('SELECT template_version FROM %I.ledger_info', ledger) INTO version;
	IF version IS DISTINCT FROM credit.template_version() THEN
		RETURN QUERY SELECT 'old template'::text, ledger::text,
			pg_catalog.format('The ledger is of version %s, the kernel of version %s.', version, credit.template_version()),
			pg_catalog.format('SELECT credit.upgrade_ledger(%L);', ledger);
	END IF;

	-- Every function, view and table of the template, by what the template's text creates.
	RETURN QUERY
		WITH wanted AS (
			SELECT DISTINCT pg_catalog.lower(m[1]) AS what, m[2] AS obj
			FROM credit.ledger_template() t,
				pg_catalog.regexp_matches(t.body, '^CREATE (?:OR REPLACE )?(TABLE|VIEW|FUNCTION|TRIGGER) ([a-z_0-9]+)', 'gn') m
			UNION
			-- These two are made by format(): a view's columns follow the ledger's buckets, and a procedure that commits
			-- has no search_path of its own.
			SELECT 'view', 'aging_summary' UNION ALL SELECT 'function', 'reevaluate_holds' UNION ALL SELECT 'function', 'apply_cash'
			UNION ALL SELECT 'function', 'match_all_credit_notes')
		SELECT 'missing ' || w.what, w.obj, NULL::text, pg_catalog.format('SELECT credit.upgrade_ledger(%L);', ledger)
		FROM wanted w
		WHERE NOT CASE w.what
			WHEN 'function' THEN EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = nsp AND p.proname = w.obj)
			WHEN 'trigger' THEN EXISTS (SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
				WHERE c.relnamespace = nsp AND t.tgname = w.obj)
			ELSE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = nsp AND c.relname = w.obj) END
		ORDER BY 1, 2;

	-- Functions hold the schema's name; a renamed schema leaves them pointing at the old one.
	RETURN QUERY
		SELECT 'function of another schema'::text, p.oid::regprocedure::text, p.proconfig::text,
			pg_catalog.format('SELECT credit.upgrade_ledger(%L);', ledger)
		FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = nsp AND NOT COALESCE(p.proconfig, '{}')
			@> ARRAY[pg_catalog.format('search_path=%s, credit, pg_temp', pg_catalog.quote_ident(ledger))]
			AND p.proname IN (SELECT m[1] FROM credit.ledger_template() t,
				pg_catalog.regexp_matches(t.body, '^CREATE OR REPLACE FUNCTION ([a-z_0-9]+)', 'gn') m)
		ORDER BY 2;

	-- A trigger that does not fire keeps no promise.
	RETURN QUERY
		SELECT 'disabled trigger'::text, pg_catalog.format('%s on %s', t.tgname, t.tgrelid::regclass), NULL::text,
			pg_catalog.format('ALTER TABLE %s ENABLE TRIGGER %I; then SELECT %I.rebuild_ledger();', t.tgrelid::regclass, t.tgname, ledger)
		FROM pg_catalog.pg_trigger t
			JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
			JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
		WHERE p.pronamespace = 'credit'::regnamespace
			AND (t.tgenabled NOT IN ('O', 'A') OR (t.tgname IN ('check_rule_changed', 'check_exclusion_changed', 'exposure_policy_changed') AND t.tgenabled <> 'A'))
			AND (c.relnamespace = nsp OR (p.proname = 'enforce_hold' AND credit.trigger_ledger(t.tgargs) = ledger))
		ORDER BY 2;

	-- Registered order tables that are gone, renamed, or without this ledger's triggers.  (A ledger of version 1 has no
	-- ship_date_column.)
	RETURN QUERY EXECUTE pg_catalog.format($q$
		SELECT CASE WHEN c.oid IS NULL THEN 'watched table is gone'
				WHEN NOT credit.is_watchable(w.table_schema, w.table_name, w.customer_column, w.amount_column, w.order_id_column, w.currency_column, w.status_column, w.open_when, w.mode = 'hold', to_jsonb(w) ->> 'ship_date_column') THEN 'watched table was altered'
				ELSE 'watched table without its triggers' END,
			format('%%I.%%I', w.table_schema, w.table_name), NULL::text,
			format('SELECT %%I.unwatch_orders(%%L); then watch_orders() again.', %1$L, format('%%I.%%I', w.table_schema, w.table_name))
		FROM %1$I.watched_table w
			LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)
				ON n.nspname = w.table_schema AND c.relname = w.table_name
		WHERE c.oid IS NULL OR NOT credit.is_watchable(w.table_schema, w.table_name, w.customer_column, w.amount_column, w.order_id_column, w.currency_column, w.status_column, w.open_when, w.mode = 'hold', to_jsonb(w) ->> 'ship_date_column') OR (SELECT count(*) FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
			WHERE t.tgrelid = c.oid AND p.proname = 'enforce_hold' AND p.pronamespace = 'credit'::regnamespace
				AND credit.trigger_ledger(t.tgargs) = %1$L)
			< CASE w.mode WHEN 'hold' THEN 4 ELSE 3 END
		ORDER BY 2$q$, ledger);

	-- Triggers of this ledger on tables that are not registered refuse every write.
	RETURN QUERY EXECUTE pg_catalog.format($q$
		SELECT DISTINCT 'table has triggers but is not watched'::text, format('%%I.%%I', n.nspname, c.relname), NULL::text,
			format('SELECT %%I.unwatch_orders(%%L); or watch_orders() again.', %1$L, format('%%I.%%I', n.nspname, c.relname))
		FROM pg_catalog.pg_trigger t
			JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
			JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
			JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE p.proname = 'enforce_hold' AND p.pronamespace = 'credit'::regnamespace
			AND credit.trigger_ledger(t.tgargs) = %1$L AND NOT c.relispartition
			AND NOT EXISTS (SELECT FROM %1$I.watched_table w WHERE w.table_schema = n.nspname AND w.table_name = c.relname)
		ORDER BY 2$q$, ledger);

	-- What is written on another server is not counted.
	RETURN QUERY EXECUTE pg_catalog.format($q$
		SELECT 'foreign partition'::text, p.relid::regclass::text, NULL::text,
			format('ALTER TABLE %%I.%%I DETACH PARTITION %%s;', w.table_schema, w.table_name, p.relid::regclass)
		FROM %1$I.watched_table w,
			pg_catalog.pg_partition_tree(credit.table_oid(w.table_schema, w.table_name)) p
			JOIN pg_class c ON c.oid = p.relid AND c.relkind = 'f'
		ORDER BY 2$q$, ledger);

	-- Each trigger has its name; another one would refuse every write.
	RETURN QUERY
		SELECT 'trigger not made by watch_orders()'::text, format('%s on %s', t.tgname, t.tgrelid::regclass), NULL::text,
			format('DROP TRIGGER %I ON %s;', t.tgname, t.tgrelid::regclass)
		FROM pg_trigger t
		WHERE t.tgfoid = 'credit.enforce_hold()'::regprocedure AND t.tgparentid = 0 AND credit.trigger_ledger(t.tgargs) = ledger
			AND t.tgname NOT IN ('credit_control_gather', 'credit_control_settle', 'credit_control_truncate', 'zz_credit_control_decide')
		ORDER BY 2;

	-- Old-style children inherit rows but no triggers.
	RETURN QUERY EXECUTE pg_catalog.format($q$
		SELECT 'watched table has inheritance children'::text, i.inhrelid::regclass::text, NULL::text,
			format('ALTER TABLE %%s NO INHERIT %%I.%%I;', i.inhrelid::regclass, w.table_schema, w.table_name)
		FROM %1$I.watched_table w
			JOIN pg_catalog.pg_inherits i ON i.inhparent = credit.table_oid(w.table_schema, w.table_name)
			JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND NOT c.relispartition
		ORDER BY 2$q$, ledger);

	-- A TRUNCATE of one partition fires no trigger of the partitioned table.
	RETURN QUERY EXECUTE pg_catalog.format($q$
		SELECT 'partition without TRUNCATE trigger'::text, p.relid::regclass::text, NULL::text,
			format('SELECT %%1$I.watch_partitions(%%2$L); and if it had open orders when attached: SELECT %%1$I.rebuild_ledger();', %1$L, format('%%I.%%I', w.table_schema, w.table_name))
		FROM %1$I.watched_table w,
			pg_catalog.pg_partition_tree(credit.table_oid(w.table_schema, w.table_name)) p
		WHERE p.level > 0 AND (SELECT c.relkind FROM pg_class c WHERE c.oid = p.relid) <> 'f' AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
			WHERE t.tgrelid = p.relid AND t.tgname = 'credit_control_truncate')
		ORDER BY 2$q$, ledger);

	-- Derived tables are written by triggers only; documents and allocations are only added to, and what
	-- triggers and defaults fill is not for a loader to say.
	RETURN QUERY
		WITH granted AS (
			SELECT c.oid AS rel, c.relname, NULL::name AS col, a.privilege_type, a.grantee
			FROM pg_class c, aclexplode(c.relacl) a
			WHERE c.relnamespace = nsp AND c.relkind IN ('r', 'p')
			UNION ALL
			SELECT c.oid, c.relname, t.attname, a.privilege_type, a.grantee
			FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
			WHERE c.relnamespace = nsp AND c.relkind IN ('r', 'p'))
		SELECT 'excess right'::text,
			format('%s%s on %s', g.privilege_type, ' (' || quote_ident(g.col) || ')', g.rel::regclass),
			'granted to ' || CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END,
			format('REVOKE %s%s ON %s FROM %s;', g.privilege_type, ' (' || quote_ident(g.col) || ')', g.rel::regclass,
				CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END)
		FROM granted g
		WHERE g.grantee <> ledger_owner AND CASE g.privilege_type
			WHEN 'SELECT' THEN false
			WHEN 'REFERENCES' THEN false
			WHEN 'UPDATE' THEN g.relname NOT IN ('customer', 'check_rule')
			WHEN 'INSERT' THEN COALESCE((g.relname, g.col) NOT IN (
				('customer', 'customer_id'), ('customer', 'name'), ('customer', 'number'), ('customer', 'terms'),
				('customer', 'currency'), ('customer', 'payer_id'),
				('document', 'customer_id'), ('document', 'kind'), ('document', 'number'), ('document', 'doc_date'),
				('document', 'posting_date'), ('document', 'due_date'), ('document', 'currency'), ('document', 'amount'), ('document', 'reference'),
				('document', 'side'), ('document', 'terms'), ('document', 'received_on'), ('document', 'clears_on'), ('document', 'sold_to_id'),
				('document', 'order_id'), ('document', 'fx_rate'), ('document', 'reason'), ('document', 'idempotency_key'),
				('document_line', 'customer_id'), ('document_line', 'document_id'), ('document_line', 'line_no'), ('document_line', 'product'),
				('document_line', 'description'), ('document_line', 'quantity'), ('document_line', 'unit_price'), ('document_line', 'net_amount'),
				('document_line', 'tax_rate'), ('document_line', 'tax_amount'), ('document_line', 'line_total'),
				('allocation', 'customer_id'), ('allocation', 'credit_item_id'), ('allocation', 'debit_item_id'),
				('allocation', 'amount'), ('allocation', 'applied_on'), ('allocation', 'reverses')), true)
			ELSE true END
		UNION ALL
		SELECT 'excess right', 'EXECUTE on ' || p.oid::regprocedure, 'granted to PUBLIC',
			format('REVOKE EXECUTE ON %s %s FROM PUBLIC;', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::regprocedure)
		FROM pg_proc p, aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a
		WHERE p.pronamespace = nsp AND a.grantee = 0
		UNION ALL
		SELECT 'excess right', format('CREATE on schema %I', ledger),
			'granted to ' || CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END,
			format('REVOKE CREATE ON SCHEMA %I FROM %s;', ledger, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
		FROM pg_namespace n, aclexplode(n.nspacl) a
		WHERE n.oid = nsp AND a.privilege_type = 'CREATE' AND a.grantee <> ledger_owner
		ORDER BY 2, 3;
	RETURN QUERY
		SELECT 'another owner'::text, c.oid::regclass::text, 'owned by ' || pg_get_userbyid(c.relowner),
			'Find out what it is; what does not belong to the ledger is to be dropped.'::text
		FROM pg_class c
		WHERE c.relnamespace = nsp AND c.relkind IN ('r', 'p', 'v', 'S') AND c.relowner <> ledger_owner
		ORDER BY 2;
END $$;
COMMENT ON FUNCTION credit.check_ledger(name) IS 'What differs from the template and from what is safe: old version, missing objects, disabled triggers, watched tables that are gone or unguarded, excess rights. No rows when all is well.';
