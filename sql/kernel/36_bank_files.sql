-- What banks and payers send, as rows: BAI2, X12 820 and CSV remittance advice. camt is in a file of its own.

CREATE FUNCTION credit.read_bai2(data text)
RETURNS TABLE (
	file_id text, sender text, receiver text, created_on date,
	group_receiver text, originator text, group_status integer, as_of date, as_of_time text,
	account text, currency text,
	type_code text, level text, credit_debit text, amount numeric, item_count integer,
	funds_type text, immediate numeric, one_day numeric, two_day numeric, value_date date,
	distribution_days integer[], distribution_amounts numeric[],
	bank_reference text, customer_reference text, remittance_text text, line_no integer)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'cc_read_bai2';

COMMENT ON FUNCTION credit.read_bai2(text) IS
'Reads a BAI2 file: one row for each balance, total (record 03) and transaction (record 16). Control totals and record counts of accounts, groups and the file are verified; a file that fails is refused whole (22P04), with the line and both figures. Amounts come in the major unit of their currency. level is status, summary or detail: only detail rows are money that moved.';

CREATE FUNCTION credit.read_x12_820(data text)
RETURNS TABLE (
	sender text, receiver text, interchange_control text, set_control text,
	trace text, payment_amount numeric, credit_debit text, currency text, payment_date date, payment_method text,
	payer_name text, payer_id text, payee_name text, payee_id text,
	entity text, line_no integer, line_kind text,
	reference_qualifier text, reference text, document_date date,
	amount_paid numeric, invoice_amount numeric, discount numeric,
	adjustment_amount numeric, adjustment_reason text, adjustment_qualifier text, adjustment_reference text,
	payment_part numeric, other_references text[], segment_no integer)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'cc_read_x12_820';

COMMENT ON FUNCTION credit.read_x12_820(text) IS
'Reads X12 820 remittance advice: one row for each RMR (line_kind remittance) and ADX (adjustment inside an RMR, free adjustment on its own). payment_part is what the row adds to the payment; over a payment it sums to payment_amount (BPR02), or the file is refused (22P04). Control numbers and counts of SE, GE and IEA are verified.';

CREATE FUNCTION credit.read_remittance_csv(
	data text,
	delimiter text DEFAULT NULL,
	decimal_mark text DEFAULT '.',
	currency text DEFAULT NULL,
	total numeric DEFAULT NULL)
RETURNS TABLE (
	line_no integer, reference text, currency text, amount_paid numeric, invoice_amount numeric,
	discount numeric, deduction numeric, deduction_reason text)
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'cc_read_remittance_csv';

COMMENT ON FUNCTION credit.read_remittance_csv(text, text, text, text, numeric) IS
'Reads a payer''s remittance advice as CSV with a header line, whose column names say what is what. delimiter: comma, semicolon, tab or vertical bar, found in the header if NULL; decimal_mark: point or comma; currency: of records without one; total: what the amounts paid must add up to. Anything that cannot be read is an error with line and column (22P04).';

CREATE FUNCTION credit.is_creditor_reference(reference text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'cc_is_creditor_reference';

COMMENT ON FUNCTION credit.is_creditor_reference(text) IS
'Whether this is a creditor reference of ISO 11649 (RF and two check digits that are right, modulo 97). Blanks and small letters do not matter.';
