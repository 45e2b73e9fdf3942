-- X12 820: what a payment pays, and what makes the advice unsound.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
SET datestyle = ISO;
\set SHOW_CONTEXT never

-- A transaction set in its envelopes, with the count of its segments.
CREATE FUNCTION pg_temp.envelope(body text) RETURNS text LANGUAGE sql AS $$
	SELECT 'ISA*00*          *00*          *01*123456789      *ZZ*US             *250115*1200*U*00401*000000905*0*P*>~'
		|| 'GS*RA*123456789*US*20250115*1200*12*X*004010~ST*820*0001~' || body
		|| format('SE*%s*0001~GE*1*12~IEA*1*000000905~', 2 + length(body) - length(replace(body, '~', '')))
$$;
CREATE FUNCTION pg_temp.refused(data text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM FROM credit.read_x12_820(data);
	RETURN 'NOT REFUSED';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, NULLIF(detail, ''));
END $$;

-- An invoice paid less its discount, and 50 taken off the payment on its own, wherever that stands: 980 - 50 = 930.
-- RMR04 and ADX01 as in 3M's guide to the 820, 004010.
SELECT v.adx, line_kind, reference, amount_paid, invoice_amount, discount, adjustment_amount, adjustment_reason, payment_part, payment_amount
FROM (VALUES ('behind', 'RMR*IV*INV1**980*1000*20~ADX*-50*06~'), ('before', 'ADX*-50*06~RMR*IV*INV1**980*1000*20~'),
		('an entity of its own', 'RMR*IV*INV1**980*1000*20~ENT*2~ADX*-50*06~')) v (adx, lines),
	credit.read_x12_820(pg_temp.envelope('BPR*C*930*C*ACH~ENT*1~' || lines));
-- One that makes up what its invoice is short of is part of that invoice.
SELECT line_kind, reference, amount_paid, invoice_amount, discount, adjustment_amount, adjustment_reason, payment_part, payment_amount
FROM credit.read_x12_820(pg_temp.envelope('BPR*C*1430*C*ACH~ENT*1~RMR*IV*INV1**930*1000*20~ADX*-50*06~RMR*IV*INV2**500~ADX*-10*01~ADX*10*02~'));
-- Both in one payment.
SELECT line_kind, reference, amount_paid, invoice_amount, adjustment_amount, payment_part
FROM credit.read_x12_820(pg_temp.envelope('BPR*C*1405*C*ACH~RMR*IV*INV1**930*1000*20~ADX*-50*06~RMR*IV*INV2**500*500~ADX*-25*06*CM*DM-9~'));

-- A retailer's advice: two sets in a group and a second group, credit memo, parties, references, terminators on lines.
CREATE TABLE pg_temp.file (name text PRIMARY KEY, data text);
INSERT INTO file VALUES ('retailer', $$ISA*00*          *00*          *08*925485US00     *ZZ*SUPPLIER       *251114*2210*^*00501*000017003*0*P*>~
GS*RA*925485US00*SUPPLIER*20251114*2210*17003*X*005010~
ST*820*170030001~
BPR*C*12345.67*C*ACH*CTX*01*021000021*DA*111*1234567890**01*122099999*DA*222*20251117~
TRN*1*5550001234*1234567890~
CUR*PR*USD~
REF*CK*880011~
DTM*097*20251114~
N1*PR*GREAT STORES INC*UL*0078742000008~
N3*1 MAIN ST~
N1*PE*KESTREL TOOLING*92*V-1017~
ENT*1~
RMR*IV*90001**10000.00*10204.08*204.08~
NTE*INV*REGULAR~
REF*PO*4711~
REF*BM*BOL-1~
DTM*003*20251020~
RMR*IV*90002*PO*3000.25*3100.25~
REF*PO*4712~
ADX*-100.00*01*CM*RTN-7~
NTE*ADX*DAMAGED~
REF*ST*0042~
DTM*003*20251021~
RMR*CM*70001**-654.58~
SE*23*170030001~
ST*820*170030002~
BPR*I*0*C*NON************20251114~
TRN*1*NOTHING~
RMR*IV*90003**25~
RMR*CM*70002**-25***06*0~
SE*6*170030002~
GE*2*17003~
GS*RA*925485US00*SUPPLIER*20251114*2210*17004*X*005010~
ST*820*0003~
BPR*D*500*C*CHK*******************~
SE*3*0003~
GE*1*17004~
IEA*2*000017003~
$$);
SELECT sender, receiver, interchange_control, set_control, trace, payment_amount, credit_debit, currency, payment_date, payment_method,
	payer_name, payer_id, payee_name, payee_id, sum(payment_part) AS parts
FROM file, credit.read_x12_820(data) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 ORDER BY set_control;
SELECT segment_no, set_control, line_no, line_kind, entity, reference_qualifier, reference, document_date, amount_paid, invoice_amount, discount,
	adjustment_amount, adjustment_reason, adjustment_qualifier, adjustment_reference, payment_part, other_references
FROM file, credit.read_x12_820(data);

-- Separators are the interchange's own; line ends, a byte order mark and blanks at the end change nothing.
SELECT bool_and(sum = md5(original::text)) FROM (SELECT array_agg(t ORDER BY set_control, line_no) FROM file, credit.read_x12_820(data) t) o (original),
	file, LATERAL (VALUES (replace(data, E'\n', '')), (replace(data, E'\n', E'\r\n')), (U&'\FEFF' || data || E' \r\n'), (replace(data, E'~\n', E'\n')),
		(replace(data, E'~\n', E'\r\n')), (translate(data, '*~', '|!')), (translate(replace(data, E'\n', ''), '*~', E'\x1D\x1C')), (rtrim(replace(data, E'~\n', E'\n')))) v (changed),
	LATERAL (SELECT md5(array_agg(t ORDER BY set_control, line_no)::text) FROM credit.read_x12_820(changed) t) m (sum);
SELECT count(*) FROM file, credit.read_x12_820(data || data);

-- Unsound files are refused whole, with segment, element and figures.
SELECT what, pg_temp.refused(replace(data, old, new)) FROM file, (VALUES
	('payment', 'BPR*C*12345.67', 'BPR*C*12345.66'),
	('amount paid', '**10000.00*', '**10000.01*'),
	('no payment', E'BPR*C*12345.67*C*ACH*CTX*01*021000021*DA*111*1234567890**01*122099999*DA*222*20251117~\nTRN*1', E'TRN*1*1~\nTRN*1'),
	('no payment amount', 'BPR*C*12345.67', 'BPR*C*'),
	('segments', 'SE*23*', 'SE*24*'),
	('a segment less', E'N3*1 MAIN ST~\n', ''),
	('set control', 'SE*23*170030001', 'SE*23*170030009'),
	('sets', 'GE*2*17003', 'GE*1*17003'),
	('group control', 'GE*2*17003', 'GE*2*17004'),
	('groups', 'IEA*2*', 'IEA*3*'),
	('interchange control', 'IEA*2*000017003', 'IEA*2*000017004'),
	('count', 'SE*23*', 'SE*many*'),
	('no SE', E'SE*23*170030001~\n', ''),
	('no GE', E'GE*2*17003~\n', ''),
	('no IEA', E'IEA*2*000017003~\n', ''),
	('no ST', E'ST*820*170030001~\n', ''),
	('no GS', E'GS*RA*925485US00*SUPPLIER*20251114*2210*17003*X*005010~\n', ''),
	('no ISA', 'ISA*', 'IAS*'),
	('other set', 'ST*820*170030001', 'ST*850*170030001'),
	('amount', '**10000.00*', '**10,000.00*'),
	('decimals', '**10000.00*10204.08', '**10000.00*10204.085'),
	('date', 'DTM*003*20251020', 'DTM*003*20251320'),
	('payment date', '222*20251117', '222*0'),
	('adjustment', 'ADX*-100.00', 'ADX*'),
	('currency', 'CUR*PR*USD', 'CUR*PR*XXX'),
	('separators', 'P*>~', 'P*~~'),
	('not terminated', E'IEA*2*000017003~\n', 'IEA*2*000017003')) change (what, old, new) ORDER BY what;
SELECT pg_temp.refused(''), pg_temp.refused(E'\r\n '), pg_temp.refused('ISA*'), pg_temp.refused('ST*820*0001~');

-- Cut anywhere, a file is refused.
SELECT count(*) FILTER (WHERE answer LIKE 'NOT REFUSED%') AS read, count(*) AS cut,
	count(*) FILTER (WHERE answer NOT LIKE '22%' AND answer NOT LIKE 'NOT%') AS other_errors
FROM file, generate_series(0, length(data) - 2) n, pg_temp.refused(left(data, n)) answer;

SELECT * FROM credit.read_x12_820(NULL);
-- One error as it is shown.
\set VERBOSITY default
SELECT FROM file, credit.read_x12_820(replace(data, 'BPR*C*12345.67', 'BPR*C*12345.66'));
