-- credit.payment_terms: due dates, discounts, instalments and what not paying early costs.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
SET datestyle = ISO;
\pset format unaligned

-- Worked examples: what the terms say of an invoice, the last day of the discount and the net date.
SELECT source, terms::credit.payment_terms, invoiced, received, credit.discount_date(terms::credit.payment_terms, invoiced, received) AS discount_until,
	credit.due_date(terms::credit.payment_terms, invoiced, received) AS due,
	(discount, due) IS NOT DISTINCT FROM (credit.discount_date(terms::credit.payment_terms, invoiced, received), credit.due_date(terms::credit.payment_terms, invoiced, received)) AS as_printed
FROM (VALUES
	('Business Math 7.4 (slideplayer 1588771)', '3/10 EOM', date '2026-03-28', NULL::date, date '2026-05-10', date '2026-05-30'),
	('the same', '2/10 EOM', '2026-02-15', NULL, '2026-03-10', '2026-03-30'),
	('the same', '3/20 prox', '2026-10-17', NULL, '2026-11-20', '2026-12-10'),
	('the same', '4/15 ROG', '2026-06-04', '2026-07-25', '2026-08-09', '2026-08-29'),
	('the same', '4/20 ROG', '2026-03-10', '2026-04-28', '2026-05-18', '2026-06-07'),
	('the same', '1/10-60x', '2026-07-07', NULL, '2026-09-15', '2026-10-05'),
	('the same', '2/41-40x', '2026-05-22', NULL, '2026-08-11', '2026-08-31'),
	('marketing dictionary: after the 25th', '2/10 EOM', '2026-03-25', NULL, '2026-04-10', '2026-04-30'),
	('the same', '2/10 EOM', '2026-03-26', NULL, '2026-05-10', '2026-05-30'),
	('AMA, end of month dating', '2/10, net 30, EOM', '2026-06-16', NULL, '2026-07-10', '2026-07-30'),
	('Mathematics of pricing, ex. 8.3.10', '2.5/10, n/30', '2007-03-14', '2007-03-28', '2007-03-24', '2007-04-13'),
	('the same', '2.5/10, n/30, EOM', '2007-03-14', '2007-03-28', '2007-04-10', '2007-04-30'),
	('the same', '2.5/10, n/30, ROG', '2007-03-14', '2007-03-28', '2007-04-07', '2007-04-27'),
	('Thomson Reuters Accounting CS', 'EOM+15d', '2026-01-10', NULL, NULL, '2026-02-15'),
	('the same', 'EOM+0', '2026-01-10', NULL, NULL, '2026-01-31'),
	('the same', '(EOM+3 months)-15d', '2026-01-10', NULL, NULL, '2026-04-15'),
	('glossary', 'net 30', '2026-04-15', NULL, NULL, '2026-05-15'),
	('the same', 'net 30', '2026-01-15', NULL, NULL, '2026-02-14'),
	('the same', '21 MFI', '2026-04-09', NULL, NULL, '2026-05-21'),
	('monthly, clamped', '1 month', '2026-01-31', NULL, NULL, '2026-02-28'),
	('monthly, leap year', '1 month', '2028-01-31', NULL, NULL, '2028-02-29'),
	('ERPNext test_customer_payment_terms', '30 days', '2016-01-22', NULL, NULL, '2016-02-21'),
	('the same', '30 days', '2017-01-22', NULL, NULL, '2017-02-21'),
	('the same', 'end of next month', '2016-01-22', NULL, NULL, '2016-02-29'),
	('the same', 'end of next month', '2017-01-22', NULL, NULL, '2017-02-28'),
	('the same, no terms', 'net 0', '2016-01-22', NULL, NULL, '2016-01-22'),
	('Oracle AutoCash, Match Payment', '10/10 net 30 grace 5', '2003-01-01', NULL, '2003-01-11', '2003-01-31'),
	('cash on delivery', 'COD', '2026-01-10', '2026-01-14', NULL, '2026-01-14')
) AS v(source, terms, invoiced, received, discount, due);

-- Every rule, around the ends of months.
SELECT terms, string_agg(to_char(doc_date, 'MM-DD') || ' ' || credit.due_date(terms, doc_date), ', ' ORDER BY doc_date) AS due
FROM unnest('{net 30,net EOM,net 30 EOM,net EOM cutoff 25,net 30 EOM cutoff 25,net EOM + 1 month,net EOM + 3 months - 28 days,net 30 then EOM,net 30 then EOM cutoff 25,net 30 then 10th prox,
	net 10th prox,net 31st prox,net 10th prox cutoff 25,net 30th prox + 1 month,net 10th prox + 20 days,net 1 month,net 1 month + 15 days,net 12 months,net 0 dating 02-29,
	net 30 dating 03-01,net 30 extra 60,due on receipt,COD,CIA,CWO,2/10 EOM,2/10 EOM no cutoff,2% 10th prox,3/7 EOM net 30}'::credit.payment_terms[]) WITH ORDINALITY AS t(terms, n),
	unnest('{2026-01-25,2026-01-26,2026-01-31,2026-02-28,2028-02-29,2027-12-31}'::date[]) AS doc_date
GROUP BY n, terms ORDER BY n;
-- A payment that still earns its discount is not late: 3/7 EOM net 30 of the 1st.
SELECT credit.discount_date('3/7 EOM net 30', '2026-03-01'), credit.due_date('3/7 EOM net 30', '2026-03-01'), credit.due_date('3/7 EOM net 30', '2026-03-20');
-- Several discounts, and what waits for the goods.
SELECT * FROM credit.discounts('3/10, 2/20, net 45', '2026-01-01');
SELECT * FROM credit.discounts('3/10, 2/20 ROG', '2026-01-01');
SELECT credit.discount_date('3/10, 2/20 ROG', '2026-01-01'), credit.due_date('3/10, 2/20 ROG', '2026-01-01'), credit.due_date('ROG', '2026-01-01'), credit.due_date('ROG', '2026-01-01', '2026-01-09');
-- Only ROG and COD look at the receipt.
SELECT terms, credit.due_date(terms, '2026-01-01', '2026-01-09') AS due FROM unnest('{net 30,2/10 EOM,CIA,net 0 extra 9,COD,net 0 ROG}'::credit.payment_terms[]) terms;

-- Discounts.  Dynamics 365, several invoices and discount periods: full settlement of 1,000 each, on two days, then half of each.
SELECT paid_on, sum(1000 - credit.discount(terms, doc_date, paid_on, 1000)) AS paid, sum(500 - credit.discount(terms, doc_date, paid_on, 500)) AS half
FROM (VALUES ('1/14 net 30'::credit.payment_terms, date '2026-05-15'), ('1/14 net 30', '2026-06-25'), ('2/5, 1/14, net 30', '2026-06-25')) i(terms, doc_date),
	unnest('{2026-06-29,2026-06-30,2026-07-01,2026-07-09,2026-07-10}'::date[]) paid_on
GROUP BY paid_on ORDER BY paid_on;
-- The same source: a part payment of 49.00 on 100.00 at 2%; a credit note takes the discount back.
SELECT credit.discount('2/10 net 30', '2026-01-01', '2026-01-05', 49, basis => 'payment') AS earned, 100 - 49 - credit.discount('2/10 net 30', '2026-01-01', '2026-01-05', 49, basis => 'payment') AS left_open,
	credit.discount('2/10 net 30', '2026-01-01', '2026-01-05', -100) AS taken_back;
-- Textbook (scribd 3301864): 400.00 paid on 1,000.00 at 2/10 n/30.
SELECT 400 + credit.discount('2/10, n/30', '2026-08-01', '2026-08-10', 400, basis => 'payment') AS credited;
-- Business Math 7.4: 896.00 at 4/20 ROG.
SELECT 896 - credit.discount('4/20 ROG', '2026-03-10', '2026-05-15', 896, received => '2026-04-28') AS to_pay;
-- Oracle AutoCash, Match Payment: 1,800.00 on 14 January closes 2,000.00 at 10/10 with 5 days of grace, not without.
SELECT terms, credit.discount(terms, '2003-01-01', '2003-01-14', 1800, basis => 'payment') AS earned FROM unnest('{10/10 net 30 grace 5,10/10 net 30}'::credit.payment_terms[]) terms;
-- LedgerSMB 42-payment: 0.1% within 30 days.
SELECT credit.discount('0.1/30 net 60', '2026-01-01', paid_on, 1000000) FROM unnest('{2026-01-01,2026-03-02}'::date[]) paid_on;
-- The last day, with and without grace.
SELECT terms, string_agg(d || ' ' || credit.discount_rate(terms, '2026-01-01', date '2026-01-01' + d), ', ' ORDER BY d)
FROM unnest('{3/10\, 2/20\, net 45,3/10\, 2/20\, net 45 grace 3,net 30,CIA}'::credit.payment_terms[]) terms, unnest('{-5,0,10,11,13,14,20,21,23,24}'::integer[]) d GROUP BY terms;
SELECT credit.discount_rate('2/10 ROG', '2026-01-01', '2026-01-01') AS unknown, credit.discount('2/10 ROG', '2026-01-01', '2026-01-01', 100) AS unknown, credit.discount_rate('net 30 ROG', '2026-01-01', '2026-01-01') AS known;
-- Rounding is half away from zero, to the currency's minor unit.
SELECT amount, credit.discount('5/10 net 30', '2026-01-01', '2026-01-02', amount) AS usd, credit.discount('5/10 net 30', '2026-01-01', '2026-01-02', round(amount), minor_unit => 0) AS jpy,
	credit.discount('5/10 net 30', '2026-01-01', '2026-01-02', amount, minor_unit => 3) AS kwd, credit.discount('5/10 net 30', '2026-01-01', '2026-01-02', amount, basis => 'payment') AS payment
FROM unnest('{0,0.09,0.10,0.11,0.30,-0.10,-0.30,10,30,99999999999999999999999999999.99}'::numeric[]) amount;

-- Instalments: the sum is exact and the last takes what rounding left.
SELECT terms, total, minor_unit, string_agg(due_date || ' ' || amount, ', ' ORDER BY no) AS instalments, sum(amount) = total AS exact
FROM (VALUES ('1/3 30, 1/3 60, 1/3 90'::credit.payment_terms, 100, 2), ('1/3 30, 1/3 60, 1/3 90', 100, 0), ('1/3 30, 1/3 60, 1/3 90', 200, 2), ('1/3 30, 1/3 60, 1/3 90', -200, 2), ('1/3 30, 1/3 60, 1/3 90', 0, 2),
	('30% 30, 50% 60, 20% 90', 200, 2), ('30% 0, 70% 60', 0.01, 2), ('1/7 10, 2/7 20, 4/7 30', 12345678901234567890.123, 3), ('2/10 net 30', 5, 2), ('COD', 5, 2), ('10th prox', 5, 2)) v(terms, total, minor_unit),
	credit.instalments(terms, '2026-01-31', total, minor_unit) GROUP BY terms, total, minor_unit ORDER BY terms, minor_unit, total;
SELECT * FROM credit.instalments('30% 0, 70% 60 ROG', '2026-01-01', 10);
SELECT * FROM credit.instalments('30% 0, 70% 60 ROG', '2026-01-01', 10, received => '2026-01-05');
-- No instalment goes beyond what there is: 36 shares of half a cent.
SELECT max(amount), min(amount), sum(amount), count(*), credit.due_date(terms, '2026-01-01') = max(due_date) AS due_with_the_last
FROM (SELECT string_agg('1/36 ' || n || ' months', ', ' ORDER BY n)::credit.payment_terms FROM generate_series(1, 36) n) t(terms), credit.instalments(terms, '2026-01-01', 0.18) GROUP BY terms;

-- What it costs not to take the discount.  HP 10bII+ manual (formula); finance texts for 3/15 net 60 and 1/10 net 45.
SELECT terms, credit.discount_cost(terms, 'simple_360') AS simple_360, credit.discount_cost(terms) AS simple_365, credit.discount_cost(terms, 'effective') AS effective
FROM unnest('{2/10 net 30,3/15 net 60,1/10 net 45,2/10 EOM,4/15 ROG,1/10-60x,3/10\, 2/20\, net 45,2% 10th prox,net 30,2/30 net 30,2/10 net EOM}'::credit.payment_terms[]) terms;
SELECT credit.discount_cost('2/10 net EOM', 'simple_365', '2026-01-01') AS by_date, credit.discount_cost('2/10 net EOM', 'simple_365', '2026-01-25') AS nothing_gained;

-- Parts.
SELECT terms, credit.net_days(terms), credit.discount_rate(terms), credit.grace_days(terms), credit.instalment_count(terms), credit.is_prepaid(terms) AS prepaid, credit.is_cod(terms) AS cod, credit.awaits_goods(terms) AS rog
FROM unnest('{net 30,2/10 net 30 grace 4,3/10\, 2/20\, net 45 ROG,1/10-60x,net EOM,1 month,net 30 dating 03-01,30% 0\, 70% 60,COD,CIA,CWO,due on receipt}'::credit.payment_terms[]) terms;

-- NULLs.
SELECT credit.due_date(NULL, '2026-01-01'), credit.due_date('net 30', NULL), credit.discount_date(NULL, '2026-01-01'), credit.discount_date('2/10 net 30', NULL), credit.discount_date('net 30', '2026-01-01'),
	credit.discount_rate(NULL, '2026-01-01', '2026-01-01'), credit.discount_rate('2/10 net 30', NULL, '2026-01-01'), credit.discount_rate('2/10 net 30', '2026-01-01', NULL),
	credit.discount(NULL, '2026-01-01', '2026-01-01', 1), credit.discount('2/10 net 30', '2026-01-01', '2026-01-01', NULL), credit.discount_cost(NULL), credit.net_days(NULL);
SELECT (SELECT count(*) FROM credit.instalments(NULL, '2026-01-01', 1)) + (SELECT count(*) FROM credit.instalments('net 30', NULL, 1)) + (SELECT count(*) FROM credit.instalments('net 30', '2026-01-01', NULL))
	+ (SELECT count(*) FROM credit.discounts(NULL, '2026-01-01')) + (SELECT count(*) FROM credit.discounts('2/10 net 30', NULL)) AS no_rows;

-- Errors.
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
	RETURN concat_ws(' | ', SQLSTATE || ' ' || message, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT expression, pg_temp.error('SELECT ' || expression) FROM unnest(ARRAY[
	$$credit.due_date('net 30', 'infinity')$$, $$credit.due_date('net 30', '-infinity')$$, $$credit.due_date('net 30 ROG', '2026-01-01', 'infinity')$$, $$credit.due_date('net 30', '2026-01-01', '-infinity')$$,
	$$credit.discount_date('2/10 net 30', 'infinity')$$, $$credit.discount_rate('2/10 net 30', '2026-01-01', 'infinity')$$,
	$$credit.due_date('net 0', '5874897-12-31')$$, $$credit.due_date('net 1', '5874897-12-31')$$, $$credit.due_date('net EOM', '5874897-12-31')$$, $$credit.due_date('net EOM + 1 month', '5874897-12-01')$$,
	$$credit.due_date('net 10th prox', '5874897-12-01')$$, $$credit.due_date('1 month', '5874897-12-01')$$, $$credit.due_date('net 0 dating 03-01', '5874897-04-01')$$, $$credit.due_date('net 0 extra 60', '5874897-12-01')$$,
	$$credit.due_date('net EOM cutoff 25', '5874897-12-31')$$, $$credit.due_date('net 30 then EOM', '5874897-12-31')$$, $$credit.discount_rate('2/10 net 30 grace 99', '5874897-11-30', '5874897-12-31')$$,
	$$credit.due_date('net EOM', '4714-11-24 BC')$$, $$credit.due_date('net 0 dating 03-01', '4714-11-24 BC')$$, $$credit.due_date('net 0 dating 11-24', '4714-11-24 BC')$$, $$credit.due_date('net 0 dating 11-23', '4714-11-24 BC')$$,
	$$credit.instalments('net 30', 'infinity', 1)$$, $$credit.instalments('1/3 0, 2/3 99', '5874897-12-01', 1)$$, $$credit.instalments('net 30', '2026-01-01', 'NaN')$$, $$credit.instalments('net 30', '2026-01-01', 0.001)$$,
	$$credit.instalments('net 30', '2026-01-01', 1, NULL)$$, $$credit.instalments('net 30', '2026-01-01', 1, 19)$$, $$credit.instalments('2/3 30, 1/3 60', '2026-01-01', 1e36)$$,
	$$credit.discount('2/10 net 30', '2026-01-01', '2026-01-01', 1.001)$$, $$credit.discount('2/10 net 30', '2026-01-01', '2026-01-01', 1, basis => 'gross')$$,
	$$credit.discount('2/10 net 30', '2026-01-01', '2026-01-01', 1, basis => NULL)$$, $$credit.discount('2/10 net 30', '2026-01-01', '2026-01-01', 1, minor_unit => -1)$$, $$credit.discount('3/10 net 30', '2026-01-01', '2026-01-01', 1e36)$$,
	$$credit.discount_cost('2/10 net 30', 'simple')$$, $$credit.discount_cost('2/10 net 30', NULL)$$]) WITH ORDINALITY AS e(expression, n) ORDER BY n;
