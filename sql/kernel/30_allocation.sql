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
