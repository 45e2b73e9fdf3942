-- Cash application: which items a payment pays, by its amount and by the document numbers it names.

CREATE FUNCTION credit.match_amount(
	target numeric,
	amounts numeric[],
	tolerance numeric DEFAULT 0,
	max_solutions integer DEFAULT 10,
	discounted numeric[] DEFAULT NULL,
	due_dates date[] DEFAULT NULL,
	as_of date DEFAULT NULL,
	max_items integer DEFAULT NULL,
	max_work integer DEFAULT 1000000,
	OUT outcome text,
	OUT structure text,
	OUT item_nos integer[],
	OUT discount_taken boolean[],
	OUT difference numeric,
	OUT solutions integer,
	OUT capped boolean)
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'cc_match_amount';

COMMENT ON FUNCTION credit.match_amount(numeric, numeric[], numeric, integer, numeric[], date[], date, integer, integer) IS
'Which open items make exactly this payment (subset sum), and whether that is the only way. outcome: unique, ambiguous (solutions says how many sets, counted up to max_solutions), none, or unknown when max_work steps were not enough to decide. The best set: item_nos are positions in amounts, from 1; discount_taken says of each whether it is paid at its discounted amount; difference is the target less their sum. structure: all, past_due (before as_of), oldest (all items due up to some date), single, pair, small (3 or 4 items), any. Ranks: exact sets of the first four structures, pairs, small ones, one of any size if it is the only one, then the same within the tolerance; the first rank that has a set decides, and outcome and solutions speak of that rank. Amounts may be negative. Of items alike in amount and discount the older is paid first; if their due dates do not decide, every choice counts. The order of the items changes nothing.';

CREATE FUNCTION credit.match_reference(
	remittance text,
	document_numbers text[],
	min_similarity numeric DEFAULT 0.75)
RETURNS TABLE (number_no integer, start integer, length integer, found text, similarity numeric, kind text, candidates integer)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 2
AS 'MODULE_PATHNAME', 'cc_match_reference';

COMMENT ON FUNCTION credit.match_reference(text, text[], numeric) IS
'Which of the document numbers a free text names: number_no (position in document_numbers, from 1), start and length in characters, the text found, similarity, kind, and candidates (how many numbers the place may mean; more than 1 is ambiguous). kind: exact, normalised (but for case, separators, leading zeros), range (by a range or a list: INV 100-104, INV 100/101), ocr (letters read as digits or the other way round), fuzzy (similar, see credit.similarity_edits). Each number is found once, at its surest place; places do not overlap. Amounts, dates, telephone and account numbers are not taken for numbers of digits alone.';

CREATE FUNCTION credit.reference_key(document_number text)
RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'cc_reference_key';

COMMENT ON FUNCTION credit.reference_key(text) IS
'Normal form of a document number, for an index: letters and digits only, A to Z in upper case, every number without its leading zeros. INV-2026-00123 and inv 2026 123 both give INV2026123.';

CREATE FUNCTION credit.reference_keys(remittance text)
RETURNS text[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500
AS 'MODULE_PATHNAME', 'cc_reference_keys';

COMMENT ON FUNCTION credit.reference_keys(text) IS
'Normal forms of all document numbers that a free text may name, each once, to be joined with an index on credit.reference_key(): finds what credit.match_reference() finds, but for what is misread or similar.';

CREATE FUNCTION credit.similarity_edits(a text, b text)
RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'cc_similarity_edits';

COMMENT ON FUNCTION credit.similarity_edits(text, text) IS
'1 less the edits that make one text the other (characters inserted, deleted or replaced; two that changed places are two) over the length of the longer, with 4 decimals. Only letters and digits count, and A to Z without regard to case.';

CREATE FUNCTION credit.creditor_reference(document_number text)
RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'cc_creditor_reference';

COMMENT ON FUNCTION credit.creditor_reference(text) IS
'ISO 11649 creditor reference of a document number: RF, two check digits (ISO 7064 MOD 97-10), and its 1 to 21 letters and digits.';
