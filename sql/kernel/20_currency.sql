-- Currencies: the codes of ISO 4217 and their minor units.

CREATE FUNCTION credit.minor_unit(currency text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'cc_minor_unit';

COMMENT ON FUNCTION credit.minor_unit(text) IS
'Decimals in which amounts of a currency are kept (USD 2, JPY 0, KWD 3), by its ISO 4217 code in capitals; an unknown code is an error.';

CREATE FUNCTION credit.currencies()
RETURNS TABLE (currency text, minor_unit integer, name text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 165
AS 'MODULE_PATHNAME', 'cc_currencies';

COMMENT ON FUNCTION credit.currencies() IS
'The currencies and funds of ISO 4217 that have a minor unit (list one up to amendment 180, in force since 2026-01-01), in order of code. Metals, SDR and testing codes are not among them.';
