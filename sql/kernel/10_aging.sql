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
