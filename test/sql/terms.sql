-- credit.payment_terms: the notation of trade, read and printed.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
\pset format unaligned

-- What people write.  Each line begins with the one form that all on it print as, and which reads back.
CREATE TEMP TABLE notation AS
SELECT line, split_part(text, ' | ', 1) AS canonical, written
FROM regexp_split_to_table(trim(E'\n' FROM $$
net 30 | n/30 | n30 | N30 | net30 | net  30 | net/30 | net-30 | net 30 days | net 30d | 30 net | 30 days | 30 days net | n.30
net 30 | due in 30 days | due 30 days | due net 30 | payable within 30 days | within 30 days | payment due within 30 days of invoice
net 30 | 30 days after invoice | 30 days from invoice date | 30 days from the date of the invoice | 30 days from receipt of invoice | 100% 30 | 1/1 30
net 1 | 1 day
net 14 | 2 weeks | net 2w
net 3660 | net 3660 days
due on receipt | net 0 | Due On Receipt | payable on receipt | due upon receipt | on receipt | payment on receipt of invoice | immediate | due immediately | n/0
2/10 net 30 | 2/10, n/30 | 2/10 n/30 | 2/10n30 | 2%10 net30 | 2% 10 net 30 | 2% 10, net 30 | 2%/10, n/30 | 2/10-net-30 | 2/10/net 30 | 2 / 10 ; net 30
2/10 net 30 | 2% 10 days, net 30 days | 2% 10 days, 30 days net | 2% within 10 days, net 30 | 2% discount if paid within 10 days, net 30 | 2/10 30 net
2/10 net 30 | 2.00/10 net 30 | 2.0% 10, n30 | net 30, 2/10 | 2/10 days net 30 days | 2/10 and net 30 | 2/10 | 2/10 net 30 cutoff 31
3/10, 2/20, net 45 | 3/10 2/20 n/45 | 2/20, 3/10, n/45 | 3% 10, 2% 20, net 45 | 3% 10 2/20 n45 | 3/10-2/20-net 45
1.5/10 net 30 | 1.50% 10 net 30
0.25/10 net 30
99.99/0 net 1
2/30 net 30
2/10 net 1 month
2% 1 month net 60
2/14 net 30 grace 3 | 2% 2 weeks net 30 grace 3
10/10 net 30 grace 5 | 10/10, grace 5, net 30 | 10/10 5 days grace net 30 | 10/10 net 30 grace 5 days
net 1 month | 1 month | net 1m | due in 1 month | 1 mo
net 2 months + 15 days | net 2m+15d | 2 months + 15
net 120 months
net EOM | EOM | eom | e.o.m. | end of month | end of the month | month end | EOM+0 | net 0 EOM | due EOM | due at end of month
net 30 EOM | n/30 EOM | 30 EOM | net 30 days EOM | net 30 end of month | EOM+30 | net EOM 30 | 30 days after EOM | 30 days from end of month | net 30, EOM
net 15 EOM | EOM+15d
net 45 EOM
net EOM + 1 month | end of next month | EOM+1m | net 1 month EOM | 1 month then EOM | end of the following month
net EOM + 3 months - 15 days | (EOM+3 months)-15d | (EOM + 3 months) - 15 days | EOM+3m-15d
net 30 EOM cutoff 25 | 30 EOM, cut-off 25 | net 30 EOM cutoff day 25
net EOM cutoff 20
2/10 EOM | 2/10 EOM cutoff 25 | 2/10, EOM | 2/10, n/30, EOM | 2/10 EOM net 30 EOM | 2% 10 EOM | 2% 10 days EOM | 2/10 e.o.m.
2/10 EOM cutoff 20
2/10 EOM no cutoff | 2/10 EOM cutoff 31 | 2/10 EOM no cut-off
2/10 EOM net 30 | 2/10 EOM, n/30 | 2/10, EOM, n/30
2/0 EOM net EOM + 1 month | 2% EOM net EOM+1m
2/10 EOM, 1/20 EOM | 2/10, 1/20, EOM
2/10 net EOM | 2/10, net EOM
2/10 net EOM + 30 days
3/10, 2% EOM + 20 days, net 60 cutoff 20
net 30 then EOM | 30 days then EOM | 30 then end of month
net 30 then EOM + 1 month
net 30 then 10th prox
2% 30 then EOM net 90
net 10th prox | 10th prox | 10th prox. | 10th proximo | 10 prox | net 10th | 10th | 10th of next month | 10 of next month | due on the 10th of the following month
net 10th prox | 10th of the month following | 10th of month following invoice date | 10 MFI
net 21st prox | 21 MFI | 21 mfi | 21st MFI | 21 m.f.i.
net 31st prox | 31 prox
net 2nd prox
net 3rd prox
net 11th prox
net 22nd prox
net 10th prox + 1 month
net 10th prox cutoff 25
net 10th prox + 20 days
2% 10th prox | 2/10 prox | 2/10 prox. | 2% 10 prox | 2% 10th | 2/10 proximo | 2% 10th of next month | 2% on the 10th prox
2% 10th prox no cutoff | 2% 10 MFI | 2/10 MFI
2% 10th prox net 30th prox | 2/10, n/30, PROX | 2% 10th net 30th
2% 10th prox net 30
4/15 ROG | 4/15 rog | 4/15 R.O.G. | 4/15 n/35 ROG | ROG 4/15 | 4/15 receipt of goods | 4% 15 ROG | 4% 15 days ROG
2/10 net 45 ROG | 2/10, n/45, ROG | 2/10 ROG net 45
ROG | net 0 ROG | due on receipt of goods | net ROG | due on ROG
net 30 ROG | 30 days from receipt of goods | 30 days after receipt of the goods | 30 days after ROG
2/10 EOM ROG
3/10, 2/20 ROG
1/10-60x | 1/10-60 extra | 1/10-60 ex | 1/10, 60 extra | 1/10 60x | 1/10 extra 60 | 1% 10-60x | 1/10 net 30 extra 60
1/10 net 45 extra 60
net 30 extra 60
1/10 EOM extra 60 | 1/10 EOM-60x
1/10 grace 3 extra 60 | 1/10-60x grace 3
net 30 dating 03-01 | net 30 dating 3-1 | net 30 dating 1 March | net 30 dating Mar 1 | dating 03-01, net 30 | net 30, dating mar. 1
2/10 net 30 dating 12-31 | 2/10 dating Dec 31
net 0 dating 02-29
COD | cod | c.o.d. | C.O.D | cash on delivery | payment on delivery |  CoD
CIA | cash in advance | payment in advance | PIA | prepaid | prepayment | CBD | cash before delivery
CWO | cash with order | payment with order
1/3 30, 1/3 60, 1/3 90 | 1/3 30 1/3 60 1/3 90 | 1/3 30 days, 1/3 60 days and 1/3 90 days | 3/9 30; 2/6 60; 1/3 90
30% 0, 70% 60 | 30% on receipt, 70% 60 days | 30% 0 70% 60 | 30% net 0, 70% net 60
50% 30, 50% 60 | 1/2 30, 1/2 60
12.5% 30, 87.5% 60 | 1/8 30, 7/8 60
1/3 1 month, 1/3 2 months, 1/3 3 months
1/3 0 EOM, 1/3 30 EOM, 1/3 60 EOM
30% 0, 70% EOM + 30 days
1/3 30, 1/3 (EOM + 30 days), 1/3 (EOM + 3 months - 15 days) | 1/3 30, 1/3 (EOM) + 30 days, 1/3 (EOM+3m)-15d
50% 10th prox, 50% 10th prox + 1 month | 50% 10 MFI, 50% 10 MFI + 1m
30% 0, 70% 60 ROG
33.33% 30, 33.33% 60, 16.67% 90, 16.67% 120
1/7 10, 2/7 20, 4/7 30
1/3 30, 2/3 (EOM + 1 month)
$$), E'\n') WITH ORDINALITY AS l(text, line), regexp_split_to_table(text, ' \| ') AS written;
SELECT count(DISTINCT canonical) AS terms, count(*) AS spellings FROM notation;
SELECT written, written::credit.payment_terms AS printed, canonical AS expected FROM notation WHERE written::credit.payment_terms::text <> canonical;
SELECT count(*) AS different FROM notation WHERE canonical::credit.payment_terms OPERATOR(credit.<>) written::credit.payment_terms;
-- Neither case nor spaces matter.
SELECT written FROM notation WHERE upper(written)::credit.payment_terms::text <> canonical OR lower(written)::credit.payment_terms::text <> canonical
	OR replace(' ' || written || ' ', ' ', E' \t\n ')::credit.payment_terms::text <> canonical;
SELECT pg_column_size('net 30'::credit.payment_terms) AS net_30, pg_column_size('2/10 EOM'::credit.payment_terms) AS with_discount,
	pg_column_size('1/3 30, 1/3 60, 1/3 90'::credit.payment_terms) AS three_instalments;

-- Errors: the word not understood, where it is, and what is possible.
CREATE FUNCTION pg_temp.error(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || message, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE TEMP TABLE wrong AS SELECT * FROM regexp_split_to_table(trim(E'\n' FROM $$

2/10 nett 30
net thirty
net
net 30,
, net 30
net 30 days later
net 30.5
net 99999
net 3661 days
net 121 months
net 60 months + 3660 days + 61 months
net -30
ñet 30
net €30
supercalifragilisticexpialidocious
30
prox
EOM EOM
net 32nd prox
net 0th prox
net 30 then
net 30 then 30
net 30 then EOM + 5 days
net (EOM + 1 month
net (30)
EOM - 1 month
EOM - 15 days
EOM + 1 month - 29 days
30 days from receipt
receipt
due on Monday
2/10 net 30 EOM
2/10, n/30 EOM
2/10 net 30 prox
3/10, 2/20 EOM, net 60
1/3 30, 1/3 60, 1/3 90 EOM
2/10 EOM, net 30, EOM
2/10, EOM + 5 days
1/10-60x net 90
2/10 net 30 net 60
2/10 net 30 ROG dating 03-01
2/10 EOM cutoff 20 cutoff 25
2/10 net 30 grace 5 grace 6
2/10/30
2/10 30
2% 10
2% net 30
2/ten net 30
2/10.5 net 30
2.125/10 net 30
2.125% 10 net 30
0/10 net 30
100/10 net 30
101/10 net 30
100.01% 10, net 30
2/10, 2/20, net 30
3/20, 2/10, net 30
9/1, 8/2, 7/3, 6/4, 5/5, 4/6, 3/7, 2/8, 1/9, net 30
2/30 net 10
2/10 EOM net 5 EOM
2% 10th prox net 5th prox
2/3651
2% 30 then EOM
2/10 net 30 cutoff 25
net 30 EOM cutoff 32
net 30 EOM cutoff 0
net 30 EOM cut 25
net 30 no
cutoff 25
net 30 grace 5
2/10 net 30 grace 100
net 30 dating
net 30 dating 3/1
net 30 dating 25-12
net 30 dating 02-30
net 30 dating 2026-03-01
net 30 extra 366
net 30 extra 0
COD net 30
COD 2/10
CIA CWO
cash
cash on receipt
1/3 30, 1/3 60
1/3 30, 1/3 60, 1/3 90, 1/3 120
30% 0, 60% 60
50% 30, 51% 60
99.99% 30, 1/10000 60, 1/9999 90
1/3 60, 1/3 30, 1/3 90
50% 30, 50% 30
1/3 30, 1/3 60, 1/3 90, net 30
1/3 30, 1/3 60, 1/3 90, 2/10
1/0 30
4/3 30
1/10001 30
1.5/3 30
1/9973 1, 1/9967 2, 1/9949 3, 1/9941 4, 1/9931 5, 1/9929 6
$$), E'\n') WITH ORDINALITY AS w(input, line);
INSERT INTO wrong SELECT string_agg('1/37 ' || n, ', '), 1000 FROM generate_series(1, 37) n;
INSERT INTO wrong VALUES (repeat('(', 100000), 1001);
SELECT left(pg_temp.error(format('SELECT %L::credit.payment_terms', input)), 500) FROM wrong ORDER BY line;
-- Soft errors where the server has them (16 and later), ordinary ones before.
CREATE FUNCTION pg_temp.is_valid(input text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	valid boolean;
BEGIN
	IF current_setting('server_version_num')::integer >= 160000 THEN
		EXECUTE 'SELECT pg_input_is_valid($1, ''credit.payment_terms'')' INTO valid USING input;
		RETURN valid;
	END IF;
	RETURN pg_temp.error(format('SELECT %L::credit.payment_terms', input)) = 'no error';
END $$;
SELECT input FROM wrong WHERE pg_temp.is_valid(input);
SELECT count(*) AS valid FROM notation WHERE pg_temp.is_valid(written);

-- Order: by start, then what is due, then discounts; equal terms are one, however they were written.
CREATE TEMP TABLE customer_terms (id integer GENERATED ALWAYS AS IDENTITY, terms credit.payment_terms UNIQUE);
INSERT INTO customer_terms (terms) VALUES ('net 60'), ('COD'), ('2/10 net 30'), ('net 30'), ('3/10 net 30'), ('net 30 ROG'), ('net 1 month'), ('net EOM'), ('10th prox'),
	('1/3 30, 1/3 60, 1/3 90'), ('net 30 dating 03-01'), ('2/10 net 30 grace 5'), ('2/10 EOM'), ('2/10 EOM no cutoff'), ('CIA'), ('CWO'), ('due on receipt');
SELECT string_agg(terms::text, ' < ' ORDER BY terms) FROM customer_terms;
SELECT pg_temp.error($$INSERT INTO customer_terms (terms) VALUES ('n/30')$$);
SET enable_seqscan = off;
SELECT id FROM customer_terms WHERE terms OPERATOR(credit.=) '2/10, n/30';
RESET enable_seqscan;
SET enable_sort = off;
SELECT count(*) FROM (SELECT terms FROM customer_terms, generate_series(1, 3) GROUP BY terms) AS g;
RESET enable_sort;
SELECT a.terms, b.terms, a.terms OPERATOR(credit.<) b.terms AS lt, a.terms OPERATOR(credit.<=) b.terms AS le,
	a.terms OPERATOR(credit.=) b.terms AS eq, a.terms OPERATOR(credit.<>) b.terms AS ne,
	a.terms OPERATOR(credit.>=) b.terms AS ge, a.terms OPERATOR(credit.>) b.terms AS gt
FROM customer_terms AS a, customer_terms AS b WHERE a.id = 4 AND b.id IN (1, 3, 4) ORDER BY b.id;
