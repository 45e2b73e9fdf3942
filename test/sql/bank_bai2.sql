-- BAI2: balances, totals and transactions of a bank's report, and what makes it unsound.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
SET datestyle = ISO;

\set SHOW_CONTEXT never

CREATE TABLE pg_temp.file (name text PRIMARY KEY, data text);
-- The answer to a file that is not sound, without the place in our source.
CREATE FUNCTION pg_temp.refused(data text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM FROM credit.read_bai2(data);
	RETURN 'NOT REFUSED';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, NULLIF(detail, ''));
END $$;

-- Two accounts, after the sample in Informatica's description of its BAI2 parser: totals of 9,150,000 and 4,000,000 in
-- 4 and 5 records, of the group 13,150,000 in 11.
INSERT INTO file VALUES ('two accounts', $$01,122099999,123456789,040621,0200,1,65,,2/
02,031001234,122099999,1,040620,2359,,2/
03,0123456789,,010,+4350000,,,040,2830000,,/
88,072,1020000,,,074,500000,,/
16,115,450000,S,100000,200000,150000,,,/
49,9150000,4/
03,9876543210,,010,-500000,,,100,1000000,,,400,2000000,,,190,500000,,/
88,110,1000000,,,072,500000,,,074,500000,,,040,-1500000,,/
16,115,500000,S,,200000,300000,,,/
88,LOCKBOX/
49,4000000,5/
98,13150000,2,11/
99,13150000,1,13/
$$);
SELECT line_no, account, type_code, level, credit_debit, amount, funds_type, immediate, one_day, two_day, remittance_text
FROM file, credit.read_bai2(data) WHERE name = 'two accounts';
SELECT DISTINCT file_id, sender, receiver, created_on, group_receiver, originator, group_status, as_of, as_of_time, currency
FROM file, credit.read_bai2(data) WHERE name = 'two accounts';

-- The lockbox deposit of 4,500.00: 1,000.00 today, 2,000.00 tomorrow, 1,500.00 later.
SELECT type_code, immediate + one_day + two_day = amount AS adds_up FROM file, credit.read_bai2(data)
WHERE name = 'two accounts' AND level = 'detail';

-- Every way to say when money is there; a text over three lines with commas and slashes in it, one that begins on the
-- line that continues, and none; references; dinars of three decimals and yen of none; two groups, the first of which
-- was corrected.
INSERT INTO file VALUES ('funds', $$01,BANK,US,251231,0830,77,,,2/
02,US,BANKHQ,3,251230,,USD,/
03,ACC-1,,015,100,,0,100,31500,7,/
16,165,1000,0,BR1,CR1,INVOICE 4711, 4712/4713 AND
88,4714 LESS 2/10 DISCOUNT,
88, OVER/
16,195,2000,1,BR2,,/
16,175,3000,2,,CR3,
16,142,4000,V,260102,1200,BR4,CR4/
88,ADVICE,FOLLOWS/
16,115,5000,D,4,0,1000,1,1500,3,2000,5,500,BR5,CR5,SPREAD/
16,399,16500,Z,BR6/
16,555,700,,BR7,CR7,RETURNED CHECK/
16,890,,,,,NO MONEY AT ALL/
49,63800,13/
98,63800,1,15/
02,US,BANKHQ,1,251230,2400,KWD,2/
03,ACC-2,/
16,475,12345,,,CHECK 1/
49,12345,3/
03,ACC-3,JPY,,,,/
16,921,+500,Z,,,OWN CREDIT CODE/
16,961,500,Z,,,OWN DEBIT CODE/
16,721,7,Z,,,LOAN/
49,1007,5/
98,13352,2,10/
99,77152,2,27/
$$);
SELECT line_no, currency, type_code, level, credit_debit, amount, item_count, funds_type, immediate, one_day, two_day, value_date,
	distribution_days, distribution_amounts
FROM file, credit.read_bai2(data) WHERE name = 'funds';
SELECT line_no, group_status, bank_reference, customer_reference, remittance_text
FROM file, credit.read_bai2(data) WHERE name = 'funds' AND level = 'detail';

-- Line ends, a byte order mark, blanks to the full length of a record and blank lines change nothing.
CREATE TEMP VIEW plain AS SELECT name, md5(string_agg(t::text, E'\n' ORDER BY t.line_no, t::text)) AS sum FROM file, credit.read_bai2(data) t GROUP BY name;
SELECT name, bool_and(sum = md5) FROM plain, LATERAL (
	SELECT md5(string_agg(t::text, E'\n' ORDER BY t.line_no, t::text)) FROM file f,
		LATERAL (VALUES (replace(data, E'\n', E'\r\n')), (U&'\FEFF' || data), (replace(data, E'\n', E'    \n')), (rtrim(data, E'\n')),
			(data || E'\r\n  \r\n\x1A')) v (changed), credit.read_bai2(changed) t
	WHERE f.name = plain.name GROUP BY changed) m (md5)
GROUP BY name ORDER BY name;
SELECT count(*) FROM file, credit.read_bai2(data || data) WHERE name = 'two accounts';

-- Unsound files are refused whole, with line and figures.
SELECT what, pg_temp.refused(replace(data, old, new)) FROM file, (VALUES
	('account total', '49,9150000,4', '49,9150001,4'),
	('account records', '49,9150000,4', '49,9150000,3'),
	('group total', '98,13150000,2,11', '98,13150,2,11'),
	('group accounts', '98,13150000,2,11', '98,13150000,1,11'),
	('group records', '98,13150000,2,11', '98,13150000,2,10'),
	('file total', '99,13150000,1,13', '99,-13150000,1,13'),
	('file groups', '99,13150000,1,13', '99,13150000,2,13'),
	('file records', '99,13150000,1,13', '99,13150000,1,130'),
	('an amount', '16,115,450000,S,100000', '16,115,450001,S,100001'),
	('availability', '16,115,450000,S,100000', '16,115,450000,S,100001'),
	('no account trailer', E'49,9150000,4/\n', ''),
	('no group trailer', E'98,13150000,2,11/\n', ''),
	('no file trailer', E'99,13150000,1,13/\n', ''),
	('no file header', E'01,122099999,123456789,040621,0200,1,65,,2/\n', ''),
	('no group header', E'02,031001234,122099999,1,040620,2359,,2/\n', ''),
	('no account header', E'03,0123456789,,010,+4350000,,,040,2830000,,/\n', ''),
	('version', '65,,2/', '65,,1/'),
	('type code', '16,115,450000', '16,15,450000'),
	('no type code', '040,2830000', ',2830000'),
	('decimals', '450000,S', '4500.00,S'),
	('amount in words', '450000,S', 'NONE,S'),
	('long amount', '450000,S', '45000000000000000000000000000,S'),
	('funds type', '450000,S', '450000,X'),
	('split', 'S,100000', 'S,1e5'),
	('date', '040620,2359', '040631,2359'),
	('leap day', '040620,2359', '050229,2359'),
	('status', '122099999,1,', '122099999,5,'),
	('currency', '03,0123456789,,', '03,0123456789,XXX,'),
	('record', '16,115,450000', '17,115,450000'),
	('trailing rubbish', '99,13150000,1,13/', E'99,13150000,1,13/\nSEND MONEY'),
	('second header', '03,9876543210', E'01,1,2,040621,0200,1,65,,2/\n03,9876543210'),
	('no control total', '49,9150000,4', '49,,4'),
	('no record count', '49,9150000,4', '49,9150000')) change (what, old, new)
WHERE name = 'two accounts' ORDER BY what;
SELECT pg_temp.refused(replace(data, 'D,4,0', 'D,33,0')), pg_temp.refused(replace(data, 'D,4,0,1000', 'D,4,0,1001')),
	pg_temp.refused(replace(data, 'V,260102', 'V,2601'))
FROM file WHERE name = 'funds';
SELECT pg_temp.refused(''), pg_temp.refused(E' \r\n\t\n'), pg_temp.refused('88,'), pg_temp.refused('not a bank file');

-- Cut anywhere before the last digit of its last count, a file is refused.
SELECT name, count(*) FILTER (WHERE answer LIKE 'NOT REFUSED%') AS read, count(*) AS cut,
	count(*) FILTER (WHERE answer NOT LIKE '22%' AND answer NOT LIKE 'NOT%') AS other_errors
FROM file, generate_series(0, length(rtrim(data, E'/\n')) - 1) n, pg_temp.refused(left(data, n)) answer GROUP BY name ORDER BY name;

SELECT * FROM credit.read_bai2(NULL);
-- One error as it is shown.
SELECT FROM file, credit.read_bai2(replace(data, '49,9150000', '49,9150001')) WHERE name = 'two accounts';
