\echo Use "CREATE EXTENSION credit_control" to load this file. \quit
-- Whoever owns this schema can put functions of his own where ledgers look for ours.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_extension e ON e.extname = 'credit_control'
			WHERE n.nspname = 'credit' AND n.nspowner <> e.extowner) THEN
		RAISE EXCEPTION 'schema "credit" exists already and belongs to somebody else'
			USING ERRCODE = 'duplicate_schema', HINT = 'Rename or drop it, then CREATE EXTENSION credit_control again.';
	END IF;
END $$;

-- Everybody may use the kernel: its functions act with the caller's own rights.
GRANT USAGE ON SCHEMA credit TO PUBLIC;
COMMENT ON SCHEMA credit IS 'credit_control: types, aggregates and functions for trade credit, and the functions that create ledgers.';
-- Aging: how much is open, by how long it is past due.  src/aging*.c, src/aging*.h.

------------------------------------------------------------------------------------------------
-- credit.aging_buckets
------------------------------------------------------------------------------------------------

CREATE TYPE credit.aging_buckets;

CREATE FUNCTION credit.aging_buckets_in(cstring) RETURNS credit.aging_buckets
AS 'MODULE_PATHNAME', 'aging_buckets_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_buckets_out(credit.aging_buckets) RETURNS cstring
AS 'MODULE_PATHNAME', 'aging_buckets_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_buckets_recv(internal) RETURNS credit.aging_buckets
AS 'MODULE_PATHNAME', 'aging_buckets_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_buckets_send(credit.aging_buckets) RETURNS bytea
AS 'MODULE_PATHNAME', 'aging_buckets_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE credit.aging_buckets (
	INPUT = credit.aging_buckets_in,
	OUTPUT = credit.aging_buckets_out,
	RECEIVE = credit.aging_buckets_recv,
	SEND = credit.aging_buckets_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = plain
);

COMMENT ON TYPE credit.aging_buckets IS 'Aging buckets as upper bounds in days past due, inclusive: ''0,30,60,90'' is not due (<= 0), 1-30, 31-60, 61-90, > 90. 1 to 32 bounds, strictly ascending; negative bounds split what is coming due.';
COMMENT ON FUNCTION credit.aging_buckets_in(cstring) IS 'Text input of aging_buckets; spaces around bounds are allowed.';
COMMENT ON FUNCTION credit.aging_buckets_out(credit.aging_buckets) IS 'Text output of aging_buckets: ''0,30,60,90''.';
COMMENT ON FUNCTION credit.aging_buckets_recv(internal) IS 'Binary input of aging_buckets: each bound as int4; checked like text.';
COMMENT ON FUNCTION credit.aging_buckets_send(credit.aging_buckets) IS 'Binary output of aging_buckets: each bound as int4.';

CREATE FUNCTION credit.bucket_label(buckets credit.aging_buckets, n integer) RETURNS text
AS 'MODULE_PATHNAME', 'aging_buckets_label' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.bucket_label(credit.aging_buckets, integer) IS 'Label of bucket n, counted from 1: ''not due'' (or ''<= 29'' when the first bound is not 0), then ''1-30'', last ''> 90''. A bucket of one day shows that day, one that starts below zero ''-29 to 0''. Error 22023 if there is no bucket n.';

CREATE FUNCTION credit.bucket_of(buckets credit.aging_buckets, days integer) RETURNS integer
AS 'MODULE_PATHNAME', 'aging_buckets_bucket_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.bucket_of(credit.aging_buckets, integer) IS 'Number, counted from 1, of the bucket that holds an item so many days past due; days <= 0 means not due.';

CREATE FUNCTION credit.aging_buckets(bounds integer[]) RETURNS credit.aging_buckets
AS 'MODULE_PATHNAME', 'aging_buckets_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.aging_buckets(integer[]) IS 'Aging buckets from an array of upper bounds.';
CREATE FUNCTION credit.bounds(buckets credit.aging_buckets) RETURNS integer[]
AS 'MODULE_PATHNAME', 'aging_buckets_to_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.bounds(credit.aging_buckets) IS 'Upper bounds of aging buckets as an array.';

CREATE CAST (integer[] AS credit.aging_buckets) WITH FUNCTION credit.aging_buckets(integer[]) AS ASSIGNMENT;
COMMENT ON CAST (integer[] AS credit.aging_buckets) IS 'Aging buckets from an array of upper bounds.';
CREATE CAST (credit.aging_buckets AS integer[]) WITH FUNCTION credit.bounds(credit.aging_buckets) AS ASSIGNMENT;
COMMENT ON CAST (credit.aging_buckets AS integer[]) IS 'Upper bounds of aging buckets as an array.';

CREATE FUNCTION credit.aging_buckets_eq(credit.aging_buckets, credit.aging_buckets) RETURNS boolean
AS 'MODULE_PATHNAME', 'aging_buckets_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_buckets_ne(credit.aging_buckets, credit.aging_buckets) RETURNS boolean
AS 'MODULE_PATHNAME', 'aging_buckets_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_buckets_lt(credit.aging_buckets, credit.aging_buckets) RETURNS boolean
AS 'MODULE_PATHNAME', 'aging_buckets_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_buckets_le(credit.aging_buckets, credit.aging_buckets) RETURNS boolean
AS 'MODULE_PATHNAME', 'aging_buckets_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_buckets_ge(credit.aging_buckets, credit.aging_buckets) RETURNS boolean
AS 'MODULE_PATHNAME', 'aging_buckets_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_buckets_gt(credit.aging_buckets, credit.aging_buckets) RETURNS boolean
AS 'MODULE_PATHNAME', 'aging_buckets_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_buckets_cmp(credit.aging_buckets, credit.aging_buckets) RETURNS integer
AS 'MODULE_PATHNAME', 'aging_buckets_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_buckets_hash(credit.aging_buckets) RETURNS integer
AS 'MODULE_PATHNAME', 'aging_buckets_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.aging_buckets_eq(credit.aging_buckets, credit.aging_buckets) IS 'Implements = on aging_buckets.';
COMMENT ON FUNCTION credit.aging_buckets_ne(credit.aging_buckets, credit.aging_buckets) IS 'Implements <> on aging_buckets.';
COMMENT ON FUNCTION credit.aging_buckets_lt(credit.aging_buckets, credit.aging_buckets) IS 'Implements < on aging_buckets.';
COMMENT ON FUNCTION credit.aging_buckets_le(credit.aging_buckets, credit.aging_buckets) IS 'Implements <= on aging_buckets.';
COMMENT ON FUNCTION credit.aging_buckets_ge(credit.aging_buckets, credit.aging_buckets) IS 'Implements >= on aging_buckets.';
COMMENT ON FUNCTION credit.aging_buckets_gt(credit.aging_buckets, credit.aging_buckets) IS 'Implements > on aging_buckets.';
COMMENT ON FUNCTION credit.aging_buckets_cmp(credit.aging_buckets, credit.aging_buckets) IS 'Order of aging_buckets for sorting: bound by bound, a prefix first.';
COMMENT ON FUNCTION credit.aging_buckets_hash(credit.aging_buckets) IS 'Hash of aging_buckets.';

CREATE OPERATOR credit.= (
	LEFTARG = credit.aging_buckets, RIGHTARG = credit.aging_buckets, FUNCTION = credit.aging_buckets_eq,
	COMMUTATOR = OPERATOR(credit.=), NEGATOR = OPERATOR(credit.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR credit.<> (
	LEFTARG = credit.aging_buckets, RIGHTARG = credit.aging_buckets, FUNCTION = credit.aging_buckets_ne,
	COMMUTATOR = OPERATOR(credit.<>), NEGATOR = OPERATOR(credit.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR credit.< (
	LEFTARG = credit.aging_buckets, RIGHTARG = credit.aging_buckets, FUNCTION = credit.aging_buckets_lt,
	COMMUTATOR = OPERATOR(credit.>), NEGATOR = OPERATOR(credit.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR credit.<= (
	LEFTARG = credit.aging_buckets, RIGHTARG = credit.aging_buckets, FUNCTION = credit.aging_buckets_le,
	COMMUTATOR = OPERATOR(credit.>=), NEGATOR = OPERATOR(credit.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR credit.>= (
	LEFTARG = credit.aging_buckets, RIGHTARG = credit.aging_buckets, FUNCTION = credit.aging_buckets_ge,
	COMMUTATOR = OPERATOR(credit.<=), NEGATOR = OPERATOR(credit.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR credit.> (
	LEFTARG = credit.aging_buckets, RIGHTARG = credit.aging_buckets, FUNCTION = credit.aging_buckets_gt,
	COMMUTATOR = OPERATOR(credit.<), NEGATOR = OPERATOR(credit.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR credit.= (credit.aging_buckets, credit.aging_buckets) IS 'Same bounds.';
COMMENT ON OPERATOR credit.<> (credit.aging_buckets, credit.aging_buckets) IS 'Not the same bounds.';
COMMENT ON OPERATOR credit.< (credit.aging_buckets, credit.aging_buckets) IS 'Before, in sorting order.';
COMMENT ON OPERATOR credit.<= (credit.aging_buckets, credit.aging_buckets) IS 'Before or the same, in sorting order.';
COMMENT ON OPERATOR credit.>= (credit.aging_buckets, credit.aging_buckets) IS 'After or the same, in sorting order.';
COMMENT ON OPERATOR credit.> (credit.aging_buckets, credit.aging_buckets) IS 'After, in sorting order.';

-- Aggregates over DISTINCT rows sort by every argument, so the buckets need an order too.
CREATE OPERATOR CLASS credit.aging_buckets_ops DEFAULT FOR TYPE credit.aging_buckets USING btree AS
	OPERATOR 1 credit.<, OPERATOR 2 credit.<=, OPERATOR 3 credit.=, OPERATOR 4 credit.>=, OPERATOR 5 credit.>,
	FUNCTION 1 credit.aging_buckets_cmp(credit.aging_buckets, credit.aging_buckets);
CREATE OPERATOR CLASS credit.aging_buckets_ops DEFAULT FOR TYPE credit.aging_buckets USING hash AS
	OPERATOR 1 credit.=,
	FUNCTION 1 credit.aging_buckets_hash(credit.aging_buckets);
COMMENT ON OPERATOR CLASS credit.aging_buckets_ops USING btree IS 'Sorting and comparing aging_buckets.';
COMMENT ON OPERATOR CLASS credit.aging_buckets_ops USING hash IS 'Hashing aging_buckets.';

------------------------------------------------------------------------------------------------
-- credit.aging
------------------------------------------------------------------------------------------------

CREATE TYPE credit.aging;

CREATE FUNCTION credit.aging_in(cstring) RETURNS credit.aging
AS 'MODULE_PATHNAME', 'aging_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_out(credit.aging) RETURNS cstring
AS 'MODULE_PATHNAME', 'aging_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_recv(internal) RETURNS credit.aging
AS 'MODULE_PATHNAME', 'aging_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_send(credit.aging) RETURNS bytea
AS 'MODULE_PATHNAME', 'aging_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE credit.aging (
	INPUT = credit.aging_in,
	OUTPUT = credit.aging_out,
	RECEIVE = credit.aging_recv,
	SEND = credit.aging_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE credit.aging IS 'Open items by days past due: for each bucket the exact sum, the number of items and the sum of amount x days, and the number of undated items. Values with the same buckets add up. Text: bounds;undated=items;then for each bucket sum/items/sum of amount x days; if 0 is not a bound, ;past_due= and the same for what is past due.';
COMMENT ON FUNCTION credit.aging_in(cstring) IS 'Text input of aging; checked as hard as binary input.';
COMMENT ON FUNCTION credit.aging_out(credit.aging) IS 'Text output of aging: exact, the same under every setting, read back byte for byte.';
COMMENT ON FUNCTION credit.aging_recv(internal) IS 'Binary input of aging.';
COMMENT ON FUNCTION credit.aging_send(credit.aging) IS 'Binary output of aging, with a version.';

-- Transition functions.  The transition type is the value itself, not internal: partial results
-- travel between parallel workers, and between nodes as text, with no serialization of their own.

CREATE FUNCTION credit.aging_accum(state credit.aging, amount numeric, due date, as_of date) RETURNS credit.aging
AS 'MODULE_PATHNAME', 'aging_accum' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION credit.aging_accum(state credit.aging, amount numeric, due date, as_of date, buckets credit.aging_buckets) RETURNS credit.aging
AS 'MODULE_PATHNAME', 'aging_accum_buckets' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION credit.aging_accum(state credit.aging, amount numeric, due date, as_of date, buckets credit.aging_buckets, items integer) RETURNS credit.aging
AS 'MODULE_PATHNAME', 'aging_accum_items' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION credit.aging_combine(state credit.aging, other credit.aging) RETURNS credit.aging
AS 'MODULE_PATHNAME', 'aging_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.aging_accum(credit.aging, numeric, date, date) IS 'One step of the aggregate aging(amount, due, as_of).';
COMMENT ON FUNCTION credit.aging_accum(credit.aging, numeric, date, date, credit.aging_buckets) IS 'One step of the aggregate aging(amount, due, as_of, buckets).';
COMMENT ON FUNCTION credit.aging_accum(credit.aging, numeric, date, date, credit.aging_buckets, integer) IS 'One step of the aggregate aging(amount, due, as_of, buckets, items).';
COMMENT ON FUNCTION credit.aging_combine(credit.aging, credit.aging) IS 'Adds two agings, NULL being nothing: one step of merge(), and the combine function of all aging aggregates.';

-- SSPACE is the size of a state with the default buckets.
CREATE AGGREGATE credit.aging(amount numeric, due date, as_of date) (
	SFUNC = credit.aging_accum, STYPE = credit.aging, SSPACE = 232,
	COMBINEFUNC = credit.aging_combine, PARALLEL = SAFE
);
CREATE AGGREGATE credit.aging(amount numeric, due date, as_of date, buckets credit.aging_buckets) (
	SFUNC = credit.aging_accum, STYPE = credit.aging, SSPACE = 232,
	COMBINEFUNC = credit.aging_combine, PARALLEL = SAFE
);
CREATE AGGREGATE credit.aging(amount numeric, due date, as_of date, buckets credit.aging_buckets, items integer) (
	SFUNC = credit.aging_accum, STYPE = credit.aging, SSPACE = 232,
	COMBINEFUNC = credit.aging_combine, PARALLEL = SAFE
);
CREATE AGGREGATE credit.merge(credit.aging) (
	SFUNC = credit.aging_combine, STYPE = credit.aging, SSPACE = 232,
	COMBINEFUNC = credit.aging_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.aging(numeric, date, date) IS 'Ages open amounts into the buckets 0,30,60,90: days past due = as_of - due. A NULL amount adds nothing; a NULL due date counts as 0 days past due and is counted in undated(); as_of must be given. NULL over no rows.';
COMMENT ON AGGREGATE credit.aging(numeric, date, date, credit.aging_buckets) IS 'Ages open amounts into the given buckets, which must be the same for all rows of a group: days past due = as_of - due. A NULL amount adds nothing; a NULL due date counts as 0 days past due and is counted in undated(); as_of must be given. NULL over no rows.';
COMMENT ON AGGREGATE credit.aging(numeric, date, date, credit.aging_buckets, integer) IS 'As aging(amount, due, as_of, buckets), each row standing for a number of items: 0 adds the amount only, -1 takes an item away, as when a balance is rolled back in time.';
COMMENT ON AGGREGATE credit.merge(credit.aging) IS 'Sum of agings with the same buckets: of members into a group, of snapshots, of ledgers. NULLs are skipped; NULL over no rows.';

CREATE FUNCTION credit.aging_plus(credit.aging, credit.aging) RETURNS credit.aging
AS 'MODULE_PATHNAME', 'aging_add' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_eq(credit.aging, credit.aging) RETURNS boolean
AS 'MODULE_PATHNAME', 'aging_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_ne(credit.aging, credit.aging) RETURNS boolean
AS 'MODULE_PATHNAME', 'aging_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_hash(credit.aging) RETURNS integer
AS 'MODULE_PATHNAME', 'aging_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.aging_plus(credit.aging, credit.aging) IS 'Implements + on aging.';
COMMENT ON FUNCTION credit.aging_eq(credit.aging, credit.aging) IS 'Implements = on aging.';
COMMENT ON FUNCTION credit.aging_ne(credit.aging, credit.aging) IS 'Implements <> on aging.';
COMMENT ON FUNCTION credit.aging_hash(credit.aging) IS 'Hash of an aging, the same whatever the decimals shown.';

CREATE OPERATOR credit.+ (
	LEFTARG = credit.aging, RIGHTARG = credit.aging, FUNCTION = credit.aging_plus,
	COMMUTATOR = OPERATOR(credit.+)
);
CREATE OPERATOR credit.= (
	LEFTARG = credit.aging, RIGHTARG = credit.aging, FUNCTION = credit.aging_eq,
	COMMUTATOR = OPERATOR(credit.=), NEGATOR = OPERATOR(credit.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR credit.<> (
	LEFTARG = credit.aging, RIGHTARG = credit.aging, FUNCTION = credit.aging_ne,
	COMMUTATOR = OPERATOR(credit.<>), NEGATOR = OPERATOR(credit.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR credit.+ (credit.aging, credit.aging) IS 'Sum of two agings; error 22023 if their buckets differ.';
COMMENT ON OPERATOR credit.= (credit.aging, credit.aging) IS 'Same buckets, sums and counts, whatever the decimals shown.';
COMMENT ON OPERATOR credit.<> (credit.aging, credit.aging) IS 'Different buckets, sums or counts.';

-- Makes rows with an aging comparable as a whole: NEW IS DISTINCT FROM OLD, EXCEPT, GROUP BY.
CREATE OPERATOR CLASS credit.aging_ops DEFAULT FOR TYPE credit.aging USING hash AS
	OPERATOR 1 credit.=,
	FUNCTION 1 credit.aging_hash(credit.aging);
COMMENT ON OPERATOR CLASS credit.aging_ops USING hash IS 'Hashing and comparing agings.';

-- Accessors

CREATE FUNCTION credit.total(credit.aging) RETURNS numeric
AS 'MODULE_PATHNAME', 'aging_total_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.total(credit.aging) IS 'Sum of all buckets, with the most decimals seen in any amount.';

CREATE FUNCTION credit.past_due(credit.aging) RETURNS numeric
AS 'MODULE_PATHNAME', 'aging_past_due_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.past_due(credit.aging) IS 'Sum of the amounts more than 0 days past due, exact whatever the buckets.';

CREATE FUNCTION credit.bucket(aging credit.aging, n integer) RETURNS numeric
AS 'MODULE_PATHNAME', 'aging_bucket' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.bucket(credit.aging, integer) IS 'Sum in bucket n, counted from 1. Error 22023 if there is no bucket n.';

CREATE FUNCTION credit.amounts(credit.aging) RETURNS numeric[]
AS 'MODULE_PATHNAME', 'aging_amounts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.amounts(credit.aging) IS 'Sum of each bucket, in order.';

CREATE FUNCTION credit.counts(credit.aging) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'aging_counts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.counts(credit.aging) IS 'Number of items in each bucket, in order.';

CREATE FUNCTION credit.undated(credit.aging) RETURNS bigint
AS 'MODULE_PATHNAME', 'aging_undated' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.undated(credit.aging) IS 'Number of items without a due date; they are in the bucket that holds 0 days.';

CREATE FUNCTION credit.average_days_past_due(credit.aging) RETURNS numeric
AS 'MODULE_PATHNAME', 'aging_average_days_past_due' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.average_days_past_due(credit.aging) IS 'Average days past due of what is past due, weighted by amount, rounded to 2 decimals half away from zero. NULL when the past-due sum is 0.';

CREATE FUNCTION credit.oldest(credit.aging) RETURNS integer
AS 'MODULE_PATHNAME', 'aging_oldest' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.oldest(credit.aging) IS 'Number of the oldest bucket with an item or an amount in it; NULL when all are empty.';

CREATE FUNCTION credit.buckets(aging credit.aging, OUT bucket integer, OUT label text, OUT from_days integer, OUT to_days integer, OUT amount numeric, OUT items bigint) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'aging_bucket_rows' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;
COMMENT ON FUNCTION credit.buckets(credit.aging) IS 'The buckets as rows: number, label, first and last day past due (NULL where open), sum, number of items.';

CREATE FUNCTION credit.aging_buckets(credit.aging) RETURNS credit.aging_buckets
AS 'MODULE_PATHNAME', 'aging_get_buckets' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.aging_buckets(credit.aging) IS 'The buckets of an aging, as they were given to the aggregate.';

CREATE FUNCTION credit.aging_to_json(credit.aging) RETURNS json
AS 'MODULE_PATHNAME', 'aging_to_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.aging_to_jsonb(credit.aging) RETURNS jsonb
AS 'MODULE_PATHNAME', 'aging_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.aging_to_json(credit.aging) IS 'An aging as JSON: total, past_due, average_days_past_due, undated, and buckets as objects.';
COMMENT ON FUNCTION credit.aging_to_jsonb(credit.aging) IS 'An aging as JSON: total, past_due, average_days_past_due, undated, and buckets as objects.';

CREATE CAST (credit.aging AS numeric[]) WITH FUNCTION credit.amounts(credit.aging) AS ASSIGNMENT;
CREATE CAST (credit.aging AS jsonb) WITH FUNCTION credit.aging_to_jsonb(credit.aging) AS ASSIGNMENT;
-- to_jsonb(), row_to_json() and the like look for a cast to json.
CREATE CAST (credit.aging AS json) WITH FUNCTION credit.aging_to_json(credit.aging) AS ASSIGNMENT;
COMMENT ON CAST (credit.aging AS numeric[]) IS 'Sum of each bucket, in order.';
COMMENT ON CAST (credit.aging AS jsonb) IS 'Total, past_due, average_days_past_due, undated, and buckets as objects.';
COMMENT ON CAST (credit.aging AS json) IS 'Total, past_due, average_days_past_due, undated, and buckets as objects.';
-- Currencies: the codes of ISO 4217 and their minor units.

CREATE FUNCTION credit.minor_unit(currency text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'cc_minor_unit';

COMMENT ON FUNCTION credit.minor_unit(text) IS
'Decimals in which amounts of a currency are kept (USD 2, JPY 0, KWD 3), by its ISO 4217 code in capitals; an unknown code is an error.';

CREATE FUNCTION credit.currencies()
RETURNS TABLE (currency text, minor_unit integer, name text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 165
AS 'MODULE_PATHNAME', 'cc_currencies';

COMMENT ON FUNCTION credit.currencies() IS
'The currencies and funds of ISO 4217 that have a minor unit (list one up to amendment 180, in force since 2026-01-01), in order of code. Metals, SDR and testing codes are not among them.';
-- The allocation kernel: which credit pays which debit, and how much of it.

CREATE FUNCTION credit.allocate(
	credits numeric[],
	debits numeric[],
	due_dates date[] DEFAULT NULL,
	method text DEFAULT 'oldest_first',
	minor_unit integer DEFAULT 2)
RETURNS TABLE (credit_no integer, debit_no integer, amount numeric)
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100 ROWS 100
AS 'MODULE_PATHNAME', 'cc_allocate';

COMMENT ON FUNCTION credit.allocate(numeric[], numeric[], date[], text, integer) IS
'Applies open credits to open debits, exactly, and returns who pays whom: numbers are positions in the arrays, from 1. Credits are used in the order given. Debits are paid by method: oldest_first and newest_first (by due date, undated ones last in both), largest_first, smallest_first; ties go to the older due date, then to the order given. pro_rata shares what there is in proportion to the open amounts: each share is rounded down to the minor unit, and the units left over go one each to the largest remainders, ties to the older debit; the credits then fill the shares, oldest debit first. No more is applied than is open on either side; the total is the lesser of both sums. Amounts must be positive and have no more decimals than minor_unit (see credit.minor_unit). For an order of your own, pass the debits in that order and no due dates.';
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

CREATE FUNCTION credit.enforce_hold() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_enforce_hold';
COMMENT ON FUNCTION credit.enforce_hold() IS 'Trigger on any table of orders, attached by a ledger''s watch_orders(): every writer passes the credit check or is refused (RC001, RC002).';

CREATE FUNCTION credit.refuse_change() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_refuse_change';
COMMENT ON FUNCTION credit.refuse_change() IS 'Trigger on append-only tables: refuses UPDATE, DELETE and TRUNCATE with RC008; its argument is the hint.';

CREATE FUNCTION credit.rules_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'cc_rules_changed';
COMMENT ON FUNCTION credit.rules_changed() IS 'Trigger on a ledger''s check_rule: makes every session read the rules again.';

CREATE FUNCTION credit.order_condition(orders regclass, condition text, no_generated boolean) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cc_order_condition';
COMMENT ON FUNCTION credit.order_condition(regclass, text, boolean) IS 'Checks a condition on the rows of a table (one immutable expression on its columns, no subquery) and returns it with every name qualified. With no_generated, generated columns are refused. Used by watch_orders().';

CREATE FUNCTION credit.check_watched(table_schema text, table_name text, customer_column text, amount_column text, order_id_column text,
	currency_column text, status_column text, open_when text, hold boolean) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cc_check_watched';
COMMENT ON FUNCTION credit.check_watched(text, text, text, text, text, text, text, text, boolean) IS 'Raises an error of class 42 or 3F unless a registered order table is still what watch_orders() let in. Reads catalogs only and runs nothing of the table''s owner.';

CREATE FUNCTION credit.check_order(ledger text, customer_id bigint, amount numeric, currency text, record boolean,
	OUT outcome text, OUT exposure numeric, OUT limit_amount numeric, OUT available numeric, OUT shortfall numeric, OUT checks jsonb)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cc_check_order';
COMMENT ON FUNCTION credit.check_order(text, bigint, numeric, text, boolean) IS 'What would be decided on a new order, with the caller''s own rights on the ledger. Applications call the ledger''s check_credit().';

CREATE FUNCTION credit.settle(ledger text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cc_settle';
COMMENT ON FUNCTION credit.settle(text) IS 'Counts now what this transaction has written straight into a partition, which otherwise is counted at commit. Used before a recount.';

CREATE FUNCTION credit.open_orders(ledger text, table_schema text, table_name text, OUT customer_id bigint, OUT amount numeric)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cc_open_orders';
COMMENT ON FUNCTION credit.open_orders(text, text, text) IS 'The orders of a watched table that count toward exposure, summed per customer, recounted from its rows as the trigger reads them. Runs as the owner of the table, whose hold trigger is the consent. An error if an open order is nothing the trigger would let in.';
-- Making, upgrading and checking ledgers.

CREATE FUNCTION credit.template_version() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 1';
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
	FOR step IN SELECT t.body FROM credit.ledger_template() t WHERE t.part = run_part LOOP
		EXECUTE step.body;
	END LOOP;
END $$;
COMMENT ON FUNCTION credit.run_template(name, text) IS 'Runs the tables or the code part of the ledger template in a schema. Used by create_ledger() and upgrade_ledger().';

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
BEGIN
	IF ledger IS NULL THEN
		RAISE EXCEPTION 'ledger name must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF pg_catalog.to_regclass(pg_catalog.format('%I.ledger_info', ledger)) IS NULL THEN
		RAISE EXCEPTION 'there is no ledger "%"', ledger
			USING ERRCODE = 'undefined_table', HINT = 'credit.create_ledger() makes one.';
	END IF;
	EXECUTE pg_catalog.format('SELECT template_version FROM %I.ledger_info FOR UPDATE', ledger) INTO STRICT version;
	IF version > credit.template_version() THEN
		RAISE EXCEPTION 'ledger "%" is of template version %, newer than this kernel''s version %', ledger, version, credit.template_version()
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = 'Install the newer credit_control and run ALTER EXTENSION credit_control UPDATE first.';
	END IF;
	-- Version 1 is the first: there are no table deltas to run yet.
	PERFORM credit.run_template(ledger, 'code');
	EXECUTE pg_catalog.format('UPDATE %I.ledger_info SET template_version = $1', ledger) USING credit.template_version();
	RETURN credit.template_version();
END $$;
COMMENT ON FUNCTION credit.upgrade_ledger(name) IS 'Brings a ledger to this kernel''s template: table changes once, then all views, functions and triggers by CREATE OR REPLACE. Returns the template version. Also mends a ledger whose schema was renamed.';

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
	currency_column text, status_column text, open_when text, hold boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM credit.check_watched(table_schema, table_name, customer_column, amount_column, order_id_column,
		currency_column, status_column, open_when, hold);
	RETURN true;
EXCEPTION WHEN syntax_error_or_access_rule_violation OR invalid_schema_name THEN
	RETURN false;
END $$;
COMMENT ON FUNCTION credit.is_watchable(text, text, text, text, text, text, text, text, boolean) IS 'Whether a registered order table is still what watch_orders() let in. Reads catalogs only.';

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
				pg_catalog.regexp_matches(t.body, '^CREATE (?:OR REPLACE )?(TABLE|VIEW|FUNCTION|TRIGGER) ([a-z_]+)', 'gn') m
			UNION
			-- made by format(), since its columns follow the ledger's buckets
			SELECT 'view', 'aging_summary')
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
				pg_catalog.regexp_matches(t.body, '^CREATE OR REPLACE FUNCTION ([a-z_]+)', 'gn') m)
		ORDER BY 2;

	-- A trigger that does not fire keeps no promise.
	RETURN QUERY
		SELECT 'disabled trigger'::text, pg_catalog.format('%s on %s', t.tgname, t.tgrelid::regclass), NULL::text,
			pg_catalog.format('ALTER TABLE %s ENABLE TRIGGER %I; then SELECT %I.rebuild_ledger();', t.tgrelid::regclass, t.tgname, ledger)
		FROM pg_catalog.pg_trigger t
			JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
			JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
		WHERE p.pronamespace = 'credit'::regnamespace
			AND (t.tgenabled NOT IN ('O', 'A') OR (t.tgname = 'check_rule_changed' AND t.tgenabled <> 'A'))
			AND (c.relnamespace = nsp OR (p.proname = 'enforce_hold' AND credit.trigger_ledger(t.tgargs) = ledger))
		ORDER BY 2;

	-- Registered order tables that are gone, renamed, or without this ledger's triggers.
	RETURN QUERY EXECUTE pg_catalog.format($q$
		SELECT CASE WHEN c.oid IS NULL THEN 'watched table is gone'
				WHEN NOT credit.is_watchable(w.table_schema, w.table_name, w.customer_column, w.amount_column, w.order_id_column, w.currency_column, w.status_column, w.open_when, w.mode = 'hold') THEN 'watched table was altered'
				ELSE 'watched table without its triggers' END,
			format('%%I.%%I', w.table_schema, w.table_name), NULL::text,
			format('SELECT %%I.unwatch_orders(%%L); then watch_orders() again.', %1$L, format('%%I.%%I', w.table_schema, w.table_name))
		FROM %1$I.watched_table w
			LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)
				ON n.nspname = w.table_schema AND c.relname = w.table_name
		WHERE c.oid IS NULL OR NOT credit.is_watchable(w.table_schema, w.table_name, w.customer_column, w.amount_column, w.order_id_column, w.currency_column, w.status_column, w.open_when, w.mode = 'hold') OR (SELECT count(*) FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
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
				('customer', 'customer_id'), ('customer', 'name'), ('customer', 'number'),
				('document', 'customer_id'), ('document', 'kind'), ('document', 'number'), ('document', 'doc_date'),
				('document', 'posting_date'), ('document', 'due_date'), ('document', 'currency'), ('document', 'amount'), ('document', 'reference'),
				('allocation', 'customer_id'), ('allocation', 'credit_item_id'), ('allocation', 'debit_item_id'),
				('allocation', 'amount'), ('allocation', 'applied_on'), ('allocation', 'reverses')), true)
			ELSE true END
		UNION ALL
		SELECT 'excess right', 'EXECUTE on ' || p.oid::regprocedure, 'granted to PUBLIC',
			format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC;', p.oid::regprocedure)
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
CREATE FUNCTION credit.ledger_template() RETURNS TABLE (part text, file text, body text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $cc_template$
VALUES ('tables', '10_ledger.sql', $cc_file$-- What this ledger is.  One row, so that a dump of the schema alone is complete.
CREATE TABLE ledger_info (
	only_row boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (only_row),
	template_version integer NOT NULL,
	base_currency text NOT NULL CHECK (credit.minor_unit(base_currency) >= 0),
	aging_buckets credit.aging_buckets NOT NULL,
	time_zone text NOT NULL CHECK (now() AT TIME ZONE time_zone IS NOT NULL),
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ledger_info IS 'What this ledger is: one row, written by credit.create_ledger() and credit.upgrade_ledger().';
COMMENT ON COLUMN ledger_info.only_row IS 'Always true: keeps the table at one row.';
COMMENT ON COLUMN ledger_info.template_version IS 'Version of the ledger template these objects were made from.';
COMMENT ON COLUMN ledger_info.base_currency IS 'ISO 4217 code of the currency the ledger reports and checks limits in. Never changes.';
COMMENT ON COLUMN ledger_info.aging_buckets IS 'Default aging buckets, upper bounds in days past due; the columns of view aging_summary follow them.';
COMMENT ON COLUMN ledger_info.time_zone IS 'IANA time zone whose calendar says what day it is: for limits, rules, days past due and default dates, whatever the session''s TimeZone. After a change call credit.upgrade_ledger() and reconnect.';
COMMENT ON COLUMN ledger_info.created_at IS 'When the ledger was created.';

CREATE TABLE customer (
	customer_id bigserial NOT NULL PRIMARY KEY,
	name text NOT NULL CHECK (name <> ''),
	number text,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX customer_number_idx ON customer (number);
COMMENT ON TABLE customer IS 'Who owes: the bill-to (debtor) of documents and orders.';
COMMENT ON COLUMN customer.customer_id IS 'Key. Give your own number or let the sequence choose.';
COMMENT ON COLUMN customer.name IS 'Name people read.';
COMMENT ON COLUMN customer.number IS 'Account number in the application, if it has one apart from the key.';
COMMENT ON COLUMN customer.created_at IS 'When the row was made.';
$cc_file$)
, ('tables', '20_document.sql', $cc_file$-- Documents, the open items they make, and the allocations between items.
--
-- document and allocation are the truth: append-only, written by functions or
-- by bulk load.  item.open_amount is derived from them by triggers.

CREATE TABLE document (
	customer_id bigint NOT NULL REFERENCES customer,
	document_id bigserial NOT NULL,
	kind text NOT NULL,
	number text NOT NULL CHECK (number <> ''),
	doc_date date NOT NULL,
	posting_date date NOT NULL,
	due_date date,
	currency text NOT NULL,
	amount numeric NOT NULL,
	reference text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, document_id),
	CONSTRAINT document_number_key UNIQUE (customer_id, kind, number)
);
COMMENT ON TABLE document IS 'Every posted document, never changed afterwards. INSERT and COPY are checked by triggers, which also make the open item and keep the exposure.';
COMMENT ON COLUMN document.customer_id IS 'The debtor (bill-to).';
COMMENT ON COLUMN document.document_id IS 'Key, with customer_id.';
COMMENT ON COLUMN document.kind IS 'invoice or debit_note (the customer owes), credit_note or payment (in the customer''s favour).';
COMMENT ON COLUMN document.number IS 'Number people read; unique per customer and kind.';
COMMENT ON COLUMN document.doc_date IS 'Date on the document: payment terms and due date count from it.';
COMMENT ON COLUMN document.posting_date IS 'Business date from which balances and aging include the document; defaults to doc_date.';
COMMENT ON COLUMN document.due_date IS 'When a debit document is due. NULL for credit documents.';
COMMENT ON COLUMN document.currency IS 'ISO 4217 code; defaults to the ledger''s base currency.';
COMMENT ON COLUMN document.amount IS 'Amount of the document in its currency, positive for every kind.';
COMMENT ON COLUMN document.reference IS 'Free text: what the customer or the bank wrote.';
COMMENT ON COLUMN document.recorded_at IS 'Record time: start of the transaction that wrote the row.';
COMMENT ON COLUMN document.recorded_by IS 'Login that wrote the row.';

CREATE TABLE item (
	customer_id bigint NOT NULL,
	item_id bigserial NOT NULL,
	document_id bigint NOT NULL,
	instalment_no integer NOT NULL DEFAULT 1,
	currency text NOT NULL,
	amount numeric NOT NULL,
	open_amount numeric NOT NULL,
	doc_date date NOT NULL,
	posting_date date NOT NULL,
	due_date date,
	last_applied_on date,
	reversed_on date,
	PRIMARY KEY (customer_id, item_id),
	CONSTRAINT item_document_key UNIQUE (customer_id, document_id, instalment_no),
	FOREIGN KEY (customer_id, document_id) REFERENCES document
)
-- Allocation rewrites open_amount, which the index below includes: leave room, and vacuum early so
-- that aging stays index-only under churn.
WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
-- In the order in which aging groups, covering, and only what is open: aging never touches the heap.
-- Debits and credits apart, so that neither scan has to look at the sign.
CREATE INDEX item_open_idx ON item (customer_id, currency, due_date) INCLUDE (posting_date, doc_date, open_amount)
	WHERE open_amount > 0;
CREATE INDEX item_unapplied_idx ON item (customer_id, currency) INCLUDE (posting_date, open_amount)
	WHERE open_amount < 0;
-- What was settled since a date, for counting items then; and the few with a reversed allocation.
CREATE INDEX item_settled_idx ON item (last_applied_on) INCLUDE (customer_id, currency, posting_date, doc_date, due_date)
	WHERE open_amount = 0 AND amount > 0 AND reversed_on IS NULL;
CREATE INDEX item_reversed_idx ON item (customer_id) WHERE reversed_on IS NOT NULL;
COMMENT ON TABLE item IS 'Open items: one row per instalment of a debit document and one per credit document. Made and kept by triggers; read it through view open_items.';
COMMENT ON COLUMN item.customer_id IS 'The debtor.';
COMMENT ON COLUMN item.item_id IS 'Key, with customer_id.';
COMMENT ON COLUMN item.document_id IS 'The document the item belongs to.';
COMMENT ON COLUMN item.instalment_no IS 'Instalment of the document, from 1.';
COMMENT ON COLUMN item.currency IS 'ISO 4217 code of the document.';
COMMENT ON COLUMN item.amount IS 'Signed: positive when the customer owes it, negative when it is in the customer''s favour.';
COMMENT ON COLUMN item.open_amount IS 'What is still open of amount, same sign; 0 when settled. Equals amount less what is allocated.';
COMMENT ON COLUMN item.doc_date IS 'Date on the document.';
COMMENT ON COLUMN item.posting_date IS 'Business date from which the item counts.';
COMMENT ON COLUMN item.due_date IS 'When it is due; NULL for credit items, which are never due.';
COMMENT ON COLUMN item.last_applied_on IS 'Latest date of an allocation of this item; of a settled item without reversals, the day it was settled. NULL when there was none.';
COMMENT ON COLUMN item.reversed_on IS 'Date of the latest reversed allocation of this item; no allocation may be dated before it. NULL when there was none.';

CREATE TABLE allocation (
	customer_id bigint NOT NULL,
	allocation_id bigserial NOT NULL,
	credit_item_id bigint NOT NULL,
	debit_item_id bigint NOT NULL,
	amount numeric NOT NULL,
	applied_on date NOT NULL,
	reverses bigint,
	currency text NOT NULL,
	debit_due_date date,
	debit_doc_date date NOT NULL,
	debit_posting_date date NOT NULL,
	credit_posting_date date NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, allocation_id),
	FOREIGN KEY (customer_id, credit_item_id) REFERENCES item,
	FOREIGN KEY (customer_id, debit_item_id) REFERENCES item
);
CREATE UNIQUE INDEX allocation_reverses_key ON allocation (customer_id, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX allocation_debit_idx ON allocation (customer_id, debit_item_id);
CREATE INDEX allocation_credit_idx ON allocation (customer_id, credit_item_id);
-- Rolling balances back reads what was applied after a date, and nothing else.
CREATE INDEX allocation_applied_idx ON allocation (applied_on);
COMMENT ON TABLE allocation IS 'A credit item applied to a debit item of the same customer and currency. Never changed; undone by a row that reverses it. INSERT and COPY need customer_id, the two items, amount and applied_on: triggers fill the rest.';
COMMENT ON COLUMN allocation.customer_id IS 'The debtor.';
COMMENT ON COLUMN allocation.allocation_id IS 'Key, with customer_id.';
COMMENT ON COLUMN allocation.credit_item_id IS 'The item that pays.';
COMMENT ON COLUMN allocation.debit_item_id IS 'The item that is paid.';
COMMENT ON COLUMN allocation.amount IS 'Amount applied; negative in a row that reverses another.';
COMMENT ON COLUMN allocation.applied_on IS 'Business date; never before either document''s posting date.';
COMMENT ON COLUMN allocation.reverses IS 'The allocation this row undoes, which it can only once; NULL otherwise.';
COMMENT ON COLUMN allocation.currency IS 'ISO 4217 code of both items.';
COMMENT ON COLUMN allocation.debit_due_date IS 'Copy of the debit item''s due date, so that past balances need no join.';
COMMENT ON COLUMN allocation.debit_doc_date IS 'Copy of the debit item''s document date.';
COMMENT ON COLUMN allocation.debit_posting_date IS 'Copy of the debit item''s posting date.';
COMMENT ON COLUMN allocation.credit_posting_date IS 'Copy of the credit item''s posting date.';
COMMENT ON COLUMN allocation.recorded_at IS 'Record time: start of the transaction that wrote the row.';
COMMENT ON COLUMN allocation.recorded_by IS 'Login that wrote the row.';
$cc_file$)
, ('tables', '30_credit.sql', $cc_file$-- Exposure, limits, holds, check rules, decisions, and the tables of orders they guard.

CREATE TABLE exposure (
	customer_id bigint NOT NULL REFERENCES customer,
	currency text NOT NULL,
	receivable numeric NOT NULL DEFAULT 0,
	unapplied numeric NOT NULL DEFAULT 0,
	ordered numeric NOT NULL DEFAULT 0,
	has_other_currency boolean NOT NULL DEFAULT false,
	open_holds integer NOT NULL DEFAULT 0,
	limit_amount numeric,
	limit_since date,
	limit_until date,
	PRIMARY KEY (customer_id, currency)
)
-- One narrow row per customer takes every posting and order: half-empty pages keep its updates HOT.
WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE exposure IS 'What each customer owes and has on order, kept by triggers. The row in the base currency is the customer''s lock: whoever posts, checks or tightens takes it first, customers in id order.';
COMMENT ON COLUMN exposure.customer_id IS 'The debtor.';
COMMENT ON COLUMN exposure.currency IS 'ISO 4217 code of the amounts in this row.';
COMMENT ON COLUMN exposure.receivable IS 'Open debit items.';
COMMENT ON COLUMN exposure.unapplied IS 'Open credit items (payments and credit notes not yet applied), as a positive amount.';
COMMENT ON COLUMN exposure.ordered IS 'Open orders in the tables registered by watch_orders().';
COMMENT ON COLUMN exposure.has_other_currency IS 'In the base-currency row: the customer has rows in other currencies.';
COMMENT ON COLUMN exposure.open_holds IS 'In the base-currency row: manual holds not released.';
COMMENT ON COLUMN exposure.limit_amount IS 'In the base-currency row: the credit limit in force from limit_since to limit_until; NULL when there is none then.';
COMMENT ON COLUMN exposure.limit_since IS 'First day for which limit_amount is known to hold; NULL when the limit must be looked up.';
COMMENT ON COLUMN exposure.limit_until IS 'Last day for which limit_amount holds; infinity when it has no end.';

CREATE TABLE credit_limit (
	customer_id bigint NOT NULL REFERENCES customer,
	credit_limit_id bigserial NOT NULL,
	amount numeric NOT NULL CHECK (amount >= 0),
	currency text NOT NULL,
	valid_from date NOT NULL,
	valid_to date CHECK (valid_to >= valid_from),
	reason text,
	set_at timestamptz NOT NULL DEFAULT now(),
	set_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, credit_limit_id)
);
CREATE INDEX credit_limit_validity_idx ON credit_limit (customer_id, valid_from);
COMMENT ON TABLE credit_limit IS 'Credit limits, never changed. In force on a day is the row that covers it and starts latest; of two with one start, the later row.';
COMMENT ON COLUMN credit_limit.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_limit.credit_limit_id IS 'Key, with customer_id.';
COMMENT ON COLUMN credit_limit.amount IS 'The limit; 0 allows nothing.';
COMMENT ON COLUMN credit_limit.currency IS 'ISO 4217 code: the ledger''s base currency.';
COMMENT ON COLUMN credit_limit.valid_from IS 'First day in force.';
COMMENT ON COLUMN credit_limit.valid_to IS 'Last day in force; NULL without end.';
COMMENT ON COLUMN credit_limit.reason IS 'Why it was set.';
COMMENT ON COLUMN credit_limit.set_at IS 'Record time.';
COMMENT ON COLUMN credit_limit.set_by IS 'Login that set it.';

CREATE TABLE hold (
	customer_id bigint NOT NULL REFERENCES customer,
	hold_id bigserial NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	placed_at timestamptz NOT NULL DEFAULT now(),
	placed_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, hold_id)
);
COMMENT ON TABLE hold IS 'Manual credit holds, never changed; a hold ends with a row in hold_release.';
COMMENT ON COLUMN hold.customer_id IS 'The debtor.';
COMMENT ON COLUMN hold.hold_id IS 'Key, with customer_id.';
COMMENT ON COLUMN hold.reason IS 'Why nothing may be sold on credit.';
COMMENT ON COLUMN hold.placed_at IS 'Record time.';
COMMENT ON COLUMN hold.placed_by IS 'Login that placed it.';

CREATE TABLE hold_release (
	customer_id bigint NOT NULL,
	hold_id bigint NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	released_at timestamptz NOT NULL DEFAULT now(),
	released_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, hold_id),
	FOREIGN KEY (customer_id, hold_id) REFERENCES hold
);
COMMENT ON TABLE hold_release IS 'The end of a manual hold.';
COMMENT ON COLUMN hold_release.customer_id IS 'The debtor.';
COMMENT ON COLUMN hold_release.hold_id IS 'The hold that ended.';
COMMENT ON COLUMN hold_release.reason IS 'Why it was released.';
COMMENT ON COLUMN hold_release.released_at IS 'Record time.';
COMMENT ON COLUMN hold_release.released_by IS 'Login that released it.';

CREATE TABLE check_rule (
	rule_no integer NOT NULL PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('manual_hold', 'limit_missing', 'limit_use', 'oldest_overdue')),
	threshold numeric CHECK (threshold >= 0 AND threshold < 1000000 AND scale(threshold) <= 4),
	action text NOT NULL DEFAULT 'hold' CHECK (action IN ('warn', 'hold', 'reject')),
	customer_id bigint REFERENCES customer,
	valid_from date NOT NULL DEFAULT '-infinity',
	valid_to date NOT NULL DEFAULT 'infinity',
	CHECK (valid_to >= valid_from),
	CONSTRAINT check_rule_threshold_by_kind CHECK ((threshold IS NOT NULL) = (kind IN ('limit_use', 'oldest_overdue')))
);
COMMENT ON TABLE check_rule IS 'The rules an order is checked against, in the order of rule_no. The outcome is the strictest action of the rules it breaks; where no rule is in force it is hold.';
COMMENT ON COLUMN check_rule.rule_no IS 'Key, and the order of evaluation.';
COMMENT ON COLUMN check_rule.kind IS 'manual_hold: the customer has an unreleased hold. limit_missing: no credit limit is in force. limit_use: exposure with the order exceeds threshold percent of the limit. oldest_overdue: an open debit item is more than threshold days past due.';
COMMENT ON COLUMN check_rule.threshold IS 'Percent for limit_use, days for oldest_overdue, NULL for the others; below a million, at most four decimals.';
COMMENT ON COLUMN check_rule.action IS 'warn: approve and say so. hold: save on hold (mode hold) or refuse (mode reject). reject: refuse in both modes.';
COMMENT ON COLUMN check_rule.customer_id IS 'The one customer the rule is for; NULL for everyone.';
COMMENT ON COLUMN check_rule.valid_from IS 'First day the rule counts.';
COMMENT ON COLUMN check_rule.valid_to IS 'Last day the rule counts.';

INSERT INTO check_rule (rule_no, kind, threshold) VALUES
	(10, 'manual_hold', NULL), (20, 'limit_missing', NULL), (30, 'limit_use', 100);

-- Written by C only, with every order: a CHECK would be parsed anew each time and cost more than the check it repeats.
CREATE TABLE decision (
	customer_id bigint NOT NULL,
	decision_id bigserial NOT NULL,
	outcome text NOT NULL,
	source text NOT NULL,
	order_id text,
	amount numeric NOT NULL,
	currency text NOT NULL,
	receivable numeric NOT NULL,
	unapplied numeric NOT NULL,
	ordered numeric NOT NULL,
	limit_amount numeric,
	checks jsonb NOT NULL,
	decided_at timestamptz NOT NULL DEFAULT now(),
	decided_for text NOT NULL,
	PRIMARY KEY (customer_id, decision_id)
);
COMMENT ON TABLE decision IS 'What was decided on each checked order, with the figures of that moment. Never changed. A refused order leaves no row: the error carries the decision.';
COMMENT ON COLUMN decision.customer_id IS 'The debtor.';
COMMENT ON COLUMN decision.decision_id IS 'Key, with customer_id.';
COMMENT ON COLUMN decision.outcome IS 'approve, warn, hold or reject.';
COMMENT ON COLUMN decision.source IS 'Table the order is in (schema.table), or check_credit.';
COMMENT ON COLUMN decision.order_id IS 'The order''s id in that table, as text.';
COMMENT ON COLUMN decision.amount IS 'Amount of the order, or its increase, that was decided on.';
COMMENT ON COLUMN decision.currency IS 'ISO 4217 code of amount.';
COMMENT ON COLUMN decision.receivable IS 'Open debit items then, before the order.';
COMMENT ON COLUMN decision.unapplied IS 'Open credit items then.';
COMMENT ON COLUMN decision.ordered IS 'Open orders then, without this one.';
COMMENT ON COLUMN decision.limit_amount IS 'Credit limit in force then; NULL when there was none.';
COMMENT ON COLUMN decision.checks IS 'Array of the rules that were evaluated: rule_no, kind, figure, threshold, outcome.';
COMMENT ON COLUMN decision.decided_at IS 'Record time.';
COMMENT ON COLUMN decision.decided_for IS 'Login of the session that placed the order.';

CREATE TABLE watched_table (
	table_schema text NOT NULL,
	table_name text NOT NULL,
	customer_column text NOT NULL,
	amount_column text NOT NULL,
	order_id_column text NOT NULL,
	currency_column text,
	open_when text NOT NULL DEFAULT 'true',
	mode text NOT NULL CHECK (mode IN ('reject', 'hold')),
	status_column text,
	open_value text,
	hold_value text,
	record_decisions boolean NOT NULL DEFAULT true,
	registered_at timestamptz NOT NULL DEFAULT now(),
	registered_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (table_schema, table_name),
	CHECK ((mode = 'hold') = (status_column IS NOT NULL AND open_value IS NOT NULL AND hold_value IS NOT NULL))
);
COMMENT ON TABLE watched_table IS 'The applications'' order tables that watch_orders() put under credit control. Kept as text, so that a dump restores; a trigger on a table not listed here refuses to work.';
COMMENT ON COLUMN watched_table.table_schema IS 'Schema of the order table.';
COMMENT ON COLUMN watched_table.table_name IS 'Name of the order table (of the partitioned table, not of a partition).';
COMMENT ON COLUMN watched_table.customer_column IS 'Its column with the customer_id.';
COMMENT ON COLUMN watched_table.amount_column IS 'Its column with the order''s amount.';
COMMENT ON COLUMN watched_table.order_id_column IS 'Its column that identifies the order.';
COMMENT ON COLUMN watched_table.currency_column IS 'Its column with the ISO 4217 code; NULL when all orders are in the base currency.';
COMMENT ON COLUMN watched_table.open_when IS 'Immutable condition on the row: the order counts while it is true.';
COMMENT ON COLUMN watched_table.mode IS 'reject: an order that fails is refused. hold: it is saved with the hold status.';
COMMENT ON COLUMN watched_table.status_column IS 'Mode hold: the column that says whether the order is on hold.';
COMMENT ON COLUMN watched_table.open_value IS 'Mode hold: its value for an order that may go on.';
COMMENT ON COLUMN watched_table.hold_value IS 'Mode hold: its value for an order on credit hold.';
COMMENT ON COLUMN watched_table.record_decisions IS 'Whether each decision is stored in table decision.';
COMMENT ON COLUMN watched_table.registered_at IS 'Record time.';
COMMENT ON COLUMN watched_table.registered_by IS 'Login that registered it.';
$cc_file$)
, ('code', '10_triggers.sql', $cc_file$-- Triggers of the ledger's own tables.

CREATE OR REPLACE TRIGGER customer_gather AFTER INSERT ON customer
	FOR EACH ROW EXECUTE FUNCTION credit.post_customer();
CREATE OR REPLACE TRIGGER customer_settle AFTER INSERT ON customer
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_customer();

CREATE OR REPLACE TRIGGER document_check BEFORE INSERT ON document
	FOR EACH ROW EXECUTE FUNCTION credit.post_document();
CREATE OR REPLACE TRIGGER document_gather AFTER INSERT ON document
	FOR EACH ROW EXECUTE FUNCTION credit.post_document();
CREATE OR REPLACE TRIGGER document_settle AFTER INSERT ON document
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_document();

CREATE OR REPLACE TRIGGER allocation_check BEFORE INSERT ON allocation
	FOR EACH ROW EXECUTE FUNCTION credit.post_allocation();
CREATE OR REPLACE TRIGGER allocation_gather AFTER INSERT ON allocation
	FOR EACH ROW EXECUTE FUNCTION credit.post_allocation();
CREATE OR REPLACE TRIGGER allocation_settle AFTER INSERT ON allocation
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_allocation();

CREATE OR REPLACE TRIGGER check_rule_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON check_rule
	FOR EACH STATEMENT EXECUTE FUNCTION credit.rules_changed();
-- Also where rows come by replication: sessions must not go on with old rules.
ALTER TABLE check_rule ENABLE ALWAYS TRIGGER check_rule_changed;

-- What auditors read is only added to.
CREATE OR REPLACE TRIGGER document_append_only BEFORE UPDATE OR DELETE ON document
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Post a document that corrects it.');
CREATE OR REPLACE TRIGGER document_no_truncate BEFORE TRUNCATE ON document
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Post a document that corrects it.');
CREATE OR REPLACE TRIGGER allocation_append_only BEFORE UPDATE OR DELETE ON allocation
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Undo it with reverse_allocation().');
CREATE OR REPLACE TRIGGER allocation_no_truncate BEFORE TRUNCATE ON allocation
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Undo it with reverse_allocation().');
CREATE OR REPLACE TRIGGER credit_limit_append_only BEFORE UPDATE OR DELETE ON credit_limit
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Set a new limit with set_credit_limit().');
CREATE OR REPLACE TRIGGER credit_limit_no_truncate BEFORE TRUNCATE ON credit_limit
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Set a new limit with set_credit_limit().');
CREATE OR REPLACE TRIGGER hold_append_only BEFORE UPDATE OR DELETE ON hold
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('End it with release_hold().');
CREATE OR REPLACE TRIGGER hold_no_truncate BEFORE TRUNCATE ON hold
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('End it with release_hold().');
CREATE OR REPLACE TRIGGER hold_release_append_only BEFORE UPDATE OR DELETE ON hold_release
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Place a new hold with place_hold().');
CREATE OR REPLACE TRIGGER hold_release_no_truncate BEFORE TRUNCATE ON hold_release
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Place a new hold with place_hold().');
CREATE OR REPLACE TRIGGER decision_append_only BEFORE UPDATE OR DELETE ON decision
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Decisions are kept as they were taken.');
CREATE OR REPLACE TRIGGER decision_no_truncate BEFORE TRUNCATE ON decision
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Decisions are kept as they were taken.');
$cc_file$)
, ('code', '20_posting.sql', $cc_file$-- Posting documents one by one.  A million at once: COPY or INSERT into document, with the same checks.

CREATE OR REPLACE FUNCTION ledger_today()
RETURNS date LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN (statement_timestamp() AT TIME ZONE (SELECT l.time_zone FROM ledger_info l))::date;
END $$;
COMMENT ON FUNCTION ledger_today() IS 'The business date: the day on which the statement began, in the ledger''s time zone.';

CREATE OR REPLACE FUNCTION add_customer(p_name text, p_customer_id bigint DEFAULT NULL, p_number text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint := p_customer_id;
BEGIN
	IF p_customer_id IS NOT NULL THEN
		INSERT INTO customer (customer_id, name, number) VALUES (p_customer_id, p_name, p_number);
	ELSE
		LOOP
			-- Ids given by hand may be ahead of the sequence.
			INSERT INTO customer (name, number) VALUES (p_name, p_number)
			ON CONFLICT (customer_id) DO NOTHING RETURNING customer_id INTO id;
			EXIT WHEN id IS NOT NULL;
		END LOOP;
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_customer(text, bigint, text) IS 'Adds a customer and returns its id; without p_customer_id the next free one.';

-- The one way in for the post_… functions.
CREATE OR REPLACE FUNCTION post_document(p_kind text, p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_due_date date, p_currency text, p_posting_date date, p_reference text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	INSERT INTO document (customer_id, kind, number, doc_date, posting_date, due_date, currency, amount, reference)
	VALUES (p_customer_id, p_kind, p_number, p_doc_date, p_posting_date, p_due_date, p_currency, p_amount, p_reference)
	RETURNING document_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION post_document(text, bigint, text, date, numeric, date, text, date, text) IS 'Posts a document of any kind and returns its id. NULL currency: the base currency; NULL posting date: the document date.';

CREATE OR REPLACE FUNCTION post_invoice(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_due_date date DEFAULT NULL, p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN post_document('invoice', p_customer_id, p_number, p_doc_date, p_amount, p_due_date, p_currency, p_posting_date, p_reference);
END $$;
COMMENT ON FUNCTION post_invoice(bigint, text, date, numeric, date, text, date, text) IS 'Posts an invoice, which the customer owes from its posting date and is due on p_due_date (required). Returns the document id.';

CREATE OR REPLACE FUNCTION post_debit_note(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_due_date date DEFAULT NULL, p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN post_document('debit_note', p_customer_id, p_number, p_doc_date, p_amount, p_due_date, p_currency, p_posting_date, p_reference);
END $$;
COMMENT ON FUNCTION post_debit_note(bigint, text, date, numeric, date, text, date, text) IS 'Posts a debit note: a charge outside an invoice. Returns the document id.';

CREATE OR REPLACE FUNCTION post_credit_note(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN post_document('credit_note', p_customer_id, p_number, p_doc_date, p_amount, NULL, p_currency, p_posting_date, p_reference);
END $$;
COMMENT ON FUNCTION post_credit_note(bigint, text, date, numeric, text, date, text) IS 'Posts a credit note (positive amount, in the customer''s favour), unapplied until allocated. Returns the document id.';

CREATE OR REPLACE FUNCTION post_payment(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN post_document('payment', p_customer_id, p_number, p_doc_date, p_amount, NULL, p_currency, p_posting_date, p_reference);
END $$;
COMMENT ON FUNCTION post_payment(bigint, text, date, numeric, text, date, text) IS 'Posts a payment received, unapplied until allocated. It frees credit at once. Returns the document id.';
$cc_file$)
, ('code', '30_allocating.sql', $cc_file$-- Allocating credit items to debit items.

CREATE OR REPLACE FUNCTION allocate(p_customer_id bigint, p_credit_item bigint, p_debit_item bigint, p_amount numeric,
	p_applied_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
	VALUES (p_customer_id, p_credit_item, p_debit_item, p_amount, COALESCE(p_applied_on, ledger_today()))
	RETURNING allocation_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION allocate(bigint, bigint, bigint, numeric, date) IS 'Applies p_amount of a credit item to a debit item of the same customer and currency, dated p_applied_on (default today). Returns the allocation id. RC007 if it exceeds what is open on either.';

CREATE OR REPLACE FUNCTION apply_payment(p_customer_id bigint, p_document_id bigint, p_method text DEFAULT 'oldest_first',
	p_applied_on date DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	credit_item record;
	debit_ids bigint[];
	debit_amounts numeric[];
	debit_dues date[];
	applied_on date;
	applied numeric;
BEGIN
	IF NOT isfinite(p_applied_on) THEN
		RAISE EXCEPTION 'date of an allocation of customer % must be a calendar date, not infinity', p_customer_id
			USING ERRCODE = 'datetime_field_overflow';
	END IF;
	-- The customer's lock, before anything is read that the answer depends on.
	PERFORM lock_customer(p_customer_id);
	SELECT i.item_id, i.currency, i.amount, -i.open_amount AS open_amount, i.posting_date, i.reversed_on INTO credit_item
	FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = p_document_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no document %', p_customer_id, p_document_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'post_payment() and post_credit_note() return the document id.';
	END IF;
	IF credit_item.amount > 0 THEN
		RAISE EXCEPTION 'document % of customer % is not in the customer''s favour', p_document_id, p_customer_id
			USING ERRCODE = 'RC007', HINT = 'Only a payment or a credit note can be applied.';
	END IF;
	applied_on := COALESCE(p_applied_on, GREATEST(ledger_today(), credit_item.posting_date));

	-- What cannot take an allocation of that date yet (posted or reversed later) is left alone.
	SELECT array_agg(i.item_id ORDER BY i.item_id), array_agg(i.open_amount ORDER BY i.item_id), array_agg(i.due_date ORDER BY i.item_id)
	INTO debit_ids, debit_amounts, debit_dues
	FROM item i
	WHERE i.customer_id = p_customer_id AND i.currency = credit_item.currency AND i.open_amount > 0
		AND i.posting_date <= applied_on AND (i.reversed_on IS NULL OR i.reversed_on <= applied_on);

	WITH new_rows AS (
		INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
		SELECT p_customer_id, credit_item.item_id, debit_ids[a.debit_no], a.amount, applied_on
		FROM credit.allocate(
			CASE WHEN credit_item.open_amount > 0 THEN ARRAY[credit_item.open_amount] ELSE '{}' END,
			COALESCE(debit_amounts, '{}'), COALESCE(debit_dues, '{}'),
			p_method, credit.minor_unit(credit_item.currency)) a
		RETURNING amount)
	SELECT COALESCE(sum(amount), 0) INTO applied FROM new_rows;
	RETURN applied;
END $$;
COMMENT ON FUNCTION apply_payment(bigint, bigint, text, date) IS 'Applies what is open of a payment or credit note to the customer''s open debit items of its currency. Methods: oldest_first, newest_first, largest_first, smallest_first, pro_rata (credit.allocate says how). Dated p_applied_on, default today; items posted later are left alone. Returns the amount applied; the rest stays unapplied.';

CREATE OR REPLACE FUNCTION reverse_allocation(p_customer_id bigint, p_allocation_id bigint, p_reversed_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original allocation;
	id bigint;
BEGIN
	SELECT * INTO original FROM allocation a WHERE a.customer_id = p_customer_id AND a.allocation_id = p_allocation_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no allocation %', p_customer_id, p_allocation_id
			USING ERRCODE = 'foreign_key_violation';
	END IF;
	IF original.reverses IS NOT NULL THEN
		RAISE EXCEPTION 'allocation % of customer % is itself a reversal', p_allocation_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It reverses allocation %s.', original.reverses),
				HINT = 'Allocate again instead.';
	END IF;
	INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses)
	VALUES (p_customer_id, original.credit_item_id, original.debit_item_id, -original.amount,
		COALESCE(p_reversed_on, GREATEST(ledger_today(), original.applied_on)), p_allocation_id)
	ON CONFLICT (customer_id, reverses) WHERE reverses IS NOT NULL DO NOTHING
	RETURNING allocation_id INTO id;
	IF id IS NULL THEN
		RAISE EXCEPTION 'allocation % of customer % is reversed already', p_allocation_id, p_customer_id
			USING ERRCODE = 'unique_violation', HINT = 'Allocate again if the reversal was wrong.';
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION reverse_allocation(bigint, bigint, date) IS 'Undoes an allocation with a new row dated p_reversed_on (default today, never before the allocation): both items are open again from that date, and reports for earlier dates stay as they were. Returns the new row''s id.';
$cc_file$)
, ('code', '40_aging.sql', $cc_file$-- Aging: today as views, any date as a function.

-- One text for the view and the function, so that they cannot disagree.  Arguments are SQL expressions.
--
-- Roll back, don't replay: open on a date = open now + what was applied after it.  The allocation row
-- carries what that needs, so amounts join nothing.  The number of items comes back on its own: one for
-- every item settled after the date.  Only where an allocation was reversed is there more to it (an item
-- may be open again that was settled then), and those few items are counted one by one.
-- Every branch but the last reads an index made for it.
CREATE OR REPLACE FUNCTION aging_query(p_as_of text, p_basis text, p_buckets text, p_customer_id text DEFAULT NULL, p_applied_after text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	this_customer text := CASE WHEN p_customer_id IS NULL THEN '' ELSE format('AND customer_id = %s', p_customer_id) END;
BEGIN
	RETURN format($q$
SELECT u.customer_id, u.currency,
	-- Nothing is 0.00, in the currency's own decimals.
	COALESCE(credit.merge(u.aging), credit.aging(round(0::numeric, credit.minor_unit(u.currency)), %1$s, %1$s, %3$s, 0)) AS aging,
	COALESCE(sum(u.unapplied), round(0::numeric, credit.minor_unit(u.currency))) AS unapplied
FROM (
	SELECT customer_id, currency, credit.aging(open_amount, %2$s, %1$s, %3$s) AS aging, NULL::numeric AS unapplied
	FROM item
	WHERE open_amount > 0 AND posting_date <= %1$s %4$s
	GROUP BY customer_id, currency
	UNION ALL
	SELECT customer_id, currency, NULL::credit.aging AS aging, sum(open_amount) AS unapplied
	FROM item
	WHERE open_amount < 0 AND posting_date <= %1$s %4$s
	GROUP BY customer_id, currency
	UNION ALL
	SELECT customer_id, currency,
		credit.aging(CASE WHEN debit_posting_date <= %1$s THEN amount END, debit_%2$s, %1$s, %3$s, 0) AS aging,
		-sum(amount) FILTER (WHERE credit_posting_date <= %1$s) AS unapplied
	FROM allocation
	WHERE applied_on > %5$s %4$s
	GROUP BY customer_id, currency
	UNION ALL
	SELECT customer_id, currency, credit.aging(0::numeric, %2$s, %1$s, %3$s, 1) AS aging, NULL::numeric AS unapplied
	FROM item
	WHERE last_applied_on > %5$s AND open_amount = 0 AND amount > 0 AND reversed_on IS NULL AND posting_date <= %1$s %4$s
	GROUP BY customer_id, currency
	UNION ALL
	SELECT r.customer_id, r.currency, 
		credit.aging(0::numeric, r.%2$s, %1$s, %3$s, (r.open_then > 0)::integer - (r.open_amount > 0)::integer) AS aging, NULL::numeric AS unapplied
	FROM (
		SELECT i.customer_id, i.currency, i.%2$s, i.open_amount,
			i.amount - COALESCE((SELECT sum(a.amount) FROM allocation a
				WHERE a.customer_id = i.customer_id AND a.debit_item_id = i.item_id AND a.applied_on <= %1$s), 0::numeric) AS open_then
		FROM item i
		WHERE i.reversed_on IS NOT NULL AND i.amount > 0 AND i.posting_date <= %1$s %4$s) r
	GROUP BY r.customer_id, r.currency
) u
GROUP BY u.customer_id, u.currency$q$, p_as_of, p_basis, p_buckets, this_customer, COALESCE(p_applied_after, p_as_of));
END $$;
COMMENT ON FUNCTION aging_query(text, text, text, text, text) IS 'The text of the aging query as of a date, from today''s open items and what was applied since. Arguments are SQL expressions, p_basis is due_date or doc_date; p_applied_after is p_as_of again, in a form the planner can estimate with. Behind aging_summary and aging_at().';

-- What was known at a record time needs every item and allocation recorded until then.
CREATE OR REPLACE FUNCTION aging_known_query(p_as_of text, p_basis text, p_buckets text, p_known_at text, p_customer_id text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	this_customer text := CASE WHEN p_customer_id IS NULL THEN '' ELSE format('AND customer_id = %s', p_customer_id) END;
BEGIN
	RETURN format($q$
WITH applied AS (
	SELECT customer_id, item_id, sum(amount) AS amount
	FROM (
		SELECT customer_id, debit_item_id AS item_id, amount, applied_on, recorded_at FROM allocation
		UNION ALL
		SELECT customer_id, credit_item_id, -amount, applied_on, recorded_at FROM allocation) a
	WHERE applied_on <= %1$s AND recorded_at <= %4$s %5$s
	GROUP BY customer_id, item_id),
known AS (
	SELECT customer_id, i.currency, i.%2$s AS age_date, i.amount - COALESCE(a.amount, 0) AS open_amount
	FROM item i
		JOIN document d USING (customer_id, document_id)
		LEFT JOIN applied a USING (customer_id, item_id)
	WHERE i.posting_date <= %1$s AND d.recorded_at <= %4$s %5$s)
SELECT customer_id, currency,
	credit.aging(GREATEST(open_amount, round(0::numeric, credit.minor_unit(currency))), age_date, %1$s, %3$s, (open_amount > 0)::integer) AS aging,
	COALESCE(sum(open_amount) FILTER (WHERE open_amount < 0), round(0::numeric, credit.minor_unit(currency))) AS unapplied
FROM known
WHERE open_amount <> 0
GROUP BY customer_id, currency$q$, p_as_of, p_basis, p_buckets, p_known_at, this_customer);
END $$;
COMMENT ON FUNCTION aging_known_query(text, text, text, text, text) IS 'The text of the aging query as of a date and as known at a record time. Behind aging_at().';

CREATE OR REPLACE FUNCTION aging_at(p_as_of date, p_basis text DEFAULT 'due_date', p_known_at timestamptz DEFAULT NULL,
	p_buckets credit.aging_buckets DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, total numeric, past_due numeric, unapplied numeric, amounts numeric[], aging credit.aging)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	buckets credit.aging_buckets := COALESCE(p_buckets, (SELECT l.aging_buckets FROM ledger_info l));
	one_customer text := CASE WHEN p_customer_id IS NOT NULL THEN '$4' END;
BEGIN
	IF p_as_of IS NULL OR NOT isfinite(p_as_of) THEN
		RAISE EXCEPTION 'as-of date must be a calendar date'
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is %s.', COALESCE(p_as_of::text, 'null'));
	END IF;
	IF p_basis IS NULL OR p_basis NOT IN ('due_date', 'doc_date') THEN
		RAISE EXCEPTION 'unknown aging basis "%"', p_basis
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Age by due_date or by doc_date.';
	END IF;
	RETURN QUERY EXECUTE format(
		'SELECT q.customer_id, q.currency, credit.total(q.aging) + q.unapplied, credit.past_due(q.aging), q.unapplied,
			credit.amounts(q.aging), q.aging
		FROM (%s) q WHERE credit.total(q.aging) <> 0 OR q.unapplied <> 0',
		CASE WHEN p_known_at IS NULL THEN aging_query('$1', p_basis, '$2', one_customer)
			ELSE aging_known_query('$1', p_basis, '$2', '$3', one_customer) END)
		USING p_as_of, buckets, p_known_at, p_customer_id;
END $$;
COMMENT ON FUNCTION aging_at(date, text, timestamptz, credit.aging_buckets, bigint) IS 'Aging at the end of any business date, one row per customer and currency with something open. p_basis: due_date or doc_date. p_known_at: as known at that record time (exact when older than the oldest transaction then writing). p_buckets: default the ledger''s. p_customer_id: only that customer. total = sum of amounts + unapplied (negative: open payments and credit notes). Rows come in no order.';

CREATE OR REPLACE VIEW open_items AS
SELECT i.customer_id, c.name AS customer_name, i.item_id, i.document_id, d.kind, d.number, i.instalment_no, i.currency,
	i.amount, i.open_amount, i.doc_date, i.posting_date, i.due_date,
	CASE WHEN i.amount > 0 THEN (now() AT TIME ZONE l.time_zone)::date - i.due_date END AS days_past_due,
	CASE WHEN i.amount > 0 THEN credit.bucket_label(l.aging_buckets,
		credit.bucket_of(l.aging_buckets, COALESCE((now() AT TIME ZONE l.time_zone)::date - i.due_date, 0))) ELSE 'unapplied' END AS bucket
FROM item i
	JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
	JOIN customer c ON c.customer_id = i.customer_id
	CROSS JOIN ledger_info l
WHERE i.open_amount > 0 OR i.open_amount < 0;	-- not "<> 0": each half has its index
COMMENT ON VIEW open_items IS 'Every item still open, now: what customers owe (positive) and what is in their favour (negative).';
COMMENT ON COLUMN open_items.customer_id IS 'The debtor.';
COMMENT ON COLUMN open_items.customer_name IS 'Its name.';
COMMENT ON COLUMN open_items.item_id IS 'Key of the item, with customer_id; what allocate() takes.';
COMMENT ON COLUMN open_items.document_id IS 'Its document; what apply_payment() takes.';
COMMENT ON COLUMN open_items.kind IS 'Kind of the document.';
COMMENT ON COLUMN open_items.number IS 'Number of the document.';
COMMENT ON COLUMN open_items.instalment_no IS 'Instalment of the document, from 1.';
COMMENT ON COLUMN open_items.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN open_items.amount IS 'Amount of the item; negative in the customer''s favour.';
COMMENT ON COLUMN open_items.open_amount IS 'What is open of it, same sign.';
COMMENT ON COLUMN open_items.doc_date IS 'Date on the document.';
COMMENT ON COLUMN open_items.posting_date IS 'Business date from which it counts.';
COMMENT ON COLUMN open_items.due_date IS 'When it is due; NULL in the customer''s favour.';
COMMENT ON COLUMN open_items.days_past_due IS 'Days since the due date, today; zero or less: not due. NULL in the customer''s favour.';
COMMENT ON COLUMN open_items.bucket IS 'Label of its aging bucket, or unapplied.';

-- The view's columns follow the ledger's buckets, which never change: it is made by the same text each time.
DO $do$
DECLARE
	buckets credit.aging_buckets := (SELECT aging_buckets FROM ledger_info);
	today text := (SELECT format('(now() AT TIME ZONE %L)::date', time_zone) FROM ledger_info);
	bounds integer[] := buckets::integer[];
	columns text := '';
	labels text[] := '{}';
	column_name text;
	n integer;
BEGIN
	FOR n IN 1 .. cardinality(bounds) + 1 LOOP
		column_name := replace(CASE
			WHEN n = 1 AND bounds[1] = 0 THEN 'not_due'
			WHEN n = 1 THEN format('days_to_%s', bounds[1])
			WHEN n > cardinality(bounds) THEN format('days_over_%s', bounds[n - 1])
			ELSE format('days_%s_%s', bounds[n - 1] + 1, bounds[n]) END, '-', 'minus_');
		columns := columns || format(', credit.bucket(q.aging, %s) AS %I', n, column_name);
		labels := labels || column_name;
	END LOOP;
	EXECUTE format('CREATE OR REPLACE VIEW aging_summary AS
		SELECT q.customer_id, c.name AS customer_name, q.currency, credit.total(q.aging) + q.unapplied AS total,
			credit.past_due(q.aging) AS past_due, q.unapplied%s
		FROM (%s) q JOIN customer c ON c.customer_id = q.customer_id
		WHERE credit.total(q.aging) <> 0 OR q.unapplied <> 0',
		-- The subquery is evaluated once instead of per row; the planner sees through the bare expression.
		columns, aging_query(format('(SELECT %s)', today), 'due_date', format('%L::credit.aging_buckets', buckets), NULL, today));
	FOR n IN 1 .. cardinality(labels) LOOP
		EXECUTE format('COMMENT ON COLUMN aging_summary.%I IS %L', labels[n],
			format('Open debit items in the bucket "%s" (days past due, inclusive).', credit.bucket_label(buckets, n)));
	END LOOP;
END $do$;
COMMENT ON VIEW aging_summary IS 'Aging as of today (in the ledger''s time zone): one row per customer and currency with something open. total = the bucket columns + unapplied.';
COMMENT ON COLUMN aging_summary.customer_id IS 'The debtor.';
COMMENT ON COLUMN aging_summary.customer_name IS 'Its name.';
COMMENT ON COLUMN aging_summary.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN aging_summary.total IS 'Open balance: debit items less unapplied credits.';
COMMENT ON COLUMN aging_summary.past_due IS 'Of the debit items, what is past its due date.';
COMMENT ON COLUMN aging_summary.unapplied IS 'Payments and credit notes not yet applied, as a negative amount.';
$cc_file$)
, ('code', '50_credit.sql', $cc_file$-- Limits, holds, and checking an order.

-- Everything that tightens a customer updates its exposure row, so that an order that waits for it sees
-- the change, and one in REPEATABLE READ fails with a serialization error instead of missing it.

CREATE OR REPLACE FUNCTION set_credit_limit(p_customer_id bigint, p_amount numeric, p_valid_from date DEFAULT NULL,
	p_valid_to date DEFAULT NULL, p_reason text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	id bigint;
BEGIN
	IF p_amount IS NULL OR p_amount < 0 OR p_amount IN ('NaN', 'Infinity') THEN
		RAISE EXCEPTION 'credit limit of customer % must be zero or more', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE(p_amount::text, 'null')),
				HINT = 'To allow nothing, set 0.';
	END IF;
	IF p_amount >= 1e18 THEN
		RAISE EXCEPTION 'credit limit of customer % is out of range', p_customer_id
			USING ERRCODE = 'numeric_value_out_of_range', DETAIL = format('It is %s; amounts are kept below 1000000000000000000.', p_amount);
	END IF;
	IF p_amount <> round(p_amount, credit.minor_unit(base)) THEN
		RAISE EXCEPTION 'credit limit of customer % has more decimals than % has', p_customer_id, base
			USING ERRCODE = 'numeric_value_out_of_range', DETAIL = format('It is %s.', p_amount);
	END IF;
	IF NOT isfinite(COALESCE(p_valid_from, ledger_today())) OR NOT isfinite(COALESCE(p_valid_to, ledger_today()))
		OR p_valid_to < COALESCE(p_valid_from, ledger_today()) THEN
		RAISE EXCEPTION 'credit limit of customer % has an impossible validity', p_customer_id
			USING ERRCODE = 'datetime_field_overflow',
				DETAIL = format('It is from %s to %s.', COALESCE(p_valid_from, ledger_today()), COALESCE(p_valid_to::text, 'without end')),
				HINT = 'Leave p_valid_to out for a limit without end.';
	END IF;
	PERFORM lock_customer(p_customer_id);
	INSERT INTO credit_limit (customer_id, amount, currency, valid_from, valid_to, reason)
	VALUES (p_customer_id, round(p_amount, credit.minor_unit(base)), base, COALESCE(p_valid_from, ledger_today()), p_valid_to, p_reason)
	RETURNING credit_limit_id INTO id;
	PERFORM keep_limit(p_customer_id);
	RETURN id;
END $$;
COMMENT ON FUNCTION set_credit_limit(bigint, numeric, date, date, text) IS 'Sets a customer''s credit limit, in the base currency, from p_valid_from (default today) to p_valid_to (default without end). Of limits that overlap the one that starts latest counts. Returns its id.';

CREATE OR REPLACE FUNCTION lock_customer(p_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM FROM exposure e WHERE e.customer_id = p_customer_id
		AND e.currency = (SELECT l.base_currency FROM ledger_info l) FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no customer %', p_customer_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Add the customer first, with add_customer().';
	END IF;
END $$;
COMMENT ON FUNCTION lock_customer(bigint) IS 'Takes the customer''s lock until the end of the transaction. Take several in id order.';

-- The limit that is in force on a day, and the last day for which that is known.
CREATE OR REPLACE FUNCTION limit_on(p_customer_id bigint, p_on date, OUT amount numeric, OUT until date)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	found_to date;
BEGIN
	SELECT l.amount, l.valid_to INTO amount, found_to FROM credit_limit l
	WHERE l.customer_id = p_customer_id AND l.valid_from <= p_on AND (l.valid_to IS NULL OR l.valid_to >= p_on)
	ORDER BY l.valid_from DESC, l.credit_limit_id DESC LIMIT 1;
	SELECT LEAST(COALESCE(found_to, 'infinity'), min(l.valid_from) - 1, 'infinity') INTO until FROM credit_limit l
	WHERE l.customer_id = p_customer_id AND l.valid_from > p_on;
END $$;
COMMENT ON FUNCTION limit_on(bigint, date) IS 'The credit limit in force on a day (NULL: none) and the last day for which it is known to stay.';

CREATE OR REPLACE FUNCTION keep_limit(p_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	UPDATE exposure e SET limit_amount = l.amount, limit_since = ledger_today(), limit_until = l.until
	FROM limit_on(p_customer_id, ledger_today()) l
	WHERE e.customer_id = p_customer_id AND e.currency = (SELECT i.base_currency FROM ledger_info i);
END $$;
COMMENT ON FUNCTION keep_limit(bigint) IS 'Keeps the limit in force today in the exposure row, where every order check finds it.';

CREATE OR REPLACE FUNCTION place_hold(p_customer_id bigint, p_reason text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	IF COALESCE(btrim(p_reason), '') = '' THEN
		RAISE EXCEPTION 'a hold on customer % needs a reason', p_customer_id USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM lock_customer(p_customer_id);
	INSERT INTO hold (customer_id, reason) VALUES (p_customer_id, p_reason) RETURNING hold_id INTO id;
	UPDATE exposure e SET open_holds = e.open_holds + 1
	WHERE e.customer_id = p_customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l);
	RETURN id;
END $$;
COMMENT ON FUNCTION place_hold(bigint, text) IS 'Places a manual credit hold: from its commit on no order of the customer passes (RC001). Returns the hold''s id.';

CREATE OR REPLACE FUNCTION release_hold(p_customer_id bigint, p_hold_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF COALESCE(btrim(p_reason), '') = '' THEN
		RAISE EXCEPTION 'the release of a hold on customer % needs a reason', p_customer_id USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM lock_customer(p_customer_id);
	PERFORM FROM hold h WHERE h.customer_id = p_customer_id AND h.hold_id = p_hold_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no hold %', p_customer_id, p_hold_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table hold lists them.';
	END IF;
	INSERT INTO hold_release (customer_id, hold_id, reason) VALUES (p_customer_id, p_hold_id, p_reason)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'hold % of customer % is released already', p_hold_id, p_customer_id USING ERRCODE = 'unique_violation';
	END IF;
	UPDATE exposure e SET open_holds = e.open_holds - 1
	WHERE e.customer_id = p_customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l);
END $$;
COMMENT ON FUNCTION release_hold(bigint, bigint, text) IS 'Ends a manual credit hold. Other holds of the customer stay.';

CREATE OR REPLACE FUNCTION check_credit(p_customer_id bigint, p_amount numeric, p_currency text DEFAULT NULL, p_record boolean DEFAULT false,
	OUT outcome text, OUT exposure numeric, OUT limit_amount numeric, OUT available numeric, OUT shortfall numeric, OUT checks jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	SELECT c.outcome, c.exposure, c.limit_amount, c.available, c.shortfall, c.checks
	INTO outcome, exposure, limit_amount, available, shortfall, checks
	FROM credit.check_order(current_schema(), p_customer_id, p_amount, p_currency, p_record) c;
END $$;
COMMENT ON FUNCTION check_credit(bigint, numeric, text, boolean) IS 'What would be decided on a new order of p_amount: outcome (approve, warn, hold, reject), exposure before it, the limit, what is available of it, the shortfall, and each rule with its figures. Writes nothing unless p_record stores the decision.';
$cc_file$)
, ('code', '60_watching.sql', $cc_file$-- Putting the applications' own order tables under credit control.

CREATE OR REPLACE FUNCTION watch_orders(orders regclass, customer text, amount text, order_id text, open_when text DEFAULT 'true',
	mode text DEFAULT 'reject', status_column text DEFAULT NULL, open_value text DEFAULT NULL, hold_value text DEFAULT NULL,
	currency text DEFAULT NULL, record_decisions boolean DEFAULT true)
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
				('status_column', status_column)) w (role, name)
			LEFT JOIN pg_attribute a ON a.attrelid = orders AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped
		WHERE w.name IS NOT NULL
	LOOP
		IF col.attname IS NULL THEN
			RAISE EXCEPTION 'table % has no column "%"', orders, col.name
				USING ERRCODE = 'undefined_column', DETAIL = format('It was given as %s.', col.role);
		END IF;
		IF col.role = 'customer' AND col.atttypid NOT IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
			OR col.role = 'amount' AND col.atttypid NOT IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype)
			OR col.role IN ('status_column', 'currency') AND col.atttypid NOT IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
				AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = col.atttypid AND t.typtype = 'e') THEN
			RAISE EXCEPTION 'column "%" of table % cannot be used as %: it is of type %', col.name, orders, col.role, col.atttypid::regtype
				USING ERRCODE = 'datatype_mismatch',
					HINT = 'customer: an integer type. amount: numeric or an integer type. status_column, currency: text or an enum.';
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
		open_when, mode, status_column, open_value, hold_value, record_decisions)
	VALUES (rel.nspname, rel.relname, customer, amount, order_id, currency,
		condition, mode, status_column, open_value, hold_value, record_decisions)
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
COMMENT ON FUNCTION watch_orders(regclass, text, text, text, text, text, text, text, text, text, boolean) IS 'Puts a table of orders under credit control: from now on every writer passes the check. customer, amount, order_id, currency, status_column: names of its columns. open_when: immutable condition; an order counts while it is true. mode reject refuses an order that fails; mode hold saves it with status_column = hold_value. Orders open now are counted. Run it as owner of the table and of the ledger.';

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
	FOR share IN SELECT o.customer_id, o.amount FROM credit.open_orders(current_schema(), p_schema, p_table) o ORDER BY o.customer_id LOOP
		UPDATE exposure e SET ordered = e.ordered + p_sign * share.amount
		WHERE e.customer_id = share.customer_id AND e.currency = base;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'open orders in %.% of a customer the ledger does not know: %', p_schema, p_table,
				COALESCE(share.customer_id::text, 'null')
				USING ERRCODE = 'foreign_key_violation', HINT = 'Add the customer first, or correct the orders.';
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION add_open_orders(name, name, integer) IS 'Adds a watched table''s open orders to the exposure, or takes them out. Used by watch_orders() and unwatch_orders().';

CREATE OR REPLACE FUNCTION orders_readable(p_schema name, p_table name)
RETURNS boolean LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	RETURN EXISTS (SELECT FROM watched_table w
		WHERE w.table_schema = p_schema AND w.table_name = p_table
			AND credit.is_watchable(w.table_schema, w.table_name, w.customer_column, w.amount_column, w.order_id_column,
				w.currency_column, w.status_column, w.open_when, w.mode = 'hold')
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
$cc_file$)
, ('code', '70_verifying.sql', $cc_file$-- Every kept figure, recomputed.

-- A problem per row: which law, whose, which object, what is kept and what it should be.
CREATE OR REPLACE FUNCTION verify_ledger()
RETURNS TABLE (problem text, customer_id bigint, object text, kept text, recomputed text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	PERFORM credit.settle(current_schema());
	-- Every document has its item.
	RETURN QUERY
		SELECT CASE WHEN i.item_id IS NULL THEN 'document without its item' ELSE 'item does not fit its document' END, d.customer_id, format('document %s', d.document_id), i.amount::text,
			(CASE WHEN d.kind IN ('invoice', 'debit_note') THEN d.amount ELSE -d.amount END)::text
		FROM document d LEFT JOIN item i ON i.customer_id = d.customer_id AND i.document_id = d.document_id
		WHERE i.item_id IS NULL OR i.currency <> d.currency OR i.posting_date <> d.posting_date OR i.doc_date <> d.doc_date
			OR i.amount <> CASE WHEN d.kind IN ('invoice', 'debit_note') THEN d.amount ELSE -d.amount END
			OR i.due_date IS DISTINCT FROM CASE WHEN d.kind IN ('invoice', 'debit_note') THEN d.due_date END;

	-- Open amounts are what allocations leave.
	RETURN QUERY
		SELECT 'open amount', o.customer_id, format('item %s', o.item_id), o.kept::text, o.open_amount::text
		FROM (SELECT i.customer_id, i.item_id, i.open_amount AS kept, i.amount - COALESCE(a.amount, 0) AS open_amount
			FROM item i LEFT JOIN applied_to_items() a ON a.customer_id = i.customer_id AND a.item_id = i.item_id) o
		WHERE o.kept <> o.open_amount;

	-- On every date the open amount lies between zero and the amount.
	RETURN QUERY
		SELECT 'over-allocated on a date', r.customer_id, format('item %s on %s', r.item_id, r.applied_on), r.open_amount::text,
			format('0 to %s', r.amount)
		FROM (SELECT m.customer_id, m.item_id, m.applied_on, i.amount,
				i.amount - sum(m.amount) OVER (PARTITION BY m.customer_id, m.item_id ORDER BY m.applied_on) AS open_amount
			FROM item_movements() m JOIN item i ON i.customer_id = m.customer_id AND i.item_id = m.item_id) r
		WHERE NOT CASE WHEN r.amount > 0 THEN r.open_amount BETWEEN 0 AND r.amount ELSE r.open_amount BETWEEN r.amount AND 0 END;

	-- Allocations fit their items, and carry true copies.
	RETURN QUERY
		SELECT 'allocation does not fit its items', a.customer_id, format('allocation %s', a.allocation_id), NULL::text, NULL::text
		FROM allocation a
			LEFT JOIN item d ON d.customer_id = a.customer_id AND d.item_id = a.debit_item_id
			LEFT JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
		WHERE (d.amount > 0 AND c.amount < 0 AND a.currency = d.currency AND a.currency = c.currency
			AND a.applied_on >= d.posting_date AND a.applied_on >= c.posting_date
			AND a.debit_due_date IS NOT DISTINCT FROM d.due_date AND a.debit_doc_date = d.doc_date
			AND a.debit_posting_date = d.posting_date AND a.credit_posting_date = c.posting_date) IS NOT TRUE;
	RETURN QUERY
		SELECT f.figure, i.customer_id, format('item %s', i.item_id), f.kept::text, f.recomputed::text
		FROM item i
			LEFT JOIN (SELECT m.customer_id, m.item_id, max(m.applied_on) AS last_applied_on,
					max(m.applied_on) FILTER (WHERE m.is_reversal) AS reversed_on
				FROM item_movements() m GROUP BY 1, 2) r ON r.customer_id = i.customer_id AND r.item_id = i.item_id,
			LATERAL (VALUES ('date of the latest allocation', i.last_applied_on, r.last_applied_on),
				('date of the latest reversal', i.reversed_on, r.reversed_on)) f (figure, kept, recomputed)
		WHERE f.kept IS DISTINCT FROM f.recomputed;

	-- The orders of a table that was dropped, renamed or altered cannot be recounted.
	RETURN QUERY
		SELECT 'watched table cannot be read', NULL::bigint, u, NULL::text, NULL::text FROM unreadable_orders() u;

	-- Exposure is the sum of the open items, the open orders, the holds and the limit in force.
	RETURN QUERY
		SELECT f.figure, e.customer_id, format('exposure in %s', e.currency), f.kept::text, f.recomputed::text
		FROM recomputed_exposure() e, LATERAL (VALUES
			('receivable', e.kept_receivable, e.receivable), ('unapplied', e.kept_unapplied, e.unapplied),
			('ordered', e.kept_ordered, e.ordered), ('open holds', e.kept_holds, e.holds)) f (figure, kept, recomputed)
		WHERE f.kept IS DISTINCT FROM f.recomputed
			AND (f.figure <> 'ordered' OR NOT EXISTS (SELECT FROM unreadable_orders()));
	RETURN QUERY
		SELECT 'credit limit', e.customer_id, format('exposure in %s', e.currency), e.limit_amount::text, l.amount::text
		FROM exposure e, LATERAL limit_on(e.customer_id, ledger_today()) l
		WHERE e.currency = base AND ledger_today() BETWEEN e.limit_since AND e.limit_until AND e.limit_amount IS DISTINCT FROM l.amount;
	RETURN QUERY
		SELECT 'other currencies', e.customer_id, format('exposure in %s', e.currency), e.has_other_currency::text, 'true'
		FROM exposure e WHERE e.currency = base AND NOT e.has_other_currency
			AND EXISTS (SELECT FROM exposure o WHERE o.customer_id = e.customer_id AND o.currency <> base);
END $$;
COMMENT ON FUNCTION verify_ledger() IS 'Recomputes every kept figure from documents, allocations, orders, holds and limits, and returns what differs: which figure, whose, what is kept, what it should be. No rows when all is well. Run it when nobody is writing, or in one REPEATABLE READ transaction.';

CREATE OR REPLACE FUNCTION item_movements()
RETURNS TABLE (customer_id bigint, item_id bigint, applied_on date, amount numeric, is_reversal boolean)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT a.customer_id, a.debit_item_id, a.applied_on, a.amount, a.reverses IS NOT NULL FROM allocation a
		UNION ALL
		SELECT a.customer_id, a.credit_item_id, a.applied_on, -a.amount, a.reverses IS NOT NULL FROM allocation a;
END $$;
COMMENT ON FUNCTION item_movements() IS 'Every allocation seen from each of its two items, with the sign that reduces the item.';

CREATE OR REPLACE FUNCTION applied_to_items()
RETURNS TABLE (customer_id bigint, item_id bigint, amount numeric)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY SELECT m.customer_id, m.item_id, sum(m.amount) FROM item_movements() m GROUP BY 1, 2;
END $$;
COMMENT ON FUNCTION applied_to_items() IS 'What is allocated of each item, in all.';

CREATE OR REPLACE FUNCTION recomputed_exposure()
RETURNS TABLE (customer_id bigint, currency text, kept_receivable numeric, receivable numeric, kept_unapplied numeric, unapplied numeric,
	kept_ordered numeric, ordered numeric, kept_holds numeric, holds numeric)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	RETURN QUERY
		WITH items AS (
			SELECT i.customer_id, i.currency, sum(i.open_amount) FILTER (WHERE i.open_amount > 0) AS receivable,
				-sum(i.open_amount) FILTER (WHERE i.open_amount < 0) AS unapplied
			FROM item i WHERE i.open_amount <> 0 GROUP BY 1, 2),
		orders AS (
			SELECT o.customer_id, sum(o.amount) AS ordered
			FROM watched_table w, LATERAL credit.open_orders(current_schema(), w.table_schema, w.table_name) o
			WHERE orders_readable(w.table_schema::name, w.table_name::name) GROUP BY 1),
		holds AS (
			SELECT h.customer_id, count(*) AS holds FROM hold h
			WHERE NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id) GROUP BY 1),
		wanted AS (
			SELECT c.customer_id, base AS currency FROM customer c
			UNION SELECT i.customer_id, i.currency FROM items i
			UNION SELECT e.customer_id, e.currency FROM exposure e
			UNION SELECT o.customer_id, base FROM orders o)
		SELECT w.customer_id, w.currency, e.receivable, COALESCE(i.receivable, 0), e.unapplied, COALESCE(i.unapplied, 0),
			e.ordered, CASE WHEN w.currency = base THEN COALESCE(o.ordered, 0) ELSE 0 END,
			e.open_holds::numeric, CASE WHEN w.currency = base THEN COALESCE(h.holds, 0) ELSE 0 END::numeric
		FROM wanted w
			LEFT JOIN exposure e ON e.customer_id = w.customer_id AND e.currency = w.currency
			LEFT JOIN items i ON i.customer_id = w.customer_id AND i.currency = w.currency
			LEFT JOIN orders o ON o.customer_id = w.customer_id
			LEFT JOIN holds h ON h.customer_id = w.customer_id;
END $$;
COMMENT ON FUNCTION recomputed_exposure() IS 'The exposure of every customer as kept and as recomputed from items, orders and holds.';

CREATE OR REPLACE FUNCTION rebuild_ledger()
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	repaired bigint := 0;
	n bigint;
	base text := (SELECT l.base_currency FROM ledger_info l);
	unreadable text;
BEGIN
	PERFORM credit.settle(current_schema());
	-- Orders that cannot be counted are not to be counted as none.
	SELECT u INTO unreadable FROM unreadable_orders() u LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'orders of watched table % cannot be read', unreadable
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'It was dropped, renamed or altered, or has lost its triggers.',
				HINT = format('Call unwatch_orders(%L) first.', unreadable);
	END IF;
	-- Nobody posts, applies or orders meanwhile.
	LOCK TABLE document, allocation, exposure IN SHARE ROW EXCLUSIVE MODE;

	INSERT INTO item AS i (customer_id, document_id, currency, amount, open_amount, doc_date, posting_date, due_date)
	SELECT d.customer_id, d.document_id, d.currency, s.amount, s.amount, d.doc_date, d.posting_date,
		CASE WHEN s.amount > 0 THEN d.due_date END
	FROM document d, LATERAL (SELECT CASE WHEN d.kind IN ('invoice', 'debit_note') THEN d.amount ELSE -d.amount END) s (amount)
	WHERE NOT EXISTS (SELECT FROM item o WHERE o.customer_id = d.customer_id AND o.document_id = d.document_id);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	UPDATE item i SET currency = d.currency, amount = s.amount, doc_date = d.doc_date, posting_date = d.posting_date,
		due_date = CASE WHEN s.amount > 0 THEN d.due_date END
	FROM document d, LATERAL (SELECT CASE WHEN d.kind IN ('invoice', 'debit_note') THEN d.amount ELSE -d.amount END) s (amount)
	WHERE d.customer_id = i.customer_id AND d.document_id = i.document_id
		AND (i.currency, i.amount, i.doc_date, i.posting_date, i.due_date)
			IS DISTINCT FROM (d.currency, s.amount, d.doc_date, d.posting_date, CASE WHEN s.amount > 0 THEN d.due_date END);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	UPDATE item i SET open_amount = i.amount - r.applied, last_applied_on = r.last_applied_on, reversed_on = r.reversed_on
	FROM (SELECT o.customer_id, o.item_id, COALESCE(sum(m.amount), 0) AS applied, max(m.applied_on) AS last_applied_on,
			max(m.applied_on) FILTER (WHERE m.is_reversal) AS reversed_on
		FROM item o LEFT JOIN item_movements() m ON m.customer_id = o.customer_id AND m.item_id = o.item_id
		GROUP BY o.customer_id, o.item_id) r
	WHERE r.customer_id = i.customer_id AND r.item_id = i.item_id
		AND (i.open_amount, i.last_applied_on, i.reversed_on) IS DISTINCT FROM (i.amount - r.applied, r.last_applied_on, r.reversed_on);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	INSERT INTO exposure AS e (customer_id, currency)
	SELECT r.customer_id, r.currency FROM recomputed_exposure() r WHERE r.kept_receivable IS NULL;
	UPDATE exposure e SET receivable = r.receivable, unapplied = r.unapplied, ordered = r.ordered, open_holds = r.holds
	FROM recomputed_exposure() r
	WHERE r.customer_id = e.customer_id AND r.currency = e.currency
		AND (e.receivable, e.unapplied, e.ordered, e.open_holds) IS DISTINCT FROM (r.receivable, r.unapplied, r.ordered, r.holds::integer);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	UPDATE exposure e SET has_other_currency = true
	WHERE e.currency = base AND NOT e.has_other_currency
		AND EXISTS (SELECT FROM exposure o WHERE o.customer_id = e.customer_id AND o.currency <> base);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;
	UPDATE exposure e SET limit_amount = l.amount, limit_since = ledger_today(), limit_until = l.until
	FROM (SELECT o.customer_id, k.amount, k.until FROM exposure o, LATERAL limit_on(o.customer_id, ledger_today()) k
		WHERE o.currency = base AND ledger_today() BETWEEN o.limit_since AND o.limit_until) l
	WHERE e.customer_id = l.customer_id AND e.currency = base AND e.limit_amount IS DISTINCT FROM l.amount;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN repaired + n;
END $$;
COMMENT ON FUNCTION rebuild_ledger() IS 'Repairs kept figures (items, open amounts, exposure) from documents, allocations, orders and holds; these it never changes. Blocks posting meanwhile. Returns how many rows it mended.';
$cc_file$)
, ('code', '90_rights.sql', $cc_file$-- Who may do what.

CREATE OR REPLACE FUNCTION grant_access(p_role name, p_access text)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	ledger text := current_schema();
	fn regprocedure;
	functions text[];
BEGIN
	IF p_role IS NULL THEN
		RAISE EXCEPTION 'role must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	functions := CASE p_access
		WHEN 'reader' THEN ARRAY['aging_at']
		WHEN 'poster' THEN ARRAY['aging_at', 'check_credit', 'add_customer', 'post_document', 'post_invoice', 'post_debit_note', 'post_credit_note',
			'post_payment', 'allocate', 'apply_payment', 'reverse_allocation']
		WHEN 'loader' THEN ARRAY['aging_at', 'check_credit']
		WHEN 'credit_manager' THEN ARRAY['aging_at', 'check_credit', 'set_credit_limit', 'place_hold', 'release_hold', 'verify_ledger']
		END;
	IF functions IS NULL THEN
		RAISE EXCEPTION 'unknown access "%"', p_access
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Access is reader, poster, loader or credit_manager.';
	END IF;
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', ledger, p_role);
	EXECUTE format('GRANT SELECT ON aging_summary, open_items TO %I', p_role);
	FOR fn IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = quote_ident(ledger)::regnamespace AND p.proname = ANY (functions) LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', fn, p_role);
	END LOOP;
	IF p_access = 'loader' THEN
		-- Columns, not tables: what triggers and defaults fill is not for the loader to say.
		EXECUTE format('GRANT INSERT (customer_id, name, number) ON customer TO %I', p_role);
		EXECUTE format('GRANT INSERT (customer_id, kind, number, doc_date, posting_date, due_date, currency, amount, reference) ON document TO %I', p_role);
		EXECUTE format('GRANT INSERT (customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses) ON allocation TO %I', p_role);
		EXECUTE format('GRANT USAGE ON SEQUENCE customer_customer_id_seq, document_document_id_seq, allocation_allocation_id_seq TO %I', p_role);
	END IF;
	IF p_access = 'credit_manager' THEN
		EXECUTE format('GRANT SELECT ON hold, hold_release, credit_limit, decision, exposure, check_rule TO %I', p_role);
	END IF;
END $$;
COMMENT ON FUNCTION grant_access(name, text) IS 'Grants a role what it needs. reader: the views and aging_at(). poster: also posting, allocating and checking. loader: also COPY into customer, document and allocation. credit_manager: reading and checking, limits and holds.';

-- Functions are not for everybody just because they exist.
DO $do$
BEGIN
	EXECUTE format('REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END $do$;
$cc_file$)
$cc_template$;
COMMENT ON FUNCTION credit.ledger_template() IS 'The SQL a ledger is made of: part tables (run once) or code (CREATE OR REPLACE, run again by upgrade_ledger), file name, and text, in running order.';
