-- Payment terms of trade: what is due when, and what a prompt payer may deduct.  src/terms*.c, src/terms*.h.

------------------------------------------------------------------------------------------------
-- credit.payment_terms
------------------------------------------------------------------------------------------------

CREATE TYPE credit.payment_terms;

CREATE FUNCTION credit.payment_terms_in(cstring) RETURNS credit.payment_terms
AS 'MODULE_PATHNAME', 'terms_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.payment_terms_out(credit.payment_terms) RETURNS cstring
AS 'MODULE_PATHNAME', 'terms_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.payment_terms_recv(internal) RETURNS credit.payment_terms
AS 'MODULE_PATHNAME', 'terms_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.payment_terms_send(credit.payment_terms) RETURNS bytea
AS 'MODULE_PATHNAME', 'terms_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE credit.payment_terms (
	INPUT = credit.payment_terms_in,
	OUTPUT = credit.payment_terms_out,
	RECEIVE = credit.payment_terms_recv,
	SEND = credit.payment_terms_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = plain
);

COMMENT ON TYPE credit.payment_terms IS 'Payment terms in the notation of trade: ''2/10 net 30'', ''3/10, 2/20, net 45'', ''net 30 EOM'', ''2/10 EOM'', ''10th prox'', ''4/15 ROG'', ''1/10-60x'', ''net 30 dating 03-01'', ''1/3 30, 1/3 60, 1/3 90'', ''due on receipt'', ''COD'', ''CIA'', ''CWO''. Reads many spellings, prints one. 16 bytes, and 8 for each further discount or instalment.';
COMMENT ON FUNCTION credit.payment_terms_in(cstring) IS 'Text input of payment_terms: trade notation, in any case and spacing.';
COMMENT ON FUNCTION credit.payment_terms_out(credit.payment_terms) IS 'Text output of payment_terms: the canonical notation, which reads back to the same value.';
COMMENT ON FUNCTION credit.payment_terms_recv(internal) IS 'Binary input of payment_terms; checked like text.';
COMMENT ON FUNCTION credit.payment_terms_send(credit.payment_terms) IS 'Binary output of payment_terms; its first byte is the version.';

CREATE FUNCTION credit.payment_terms_eq(credit.payment_terms, credit.payment_terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'terms_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.payment_terms_ne(credit.payment_terms, credit.payment_terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'terms_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.payment_terms_lt(credit.payment_terms, credit.payment_terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'terms_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.payment_terms_le(credit.payment_terms, credit.payment_terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'terms_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.payment_terms_ge(credit.payment_terms, credit.payment_terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'terms_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.payment_terms_gt(credit.payment_terms, credit.payment_terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'terms_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.payment_terms_cmp(credit.payment_terms, credit.payment_terms) RETURNS integer
AS 'MODULE_PATHNAME', 'terms_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.payment_terms_hash(credit.payment_terms) RETURNS integer
AS 'MODULE_PATHNAME', 'terms_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.payment_terms_eq(credit.payment_terms, credit.payment_terms) IS 'Implements = on payment_terms.';
COMMENT ON FUNCTION credit.payment_terms_ne(credit.payment_terms, credit.payment_terms) IS 'Implements <> on payment_terms.';
COMMENT ON FUNCTION credit.payment_terms_lt(credit.payment_terms, credit.payment_terms) IS 'Implements < on payment_terms.';
COMMENT ON FUNCTION credit.payment_terms_le(credit.payment_terms, credit.payment_terms) IS 'Implements <= on payment_terms.';
COMMENT ON FUNCTION credit.payment_terms_ge(credit.payment_terms, credit.payment_terms) IS 'Implements >= on payment_terms.';
COMMENT ON FUNCTION credit.payment_terms_gt(credit.payment_terms, credit.payment_terms) IS 'Implements > on payment_terms.';
COMMENT ON FUNCTION credit.payment_terms_cmp(credit.payment_terms, credit.payment_terms) IS 'Order of payment_terms for sorting: by what the days count from, then by what is due, then by discounts.';
COMMENT ON FUNCTION credit.payment_terms_hash(credit.payment_terms) IS 'Hash of payment_terms.';

CREATE OPERATOR credit.= (
	LEFTARG = credit.payment_terms, RIGHTARG = credit.payment_terms, FUNCTION = credit.payment_terms_eq,
	COMMUTATOR = OPERATOR(credit.=), NEGATOR = OPERATOR(credit.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR credit.<> (
	LEFTARG = credit.payment_terms, RIGHTARG = credit.payment_terms, FUNCTION = credit.payment_terms_ne,
	COMMUTATOR = OPERATOR(credit.<>), NEGATOR = OPERATOR(credit.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR credit.< (
	LEFTARG = credit.payment_terms, RIGHTARG = credit.payment_terms, FUNCTION = credit.payment_terms_lt,
	COMMUTATOR = OPERATOR(credit.>), NEGATOR = OPERATOR(credit.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR credit.<= (
	LEFTARG = credit.payment_terms, RIGHTARG = credit.payment_terms, FUNCTION = credit.payment_terms_le,
	COMMUTATOR = OPERATOR(credit.>=), NEGATOR = OPERATOR(credit.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR credit.>= (
	LEFTARG = credit.payment_terms, RIGHTARG = credit.payment_terms, FUNCTION = credit.payment_terms_ge,
	COMMUTATOR = OPERATOR(credit.<=), NEGATOR = OPERATOR(credit.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR credit.> (
	LEFTARG = credit.payment_terms, RIGHTARG = credit.payment_terms, FUNCTION = credit.payment_terms_gt,
	COMMUTATOR = OPERATOR(credit.<), NEGATOR = OPERATOR(credit.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR credit.= (credit.payment_terms, credit.payment_terms) IS 'Same terms.';
COMMENT ON OPERATOR credit.<> (credit.payment_terms, credit.payment_terms) IS 'Not the same terms.';
COMMENT ON OPERATOR credit.< (credit.payment_terms, credit.payment_terms) IS 'Before, in sorting order.';
COMMENT ON OPERATOR credit.<= (credit.payment_terms, credit.payment_terms) IS 'Before or the same, in sorting order.';
COMMENT ON OPERATOR credit.>= (credit.payment_terms, credit.payment_terms) IS 'After or the same, in sorting order.';
COMMENT ON OPERATOR credit.> (credit.payment_terms, credit.payment_terms) IS 'After, in sorting order.';

CREATE OPERATOR CLASS credit.payment_terms_ops DEFAULT FOR TYPE credit.payment_terms USING btree AS
	OPERATOR 1 credit.<, OPERATOR 2 credit.<=, OPERATOR 3 credit.=, OPERATOR 4 credit.>=, OPERATOR 5 credit.>,
	FUNCTION 1 credit.payment_terms_cmp(credit.payment_terms, credit.payment_terms);
CREATE OPERATOR CLASS credit.payment_terms_ops DEFAULT FOR TYPE credit.payment_terms USING hash AS
	OPERATOR 1 credit.=,
	FUNCTION 1 credit.payment_terms_hash(credit.payment_terms);
COMMENT ON OPERATOR CLASS credit.payment_terms_ops USING btree IS 'Sorting and comparing payment_terms.';
COMMENT ON OPERATOR CLASS credit.payment_terms_ops USING hash IS 'Hashing payment_terms.';

------------------------------------------------------------------------------------------------
-- Dates
------------------------------------------------------------------------------------------------

CREATE FUNCTION credit.due_date(terms credit.payment_terms, doc_date date, received date DEFAULT NULL) RETURNS date
AS 'MODULE_PATHNAME', 'cc_due_date' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION credit.due_date(credit.payment_terms, date, date) IS
'When an invoice of doc_date is due in full: the net date, of instalments the last, never before the last day of a discount. received: when the goods arrived; without it ROG terms have no date yet (NULL) and COD counts from doc_date. NULL if terms or doc_date is NULL. Error 22008 for an infinite date and a result out of range.';

CREATE FUNCTION credit.discount_date(terms credit.payment_terms, doc_date date, received date DEFAULT NULL) RETURNS date
AS 'MODULE_PATHNAME', 'cc_discount_date' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION credit.discount_date(credit.payment_terms, date, date) IS
'The last day of the best discount, as it is printed on an invoice: days of grace are not in it. NULL without a discount, for ROG terms while received is NULL, and if terms or doc_date is NULL. credit.discounts() shows all of them.';

CREATE FUNCTION credit.discounts(terms credit.payment_terms, doc_date date, received date DEFAULT NULL)
RETURNS TABLE (no integer, rate numeric, last_day date)
AS 'MODULE_PATHNAME', 'cc_discounts' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION credit.discounts(credit.payment_terms, date, date) IS
'The discounts of an invoice, the best first: its rate as a fraction of one (0.02 is 2%) and its last day without grace, which is NULL for ROG terms while received is NULL. No rows without a discount and if terms or doc_date is NULL.';

CREATE FUNCTION credit.instalments(terms credit.payment_terms, doc_date date, total numeric, minor_unit integer DEFAULT 2, received date DEFAULT NULL)
RETURNS TABLE (no integer, due_date date, amount numeric)
AS 'MODULE_PATHNAME', 'cc_instalments' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 3;
COMMENT ON FUNCTION credit.instalments(credit.payment_terms, date, numeric, integer, date) IS
'Splits a total into what is due when; one row for terms without instalments. Each share is rounded to the minor unit, half away from zero, and the last takes what rounding left, so that the sum is exact. due_date is NULL for ROG terms while received is NULL. No rows if terms, doc_date or total is NULL; error 22003 if the total has more decimals than minor_unit.';

------------------------------------------------------------------------------------------------
-- Cash discount
------------------------------------------------------------------------------------------------

CREATE FUNCTION credit.discount_rate(terms credit.payment_terms, doc_date date, paid_on date, received date DEFAULT NULL) RETURNS numeric
AS 'MODULE_PATHNAME', 'cc_discount_rate' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION credit.discount_rate(credit.payment_terms, date, date, date) IS
'The best discount a payment on that day earns, days of grace included, as a fraction of one: 0.02 is 2%; 0 if none. NULL while nobody can tell (ROG terms with a discount, received NULL) and if terms, doc_date or paid_on is NULL.';

CREATE FUNCTION credit.discount(terms credit.payment_terms, doc_date date, paid_on date, amount numeric, received date DEFAULT NULL, basis text DEFAULT 'invoice', minor_unit integer DEFAULT 2) RETURNS numeric
AS 'MODULE_PATHNAME', 'cc_discount' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION credit.discount(credit.payment_terms, date, date, numeric, date, text, integer) IS
'The cash discount that a payment on that day earns, rounded to the minor unit, half away from zero. basis ''invoice'': amount is what is settled of the invoice, and the discount amount x rate. basis ''payment'': amount is the money, which settles amount / (1 - rate), and the discount is the difference: 400.00 on 2/10 earns 8.16 and settles 408.16. A negative amount gives a negative discount, as when a credit note takes one back. NULL while nobody can tell (ROG terms with a discount, received NULL) and if terms, doc_date, paid_on or amount is NULL.';

CREATE FUNCTION credit.discount_cost(terms credit.payment_terms, basis text DEFAULT 'simple_365', doc_date date DEFAULT NULL, received date DEFAULT NULL) RETURNS numeric
AS 'MODULE_PATHNAME', 'cc_discount_cost' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION credit.discount_cost(credit.payment_terms, text, date, date) IS
'What it costs a year not to take the best discount and pay on the net date, as a fraction of one, with 6 decimals. basis: simple_360 and simple_365, d / (1 - d) x 360 or 365 / days; effective, (1 + d / (1 - d)) ^ (365 / days) - 1. Days run from the end of the discount to the net date; where that depends on the invoice (2/10 net EOM) give doc_date. NULL without a discount, if the days are not known or not positive, and if terms is NULL.';

------------------------------------------------------------------------------------------------
-- Parts
------------------------------------------------------------------------------------------------

CREATE FUNCTION credit.net_days(terms credit.payment_terms) RETURNS integer
AS 'MODULE_PATHNAME', 'cc_terms_net_days' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.net_days(credit.payment_terms) IS 'Days from the invoice (ROG: from the receipt of goods) to the net date; NULL if they depend on the calendar (EOM, prox, months, dating) and for instalments.';

CREATE FUNCTION credit.discount_rate(terms credit.payment_terms) RETURNS numeric
AS 'MODULE_PATHNAME', 'cc_terms_discount_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.discount_rate(credit.payment_terms) IS 'The best discount of the terms as a fraction of one: 0.02 is 2%; NULL if they have none.';

CREATE FUNCTION credit.grace_days(terms credit.payment_terms) RETURNS integer
AS 'MODULE_PATHNAME', 'cc_terms_grace_days' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.grace_days(credit.payment_terms) IS 'Days after its last day for which a discount is still granted; 0 if none.';

CREATE FUNCTION credit.instalment_count(terms credit.payment_terms) RETURNS integer
AS 'MODULE_PATHNAME', 'cc_terms_instalment_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.instalment_count(credit.payment_terms) IS 'In how many instalments an amount is due; 1 for terms without.';

CREATE FUNCTION credit.is_prepaid(terms credit.payment_terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'cc_terms_is_prepaid' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.is_prepaid(credit.payment_terms) IS 'Whether the money comes before the goods: CIA or CWO.';

CREATE FUNCTION credit.is_cod(terms credit.payment_terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'cc_terms_is_cod' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.is_cod(credit.payment_terms) IS 'Whether the goods are paid on delivery: COD.';

CREATE FUNCTION credit.awaits_goods(terms credit.payment_terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'cc_terms_awaits_goods' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.awaits_goods(credit.payment_terms) IS 'Whether days count from the receipt of goods (ROG), so that an invoice has no dates before.';
