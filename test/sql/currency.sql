-- Currencies of ISO 4217.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

-- Each minor unit the standard gives.
SELECT code, credit.minor_unit(code)
FROM unnest('{USD,EUR,GBP,JPY,KRW,KWD,TND,CLF,UYW,MGA,ISK}'::text[]) AS code;

-- Everything that is not two decimals, so that a slip in the list shows.
SELECT minor_unit, count(*), string_agg(currency, ' ' ORDER BY currency)
		FILTER (WHERE minor_unit <> 2) AS codes
FROM credit.currencies() GROUP BY minor_unit ORDER BY minor_unit;

SELECT * FROM credit.currencies() WHERE currency IN ('CHF', 'XAF', 'STN', 'CLF') ORDER BY currency;

-- The list is in order and free of duplicates, every code has the form of the
-- standard, and the search finds each one, the first and the last included.
SELECT count(*) AS codes,
	count(*) FILTER (WHERE previous >= currency COLLATE "C") AS out_of_order,
	count(*) FILTER (WHERE currency !~ '^[A-Z]{3}$' OR name = '') AS malformed,
	count(*) FILTER (WHERE credit.minor_unit(currency) IS DISTINCT FROM minor_unit) AS not_found
FROM (SELECT *, lag(currency) OVER () COLLATE "C" AS previous
	  FROM credit.currencies()) AS listed;

-- What recent amendments brought in and took out; metals, testing and
-- accounting units without a minor unit are never in.
SELECT code, count(currency) AS listed
FROM unnest('{XCG,ZWG,XAD,SLE,VED,ANG,BGN,CUC,HRK,SLL,ZWL,XAU,XDR,XTS,XXX}'::text[])
	WITH ORDINALITY AS asked(code, n)
	LEFT JOIN credit.currencies() ON currency = code
GROUP BY code, n ORDER BY n;

SELECT credit.minor_unit(NULL) IS NULL AS null_in_null_out;

-- Errors: only the exact three capitals are a code.
\set VERBOSITY sqlstate
SELECT credit.minor_unit('XAU');
\set VERBOSITY default
SELECT credit.minor_unit('usd');
SELECT credit.minor_unit('US');
SELECT credit.minor_unit('USDX');
SELECT credit.minor_unit('');
SELECT credit.minor_unit('AAA');
SELECT credit.minor_unit('ZZZ');

SELECT proname, provolatile, proisstrict, proparallel, obj_description(oid) IS NOT NULL AS commented
FROM pg_proc WHERE oid IN ('credit.minor_unit(text)'::regprocedure, 'credit.currencies()'::regprocedure)
ORDER BY proname;
