-- Matching by document number: rules, worked examples and errors.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

CREATE FUNCTION pg_temp.found(remittance text, numbers text[], min_similarity numeric DEFAULT 0.75) RETURNS SETOF text
BEGIN ATOMIC
	SELECT format('%s: "%s" at %s+%s, %s %s%s', numbers[number_no], found, start, length, kind, similarity,
		CASE WHEN candidates > 1 THEN ', one of ' || candidates END)
	FROM credit.match_reference(remittance, numbers, min_similarity);
END;
\pset tuples_only on
\pset format unaligned

-- The normal form: case, separators, leading zeros of every number.
SELECT n, credit.reference_key(n) FROM unnest('{INV-00123,inv 123,"Inv. #123","2026/0001",2026-001,A001B002,000,A000B,-,"",ü-01,RE№7,0-5,1-0-5,00-00}'::text[]) AS n;
-- Full-width letters and digits, and punctuation beyond ASCII.
SELECT credit.reference_key('ＩＮＶ－００１２３'), credit.reference_key('inv–123'), credit.reference_key(U&'inv\00A0123');

-- Oracle Receivables, how AutoMatch recommendations are calculated: INV10032
-- for INV10023 is 75%.  Informatica, edit distance: LEVENSTON for LEVENSHTEIN is
-- 8 of 11.
SELECT credit.similarity_edits('INV10032', 'INV10023'), credit.similarity_edits('LEVENSTON', 'LEVENSHTEIN');
-- Stripped and in upper case; nothing like everything, and two of nothing.
SELECT credit.similarity_edits('inv-100 32', 'INV/10032'), credit.similarity_edits('abc', 'xyz'),
	credit.similarity_edits('', 'abc'), credit.similarity_edits('', '-'), credit.similarity_edits('kitten', 'sitting');
-- Characters, not bytes.
SELECT credit.similarity_edits('größe', 'grösse'), credit.similarity_edits('日本語', '日本国');

-- As written, and but for the way it is written.
SELECT pg_temp.found('Payment of INV-100, inv 00102 and Inv. 104', '{INV-100,INV-102,INV-104,INV-105}');
SELECT pg_temp.found('INV-2026/00123 and inv 2026 0456', '{INV-2026/00123,INV20260456}');
SELECT pg_temp.found('über–Rechnung №4711–12 ü', '{4711-12,4712}');
-- Zeros after a separator may be there or not, and the separator too.
SELECT pg_temp.found('re 2026/123, RE202600124, RE-2026-0000125', '{RE-2026/00123,RE-2026/00124,RE-2026-00125}');
SELECT pg_temp.found(E'RECHNUNG RE-2026-\n00017', '{RE-2026-00017}');
-- A word and its beginning.
SELECT pg_temp.found('Invoice no. 100234, Rechnung 4711', '{INV-100234,RE-4711,XY-100234}');

-- Ranges, lists, and lists that leave out what is as before.
SELECT pg_temp.found('INV 100-104', '{INV-099,INV-100,INV-102,INV-104,INV-105}');
SELECT pg_temp.found('INV 100 to 104 thanks', '{INV-100,INV-104}');
SELECT pg_temp.found('4711 bis 4713', '{4711,4712,4713,4714}');
SELECT pg_temp.found('RE-2026-0098 - RE', '{RE-2026-0098,RE-2026-0099}');
SELECT pg_temp.found('INV 100/101/102', '{INV-100,INV-101,INV-102,INV-103}');
SELECT pg_temp.found('Invoices INV100, 101 & 102', '{INV-100,INV-101,INV-102}');
SELECT pg_temp.found('Invoices 100, 101 and 102, and 104', '{INV-100,INV-101,INV-102,INV-104}');
SELECT pg_temp.found('RE-2026-0098, 0099 und 0100', '{RE-2026-0098,RE-2026-0099,RE-2026-0100}');
SELECT pg_temp.found('100234/35/36', '{100234,100235,100236,35,36}');
SELECT pg_temp.found('INV 100234-38', '{INV-100234,INV-100236,INV-100238,INV-100239}');
-- A range goes before its first number only if more of it is there.
SELECT pg_temp.found('INV 100-104', '{INV-100}');
-- What looks like a range and is one number.
SELECT pg_temp.found('INV-2024-2031', '{INV-2024-2031,INV-2025,INV-2026}');
SELECT pg_temp.found('INV-2024-2031', '{INV-2025,INV-2026}', 1);
SELECT pg_temp.found('INV-2026-100', '{INV-2050,INV-2026-100}');
-- Two hundred numbers are a range, ten thousand are not.
SELECT count(*), min(kind) FROM credit.match_reference('INV 1001-1200', ARRAY(SELECT 'INV' || i FROM generate_series(1000, 1300) AS i), 1);
SELECT count(*) FROM credit.match_reference('INV 1001-11000', ARRAY(SELECT 'INV' || i FROM generate_series(2000, 2300) AS i), 1);

-- Letters read as digits, and the other way round.
SELECT pg_temp.found('lNV-1OO23', '{INV-10023,INV-10024}');
SELECT pg_temp.found('ref 1OO23 of 5O1', '{10023,SO1}');
SELECT pg_temp.found('BILL paid, SOLO', '{8111,5010}');
SELECT pg_temp.found('INV-S0O', '{INV-500,INV-SOO,INV-50O}');

-- Similar ones: the most similar alone, or all that are as similar.
SELECT pg_temp.found('INV10032', '{INV10023,INV10099}');
SELECT pg_temp.found('INV10032', '{INV20032,INV10023}');
SELECT pg_temp.found('INV10032', '{INV10031,INV10033,INV10038}');
SELECT pg_temp.found('INV10032', '{INV10023}', 0.76);
-- Not those that are named elsewhere, and not parts of a longer number.
SELECT pg_temp.found('INV10032 and INV10033', '{INV10033,INV10099}');
SELECT pg_temp.found('INV-10032-7', '{INV-10033}', 0.8);

-- What amounts, dates, telephone and account numbers are made of is no number.
SELECT pg_temp.found('1,234.56 EUR, 1.234,50, 12.345, 100.50, $555 and 777 USD, 5%', '{1234,234,567,345,123456,100,10050,555,777,12345}');
SELECT pg_temp.found('of 31.01.2026, 2026-02-28, 3/15/26, 5 Mar 2027', '{2026,2027,20260228,31012026,31,28}');
SELECT pg_temp.found('call +49 30 1234567 or tel. 5551234, (212) 555-0100, 212-555-0199', '{1234567,5551234,555,212,0100,2125550199,5550100}');
SELECT pg_temp.found('IBAN DE89 3704 0044 0532 0130 00, GB82WEST12345698765432', '{3704,0044,0532,0130,12345698765432,370400440532013000}');
-- Right beside them it is.
SELECT pg_temp.found('IBAN DE89 3704 0044 0532 0130 00 ref 4711 of 31.01.2026: 4712 EUR 100.00', '{4711,4712}');
SELECT pg_temp.found('EUR 555, 4711', '{4711,555}');
-- With its letters a number is what it is.
SELECT pg_temp.found('INV 100.50 and INV-31.01.2026', '{INV-10050,INV31012026}');
-- Short numbers are words of their own; longer ones may end a word.
SELECT pg_temp.found('A100 100B 12 34 1-2', '{100,12,34,1234,7,1}');
SELECT pg_temp.found('INVOICE100234 X4711', '{100234,4711}');
SELECT pg_temp.found('12 345 6789', '{12345,123456789}');

-- ISO 11649, the example of the standard's usual presentation: RF18 5390 0754 7034.
SELECT credit.creditor_reference('539007547034'), credit.creditor_reference('5390-0754 7034');
SELECT code, credit.is_creditor_reference(code)
FROM unnest('{RF18539007547034,RF18 5390 0754 7034,rf18539007547034,RF18539007547043,RF81539007547034,RF18-5390-0754-7034,RF18,RF1,RF,"",RF180000000000000000000001,DE89370400440532013000}'::text[]) AS code;
SELECT n, credit.creditor_reference(n), credit.is_creditor_reference(credit.creditor_reference(n))
FROM unnest('{1,INV-2026-00123,000000000000000000000,ABCDEFGHIJKLMNOPQRSTU,zz}'::text[]) AS n;
-- One digit changed, or two neighbours that differ swapped: the check digits tell, always.
SELECT count(*) AS wrong, count(*) FILTER (WHERE credit.is_creditor_reference(changed)) AS undetected
FROM (SELECT 'RF' || lpad((i * 7919 % 97)::text, 2, '0') AS head, credit.creditor_reference((i * 1000003)::text) AS code FROM generate_series(1, 300) AS i) AS c,
	LATERAL (SELECT overlay(code PLACING d::text FROM p FOR 1) AS changed FROM generate_series(3, length(code)) AS p, generate_series(0, 9) AS d
		UNION
		SELECT overlay(code PLACING reverse(substr(code, p, 2)) FROM p FOR 2) FROM generate_series(3, length(code) - 1) AS p) AS e
WHERE changed <> code;
-- In a text, as it is printed, and for the number it was made of.
SELECT pg_temp.found('Ref RF18 5390 0754 7034 thanks', '{RF18539007547034}');
SELECT pg_temp.found('Ref RF18 5390 0754 7034 thanks', '{5390-0754-7034}');
SELECT pg_temp.found('Ref RF19 5390 0754 7034 thanks', '{RF18539007547034}', 1);
SELECT pg_temp.found(credit.creditor_reference('7'), '{7}');

-- Ambiguous: equal numbers, unless one is as written.
SELECT pg_temp.found('INV-100', '{INV-100,INV-100}');
SELECT pg_temp.found('INV 100', '{INV-100,INV100}');
SELECT pg_temp.found('INV-100', '{INV-100,INV100}');
-- Each number once, at its surest place.
SELECT pg_temp.found('INV 100, INV-100', '{INV-100}');
-- Places do not overlap: the choice that explains most.
SELECT pg_temp.found('INV-100-1', '{INV-100,INV-100-1}');
SELECT pg_temp.found('A-1-B-2', '{A1B,B2,1B2,A1}');
-- Null numbers are not found, and no text has none.
SELECT pg_temp.found('INV 100', '{NULL,INV100,"",--}');
SELECT count(*) FROM credit.match_reference('', '{INV100}');
SELECT count(*) FROM credit.match_reference('INV100', '{}');
SELECT count(*) FROM credit.match_reference(NULL, '{INV100}');
SELECT number_no FROM credit.match_reference('INV100', '[5:6]={X,INV100}');

-- Keys, for a join: what match_reference() finds but for misread and similar ones.
SELECT credit.reference_keys('Payment of INV-100/101, 102 for 1.234,56 EUR');
SELECT credit.reference_keys('RE202600124');
SELECT credit.reference_keys('Invoice no. 4711'), credit.reference_keys('RF18 5390 0754 7034'), credit.reference_keys('');
CREATE TEMP TABLE document AS SELECT 'INV-2026-' || lpad(i::text, 6, '0') AS number FROM generate_series(1, 1000) AS i;
CREATE INDEX document_key ON document (credit.reference_key(number));
ANALYZE document;
CREATE TEMP TABLE remittance (id int, text text);
INSERT INTO remittance VALUES (1, 'inv 2026 17 and INV-2026-000018, 000019'), (2, 'INV/2026/000999-001000'), (3, 'nothing');
SET enable_seqscan = off;
-- Only the lines about the index: newer releases say of the other table that its scan was disabled.
CREATE FUNCTION pg_temp.index_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Index' THEN RETURN NEXT btrim(line); END IF;
	END LOOP;
END $$;
SELECT pg_temp.index_plan('SELECT id, number FROM remittance JOIN document ON credit.reference_key(number) = ANY (credit.reference_keys(text))');
SELECT id, number FROM remittance JOIN document ON credit.reference_key(number) = ANY (credit.reference_keys(text)) ORDER BY 1, 2;
RESET enable_seqscan;

-- Long texts: the time grows with their length, and cancelling works.
SELECT count(*) FROM credit.match_reference(repeat('INV-100 ', 20000), array_fill('INV-100'::text, '{5000}'));
SELECT cardinality(credit.reference_keys(repeat('1', 500000))), cardinality(credit.reference_keys(repeat('1A', 100000))),
	cardinality(credit.reference_keys(repeat('RF18 ', 50000))), cardinality(credit.reference_keys(repeat('100-290, ', 20000)));
SET statement_timeout = 100;
SELECT count(*) FROM credit.match_reference(repeat('INV-2026-000001 ', 2000000), ARRAY(SELECT 'ABC-' || i FROM generate_series(1, 10000) AS i));
RESET statement_timeout;

-- Errors
\set SHOW_CONTEXT never
SELECT credit.match_reference('INV100', '{{a,b},{c,d}}');
SELECT credit.match_reference('INV100', '{a}', 0);
SELECT credit.match_reference('INV100', '{a}', 1.0001);
SELECT credit.match_reference('INV100', '{a}', 0.00001);
SELECT credit.match_reference('INV100', '{a}', 'NaN');
SELECT credit.similarity_edits(repeat('a', 1001), 'b');
SELECT credit.creditor_reference('');
SELECT credit.creditor_reference('1234567890123456789012');
SELECT credit.creditor_reference('RÉ-1');

-- Other encodings: a byte beyond ASCII is (part of) a letter.
CREATE DATABASE match_reference_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE match_reference_euc ENCODING 'EUC_JP' LOCALE 'C' TEMPLATE template0;
SELECT current_database() AS here \gset
\c match_reference_latin1
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION credit_control;
SELECT credit.reference_key('RÉ-001ü'), found, start, length, kind FROM credit.match_reference('für RÉ 1ü bezahlt', '{RÉ-001ü}');
SELECT credit.similarity_edits('größe', 'grösse');
\c match_reference_euc
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION credit_control;
SELECT credit.reference_key('請求-001'), found, start, length, kind FROM credit.match_reference('御中 請求 1 を支払う', '{請求-001}');
SELECT credit.similarity_edits('日本語', '日本国');
\c :"here"
DROP DATABASE match_reference_latin1;
DROP DATABASE match_reference_euc;
