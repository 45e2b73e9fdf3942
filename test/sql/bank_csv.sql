-- Remittance advice as CSV: headers, quotes, numbers, totals, and what cannot be read.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
\set SHOW_CONTEXT never
\pset null -

CREATE FUNCTION pg_temp.refused(data text, delimiter text DEFAULT NULL, decimal_mark text DEFAULT '.', currency text DEFAULT NULL, total numeric DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM FROM credit.read_remittance_csv(data, delimiter, decimal_mark, currency, total);
	RETURN 'NOT REFUSED';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, NULLIF(detail, ''));
END $$;

SELECT * FROM credit.read_remittance_csv($$Invoice Number,Invoice Date,Gross Amount,Discount Taken,Deduction,Reason Code,Amount Paid,Currency
INV-1001,2025-01-05,"1,000.00",20.00,,,980.00,USD
INV-1002,2025-01-06,500.00,,50.00,"short, 2 boxes",450.00,USD
"INV ""A"" 7",2025-01-07,12.5,0,0,,12.5,USD

CM-77,2025-01-08,-100.00,,,"credit
memo",(100.00),USD
Total,,,,,,"1,342.50",
$$, total => 1342.5);
-- The same payer in Europe: semicolons, decimal commas, thousands set off, a currency for all.
SELECT * FROM credit.read_remittance_csv(U&'\FEFF' || E'Rechnung;Betrag;Skonto;Abzug;Grund\r\nR-1;1.234,50;25,19;;\r\n R-2 ; 1 000 000,00 ;;10;Bruch\r\nR-3;5,00-;;;\r\nSumme;1.001.229,50\r\n\r\n',
	decimal_mark => ',', currency => 'EUR');
-- Tabs, blank columns at the end, a plain name against a vague one, yen, dinars.
SELECT * FROM credit.read_remittance_csv(E'Reference\tDocument No.\tAmount\tPaid\tccy\treason\nx\tD-1\t9\t1500\tJPY\t\nx\tD-2\t9\t1500.125\tKWD\t\n');
SELECT * FROM credit.read_remittance_csv(E'Document No,Reference,Paid,Amount\nD-1,x,1,9');
SELECT * FROM credit.read_remittance_csv(E'ref|amount|\nD-1|1|\nD-2|+2||\n', '|');
SELECT * FROM credit.read_remittance_csv(E'"Invoice, no";"Amount, paid"\n"1;2";"3"', ';');
SELECT * FROM credit.read_remittance_csv(NULL);

-- Every delimiter with every decimal mark: what is quoted where it must be reads the same.
SELECT count(*), count(DISTINCT rows), min(rows) FROM
	(VALUES (','), (';'), ('|'), ('tab')) d (delimiter),
	(VALUES ('.'), (',')) m (mark),
	(VALUES (''), ('"')) q (quote),
	(VALUES (E'\n'), (E'\r\n')) e (line_end),
	LATERAL (SELECT CASE d.delimiter WHEN 'tab' THEN E'\t' ELSE d.delimiter END) s (sep),
	LATERAL (SELECT string_agg(reference || '=' || amount_paid || '/' || discount, ' ' ORDER BY line_no) FROM credit.read_remittance_csv(
		concat('Doc No', sep, 'Discount', sep, 'Paid', line_end,
			'A', sep, quote, replace('1.50', '.', mark), quote, sep, quote, replace('98.50', '.', mark), quote, line_end,
			'B', sep, quote, '0', quote, sep, quote, replace('1234567.89', '.', mark), quote), d.delimiter, mark)) r (rows)
WHERE quote = '"' OR mark <> sep;

-- What is a number, with a decimal point and with a decimal comma.
SELECT v.text, regexp_replace(pg_temp.refused(E'ref;paid\nA;' || text), ' *\|.*', '') AS point, regexp_replace(pg_temp.refused(E'ref;paid\nA;' || text, decimal_mark => ','), ' *\|.*', '') AS comma
FROM (VALUES ('1'), ('-1'), ('1-'), ('(1)'), ('(-1)'), ('+1.5'), ('.5'), ('5.'), ('1,5'), ('1.5'), ('1,500'), ('1.500'), ('1,500.00'), ('1.500,00'), ('1,50.00'), ('1,5000'), ('12,34,567'), ('1''000.5'),
	('1 000'), ('1,000 000'), ('1..5'), ('1e3'), ('NaN'), ('$5'), ('--1'), ('1-1'), ('-'), ('0.0000001'), ('12345678901234567890123'), ('1234567890123456789012'), ('٣')) v (text);

SELECT what, pg_temp.refused(data) FROM (VALUES
	('empty', ''), ('blank', E' \r\n'), ('a header only', 'invoice,amount'), ('blank lines only', E'invoice,amount\n\n , \n'),
	('no reference', E'when,amount\n1,2'), ('no amount', E'invoice,when\n1,2'), ('one column', E'invoice\n1'),
	('two columns alike', E'invoice no,document no,amount\n1,2,3'),
	('too few columns', E'invoice,amount,discount\nA,1,0\nB,2'), ('too many', E'invoice,amount\nA,1,0'),
	('amount', E'invoice,Amount Paid\nA,1\nB,two'), ('discount', E'invoice,amount,skonto\nA,1,x'),
	('no number', E'invoice,amount\nA,'), ('no document', E'invoice,amount\n,1'),
	('quote not closed', E'invoice,amount\n"A,1\nB,2'), ('text behind a quote', E'invoice,amount\nA,1\n"B"x,2'),
	('total', E'invoice,amount\nA,1\nB,2\nTotal,4'), ('after the total', E'invoice,amount\nA,1\nTotal,1\nB,2'),
	('currency', E'invoice,amount,currency\nA,1,USD\nB,1,usd'), ('decimals', E'invoice,amount,ccy\nA,1.50,JPY'), ('decimals of a discount', E'invoice,amount,discount,ccy\nA,1,.001,USD'),
	('mixed total', E'invoice,amount,ccy\nA,1,USD\nB,1,EUR\nTotal,2,')) v (what, data);
SELECT pg_temp.refused(E'invoice,amount\nA,1', total => 2), pg_temp.refused(E'invoice,amount\nA,1', currency => 'ABC'), pg_temp.refused(E'invoice,amount\nA,1', delimiter => 'x'),
	pg_temp.refused(E'invoice,amount\nA,1', decimal_mark => ';'), pg_temp.refused(E'invoice,amount\nA,1', decimal_mark => NULL), pg_temp.refused(E'invoice,amount\nA,1', delimiter => ';');
SELECT pg_temp.refused('invoice,amount' || repeat(',x', 255) || E'\nA,1');

-- Time grows with the size of a file and no faster.
SELECT count(*), sum(amount_paid) FROM credit.read_remittance_csv('invoice,amount' || repeat(E'\nA,1.00', 100000));
SELECT length(reference) FROM credit.read_remittance_csv(E'invoice,amount\n"' || repeat('""', 500000) || '",1');
