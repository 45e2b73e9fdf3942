-- Putting the applications' own order tables under credit control.

CREATE OR REPLACE FUNCTION watch_orders(orders regclass, customer text, amount text, order_id text, open_when text DEFAULT 'true',
	mode text DEFAULT 'reject', status_column text DEFAULT NULL, open_value text DEFAULT NULL, hold_value text DEFAULT NULL,
	currency text DEFAULT NULL, record_decisions boolean DEFAULT true, ship_date text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	rel record;
	col record;
	ledger text := current_schema();
	condition text;
	other text;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'watch_orders() needs a READ COMMITTED transaction'
			USING ERRCODE = 'invalid_transaction_state', DETAIL = 'An older snapshot could miss orders that are open.';
	END IF;
	SELECT c.oid, c.relkind, c.relname, n.nspname, c.relispartition, c.relpersistence, c.relowner INTO rel
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = orders;
	IF rel.oid IS NULL OR customer IS NULL OR amount IS NULL OR order_id IS NULL OR open_when IS NULL THEN
		RAISE EXCEPTION 'order table, its customer, amount and order_id columns and open_when must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF rel.relkind NOT IN ('r', 'p') OR rel.relpersistence = 't' THEN
		RAISE EXCEPTION '"%" is not a table orders can be watched in', orders
			USING ERRCODE = 'wrong_object_type', HINT = 'Watch the base table behind a view, not the view.';
	END IF;
	IF rel.nspname = ledger THEN
		RAISE EXCEPTION '"%" is a table of the ledger itself', orders
			USING ERRCODE = 'wrong_object_type', HINT = 'Watch the application''s table of orders.';
	END IF;
	IF rel.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = orders) THEN
		RAISE EXCEPTION 'table % has inheritance children', orders
			USING ERRCODE = 'wrong_object_type', DETAIL = 'Children inherit rows but no triggers.',
				HINT = 'Partition the table instead.';
	END IF;
	IF EXISTS (SELECT FROM pg_partition_tree(orders) p JOIN pg_class c ON c.oid = p.relid WHERE c.relkind = 'f') THEN
		RAISE EXCEPTION 'table % has a foreign partition', orders
			USING ERRCODE = 'wrong_object_type', DETAIL = 'What is written on the other server would not be counted.';
	END IF;
	IF rel.relispartition THEN
		RAISE EXCEPTION '"%" is a partition', orders
			USING ERRCODE = 'wrong_object_type', HINT = 'Watch the partitioned table.';
	END IF;
	IF NOT pg_has_role(rel.relowner, 'USAGE') THEN
		RAISE EXCEPTION 'must be owner of table %', orders USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF mode IS NULL OR mode NOT IN ('reject', 'hold') THEN
		RAISE EXCEPTION 'unknown mode "%"', mode USING ERRCODE = 'invalid_parameter_value', HINT = 'Modes are reject and hold.';
	END IF;
	IF (mode = 'hold') <> (status_column IS NOT NULL AND open_value IS NOT NULL AND hold_value IS NOT NULL)
		OR (mode = 'reject' AND num_nonnulls(status_column, open_value, hold_value) > 0) THEN
		RAISE EXCEPTION 'mode hold needs a status column and its two values, mode reject takes none'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'For example status_column => ''status'', open_value => ''open'', hold_value => ''credit_hold''.';
	END IF;
	IF open_value = hold_value THEN
		RAISE EXCEPTION 'open_value and hold_value must differ' USING ERRCODE = 'invalid_parameter_value';
	END IF;

	FOR col IN
		SELECT w.role, w.name, a.attname, a.atttypid, a.attgenerated
		FROM (VALUES ('customer', customer), ('amount', amount), ('order_id', order_id), ('currency', currency),
				('status_column', status_column), ('ship_date', ship_date)) w (role, name)
			LEFT JOIN pg_attribute a ON a.attrelid = orders AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped
		WHERE w.name IS NOT NULL
	LOOP
		IF col.attname IS NULL THEN
			RAISE EXCEPTION 'table % has no column "%"', orders, col.name
				USING ERRCODE = 'undefined_column', DETAIL = format('It was given as %s.', col.role);
		END IF;
		IF col.role = 'customer' AND col.atttypid NOT IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
			OR col.role = 'amount' AND col.atttypid NOT IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype)
			OR col.role = 'ship_date' AND col.atttypid <> 'date'::regtype
			OR col.role IN ('status_column', 'currency') AND col.atttypid NOT IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
				AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = col.atttypid AND t.typtype = 'e') THEN
			RAISE EXCEPTION 'column "%" of table % cannot be used as %: it is of type %', col.name, orders, col.role, col.atttypid::regtype
				USING ERRCODE = 'datatype_mismatch',
					HINT = 'customer: an integer type. amount: numeric or an integer type. status_column, currency: text or an enum. ship_date: date.';
		END IF;
		IF col.attgenerated = 'v' OR (col.attgenerated <> '' AND mode = 'hold' AND col.role <> 'order_id') THEN
			RAISE EXCEPTION 'column "%" of table % is generated', col.name, orders
				USING ERRCODE = 'invalid_object_definition',
					DETAIL = 'In mode hold an order is decided on before generated columns have a value; a virtual one never has any.',
					HINT = 'Use mode reject with a stored column, or a plain column.';
		END IF;
	END LOOP;
	-- An expression may use any column.
	IF mode = 'hold' AND EXISTS (SELECT FROM pg_partition_tree(orders) t
			JOIN pg_partitioned_table p ON p.partrelid = t.relid
			LEFT JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs) AND a.attname = status_column
			WHERE a.attname IS NOT NULL OR p.partexprs IS NOT NULL) THEN
		RAISE EXCEPTION 'column "%" of table % is its partition key, or may be part of it', status_column, orders
			USING ERRCODE = 'invalid_object_definition', HINT = 'Use mode reject: a hold would have to move the row.';
	END IF;
	IF mode = 'hold' THEN
		PERFORM check_status_values(orders, status_column, open_value, hold_value);
	END IF;
	condition := credit.order_condition(orders, open_when, mode = 'hold');

	-- Nobody may write an order between counting the open ones and watching the next.
	EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', orders);
	INSERT INTO watched_table AS w (table_schema, table_name, customer_column, amount_column, order_id_column, currency_column,
		open_when, mode, status_column, open_value, hold_value, record_decisions, ship_date_column)
	VALUES (rel.nspname, rel.relname, customer, amount, order_id, currency,
		condition, mode, status_column, open_value, hold_value, record_decisions, ship_date)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table % is watched already', orders
			USING ERRCODE = 'duplicate_object', HINT = 'To change how, call unwatch_orders() first.';
	END IF;
	SELECT credit.trigger_ledger(t.tgargs) INTO other FROM pg_trigger t
	WHERE t.tgrelid = orders AND t.tgfoid = 'credit.enforce_hold()'::regprocedure AND credit.trigger_ledger(t.tgargs) <> ledger
		AND to_regclass(format('%I.watched_table', credit.trigger_ledger(t.tgargs))) IS NOT NULL;
	IF FOUND THEN
		RAISE EXCEPTION 'table % is watched by ledger "%"', orders, other
			USING ERRCODE = 'duplicate_object', HINT = 'An order counts in one ledger only.';
	END IF;
	-- What a rename of the table or of the ledger's schema left behind.
	PERFORM drop_hold_triggers(orders);
	EXECUTE format('CREATE TRIGGER credit_control_gather AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold(%L)', orders, ledger);
	EXECUTE format('CREATE TRIGGER credit_control_settle AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION credit.enforce_hold(%L)', orders, ledger);
	IF mode = 'hold' THEN
		-- Late in the alphabet: what other BEFORE triggers change, it sees.
		EXECUTE format('CREATE TRIGGER zz_credit_control_decide BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold(%L)', orders, ledger);
	END IF;
	PERFORM watch_partitions(orders);

	PERFORM add_open_orders(rel.nspname, rel.relname, 1);
END $$;
COMMENT ON FUNCTION watch_orders(regclass, text, text, text, text, text, text, text, text, text, boolean, text) IS 'Puts a table of orders under credit control: from now on every writer passes the check. customer (who is billed), amount, order_id, currency, status_column, ship_date: names of its columns. open_when: immutable condition; an order counts while it is true. mode reject refuses an order that fails; mode hold saves it with status_column = hold_value. Orders open now are counted. Run it as owner of the table and of the ledger.';

-- A value the column cannot hold would make every order that should be held fail.
CREATE OR REPLACE FUNCTION check_status_values(orders regclass, status_column text, open_value text, hold_value text)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	type text := (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = orders AND a.attname = status_column);
	value text;
	stored text;
	other text;
BEGIN
	-- concat() prints with the type's own output; a cast could be somebody's function.
	FOREACH value IN ARRAY ARRAY[open_value, hold_value] LOOP
		other := stored;
		BEGIN
			EXECUTE format('SELECT concat(%L::%s)', value, type) INTO stored;
		EXCEPTION WHEN data_exception THEN
			stored := NULL;
		END;
		IF rtrim(stored) IS DISTINCT FROM rtrim(value) THEN
			RAISE EXCEPTION 'column "%" of table % cannot hold the value "%"', status_column, orders, value
				USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is of type %s.', type);
		END IF;
	END LOOP;
	IF stored = other THEN
		RAISE EXCEPTION 'open_value and hold_value must differ' USING ERRCODE = 'invalid_parameter_value';
	END IF;
END $$;
COMMENT ON FUNCTION check_status_values(regclass, text, text, text) IS 'Refuses status values that the status column cannot hold. Used by watch_orders().';

CREATE OR REPLACE FUNCTION drop_hold_triggers(orders regclass)
RETURNS boolean LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	old record;
	dropped boolean := false;
BEGIN
	FOR old IN
		SELECT t.tgname, t.tgrelid::regclass AS rel FROM pg_trigger t
		WHERE t.tgfoid = 'credit.enforce_hold()'::regprocedure AND t.tgparentid = 0
			AND (credit.trigger_ledger(t.tgargs) = current_schema() OR to_regnamespace(quote_ident(credit.trigger_ledger(t.tgargs))) IS NULL)
			AND (t.tgrelid = orders OR t.tgrelid IN (SELECT p.relid FROM pg_partition_tree(orders) p))
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', old.tgname, old.rel);
		dropped := true;
	END LOOP;
	RETURN dropped;
END $$;
COMMENT ON FUNCTION drop_hold_triggers(regclass) IS 'Drops the hold triggers of a table and its partitions that are this ledger''s, or of a ledger that is gone; true if there were any. Used by watch_orders() and unwatch_orders().';

CREATE OR REPLACE FUNCTION watch_partitions(orders regclass)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	part regclass;
BEGIN
	IF NOT EXISTS (SELECT FROM watched_table w WHERE credit.table_oid(w.table_schema, w.table_name) = orders) THEN
		RAISE EXCEPTION 'table % is not watched', COALESCE(orders::text, 'null')
			USING ERRCODE = 'undefined_object', HINT = 'Table watched_table lists those that are, as schema.table.';
	END IF;
	-- A TRUNCATE of one partition fires no trigger of the table above it.
	FOR part IN
		SELECT orders UNION SELECT p.relid FROM pg_partition_tree(orders) p
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER credit_control_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION credit.enforce_hold(%L)',
			part, current_schema());
	END LOOP;
END $$;
COMMENT ON FUNCTION watch_partitions(regclass) IS 'Refuses TRUNCATE on a watched table and each of its partitions. Call it after a partition was added; check_ledger() says when.';

CREATE OR REPLACE FUNCTION unwatch_orders(p_table text)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	watched watched_table;
	orders regclass := to_regclass(p_table);
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'unwatch_orders() needs a READ COMMITTED transaction'
			USING ERRCODE = 'invalid_transaction_state', DETAIL = 'An older snapshot could miss orders that are open.';
	END IF;
	PERFORM credit.settle(current_schema());
	SELECT w.* INTO watched FROM watched_table w
	WHERE format('%I.%I', w.table_schema, w.table_name) = p_table
		OR credit.table_oid(w.table_schema, w.table_name) = orders;
	IF watched.table_name IS NOT NULL AND orders_readable(watched.table_schema::name, watched.table_name::name) THEN
		EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', orders);
		PERFORM add_open_orders(watched.table_schema::name, watched.table_name::name, -1);
		PERFORM drop_hold_triggers(orders);
		DELETE FROM watched_table w WHERE w.table_schema = watched.table_schema AND w.table_name = watched.table_name;
	ELSIF watched.table_name IS NOT NULL THEN
		-- Dropped, renamed or altered: what it counted cannot be read from it any more.
		PERFORM drop_hold_triggers(orders);
		DELETE FROM watched_table w WHERE w.table_schema = watched.table_schema AND w.table_name = watched.table_name;
		IF EXISTS (SELECT FROM unreadable_orders()) THEN
			RAISE NOTICE 'other watched tables cannot be read either: until they are unwatched too the exposure stays as it is';
		ELSE
			PERFORM rebuild_ledger();
		END IF;
	ELSIF NOT COALESCE(drop_hold_triggers(orders), false) THEN
		RAISE EXCEPTION 'table % is not watched', p_table
			USING ERRCODE = 'undefined_object', HINT = 'Table watched_table lists those that are, as schema.table.';
	END IF;
END $$;
COMMENT ON FUNCTION unwatch_orders(text) IS 'Ends credit control of an order table (schema.table as registered, also when it is gone or has another name now): drops its triggers and takes its orders out of the exposure.';

-- Add the table's open orders to the exposure, or take them out (p_sign -1), customers in id order.
CREATE OR REPLACE FUNCTION add_open_orders(p_schema name, p_table name, p_sign integer)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	share record;
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	FOR share IN
		SELECT o.customer_id, o.currency, sum(p_sign * o.amount) AS amount, bool_or(o.currency <> base) AS other
		FROM credit.open_orders(current_schema(), p_schema, p_table) o GROUP BY o.customer_id, o.currency ORDER BY o.customer_id, o.currency
	LOOP
		UPDATE exposure e SET ordered = e.ordered + CASE WHEN share.other THEN 0 ELSE share.amount END, has_other_currency = e.has_other_currency OR share.other,
			check_seq = e.check_seq + share.other::integer
		WHERE e.customer_id = share.customer_id AND e.currency = base;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'open orders in %.% of a customer the ledger does not know: %', p_schema, p_table,
				COALESCE(share.customer_id::text, 'null')
				USING ERRCODE = 'foreign_key_violation', HINT = 'Add the customer first, or correct the orders.';
		END IF;
		IF share.other THEN
			INSERT INTO exposure AS e (customer_id, currency, ordered) VALUES (share.customer_id, share.currency, share.amount)
			ON CONFLICT (customer_id, currency) DO UPDATE SET ordered = e.ordered + excluded.ordered;
		END IF;
	END LOOP;
	INSERT INTO order_schedule AS s (customer_id, currency, ship_date, amount)
	SELECT o.customer_id, o.currency, o.ship_date, p_sign * o.amount FROM credit.open_orders(current_schema(), p_schema, p_table) o
	WHERE o.ship_date IS NOT NULL AND o.amount <> 0
	ON CONFLICT (customer_id, currency, ship_date) DO UPDATE SET amount = s.amount + excluded.amount;
	DELETE FROM order_schedule s WHERE s.amount = 0;
END $$;
COMMENT ON FUNCTION add_open_orders(name, name, integer) IS 'Adds a watched table''s open orders to the exposure, or takes them out. Used by watch_orders() and unwatch_orders().';

CREATE OR REPLACE FUNCTION orders_readable(p_schema name, p_table name)
RETURNS boolean LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	RETURN EXISTS (SELECT FROM watched_table w
		WHERE w.table_schema = p_schema AND w.table_name = p_table
			AND credit.is_watchable(w.table_schema, w.table_name, w.customer_column, w.amount_column, w.order_id_column,
				w.currency_column, w.status_column, w.open_when, w.mode = 'hold', w.ship_date_column)
			AND EXISTS (SELECT FROM pg_trigger t
				WHERE t.tgrelid = credit.table_oid(p_schema, p_table) AND t.tgname = 'credit_control_gather'
					AND t.tgfoid = 'credit.enforce_hold()'::regprocedure AND credit.trigger_ledger(t.tgargs) = current_schema()));
END $$;
COMMENT ON FUNCTION orders_readable(name, name) IS 'Whether the orders of a watched table can still be counted: false when it was dropped, renamed, replaced or altered, or has lost its triggers. Runs nothing of the table''s owner.';

CREATE OR REPLACE FUNCTION unreadable_orders()
RETURNS SETOF text LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY SELECT format('%I.%I', w.table_schema, w.table_name) FROM watched_table w
		WHERE NOT orders_readable(w.table_schema::name, w.table_name::name) ORDER BY 1;
END $$;
COMMENT ON FUNCTION unreadable_orders() IS 'The watched tables whose orders cannot be counted any more.';
