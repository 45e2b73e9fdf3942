-- camt.053 and camt.054: statements and notifications of banks, of several versions, and what makes them unsound.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;
SET datestyle = ISO;
\set SHOW_CONTEXT never
\x on

CREATE TABLE pg_temp.file (name text PRIMARY KEY, data text);
CREATE FUNCTION pg_temp.refused(data text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	IF data ~ 'BkToCstmrStmt' THEN
		PERFORM FROM credit.read_camt053(data);
	ELSE
		PERFORM FROM credit.read_camt054(data);
	END IF;
	RETURN 'NOT REFUSED';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	-- What is no XML is libxml's to say, in its own words.
	RETURN CASE WHEN SQLSTATE ~ '^2200' THEN SQLSTATE ELSE concat_ws(' | ', SQLSTATE, SQLERRM, NULLIF(detail, '')) END;
END $$;

-- camt.053.001.02, as German banks send it: two statements of two accounts; a single transfer with structured remittance,
-- a batch of three, a returned direct debit, an entry without details, a pending one that does not count.
INSERT INTO file VALUES ('053.001.02', $$<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <BkToCstmrStmt>
  <GrpHdr><MsgId>MSG-1</MsgId><CreDtTm>2025-01-31T18:00:00+01:00</CreDtTm></GrpHdr>
  <Stmt>
   <Id>STMT-2025-21</Id><ElctrncSeqNb>21</ElctrncSeqNb>
   <Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
   <Bal><Tp><CdOrPrtry><Cd>PRCD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1000.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2025-01-30</Dt></Dt></Bal>
   <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1499.49</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2025-01-31</Dt></Dt></Bal>
   <Ntry>
    <NtryRef>E-1</NtryRef><Amt Ccy="EUR">980.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
    <BookgDt><Dt>2025-01-31</Dt></BookgDt><ValDt><Dt>2025-02-01</Dt></ValDt><AcctSvcrRef>BANK-1</AcctSvcrRef>
    <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn><Prtry><Cd>NTRF+166</Cd></Prtry></BkTxCd>
    <NtryDtls><TxDtls>
     <Refs><EndToEndId>PAY-4711</EndToEndId></Refs>
     <AmtDtls><TxAmt><Amt Ccy="EUR">980.00</Amt></TxAmt></AmtDtls>
     <RltdPties><Dbtr><Nm>Müller &amp; Söhne GmbH</Nm></Dbtr><DbtrAcct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id></DbtrAcct>
      <UltmtDbtr><Nm>Filiale Süd</Nm></UltmtDbtr><Cdtr><Nm>Us</Nm></Cdtr></RltdPties>
     <RmtInf>
      <Strd>
       <RfrdDocInf><Tp><CdOrPrtry><Cd>CINV</Cd></CdOrPrtry></Tp><Nb>INV-1</Nb><RltdDt>2025-01-02</RltdDt></RfrdDocInf>
       <RfrdDocAmt><DuePyblAmt Ccy="EUR">1000.00</DuePyblAmt><DscntApldAmt Ccy="EUR">20.00</DscntApldAmt><RmtdAmt Ccy="EUR">980.00</RmtdAmt></RfrdDocAmt>
       <CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>RF18539007547034</Ref></CdtrRefInf>
      </Strd>
      <Strd><CdtrRefInf><Ref>RF19539007547034</Ref></CdtrRefInf></Strd>
      <Strd><CdtrRefInf><Ref>210000000003139471430009017</Ref></CdtrRefInf></Strd>
     </RmtInf>
    </TxDtls></NtryDtls>
    <AddtlNtryInf>GUTSCHRIFT</AddtlNtryInf>
   </Ntry>
   <Ntry>
    <NtryRef>E-2</NtryRef><Amt Ccy="EUR">2000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><DtTm>2025-01-31T23:30:00-05:00</DtTm></BookgDt>
    <NtryDtls><Btch><NbOfTxs>3</NbOfTxs></Btch>
     <TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy="EUR">1499.00</Amt></TxAmt></AmtDtls><RmtInf><Ustrd>INV-2</Ustrd><Ustrd>AND INV-3</Ustrd></RmtInf></TxDtls>
     <TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">500.50</Amt></TxAmt></AmtDtls><RltdPties><Dbtr><Nm>Second</Nm></Dbtr><DbtrAcct><Id><Othr><Id>123-456</Id></Othr></Id></DbtrAcct></RltdPties></TxDtls>
     <TxDtls><AmtDtls><InstdAmt><Amt Ccy="USD">0.60</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">0.50</Amt></TxAmt></AmtDtls></TxDtls>
    </NtryDtls>
   </Ntry>
   <Ntry>
    <Amt Ccy="EUR">475.51</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd><Sts>BOOK</Sts><AcctSvcrRef>BANK-3</AcctSvcrRef>
    <BkTxCd><Prtry><Cd>NRTI+109</Cd></Prtry></BkTxCd>
    <NtryDtls><TxDtls><Refs><EndToEndId>DD-9</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy="EUR">475.51</Amt></TxAmt></AmtDtls>
     <RltdPties><Dbtr><Nm>Broke Ltd</Nm></Dbtr></RltdPties><RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>CLOSED ACCOUNT</AddtlInf></RtrInf><AddtlTxInf>RETURN OF DIRECT DEBIT</AddtlTxInf></TxDtls></NtryDtls>
   </Ntry>
   <Ntry><NtryRef>E-4</NtryRef><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><AddtlNtryInf>FEE</AddtlNtryInf></Ntry>
   <Ntry><NtryRef>E-5</NtryRef><Amt Ccy="EUR">9999.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>
  </Stmt>
  <Stmt>
   <Id>STMT-JPY</Id><Acct><Id><Othr><Id>00-7</Id></Othr></Id></Acct>
   <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="JPY">0</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
   <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="JPY">15000</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
   <Ntry><Amt Ccy="JPY">15000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>
  </Stmt>
 </BkToCstmrStmt>
</Document>
$$);

-- camt.053.001.08: status and parties one level deeper, amounts in the transaction, several documents and discounts, an
-- adjustment, charges that the bank took out of the entry; prefixed names in an envelope.
INSERT INTO file VALUES ('053.001.08', $$<env:Envelope xmlns:env="urn:bank:envelope"><env:Body>
<n:Document xmlns:n="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><n:BkToCstmrStmt><n:Stmt><n:Id>S8</n:Id>
<n:Acct><n:Id><n:IBAN>CH9300762011623852957</n:IBAN></n:Id><n:Ccy>CHF</n:Ccy></n:Acct>
<n:Bal><n:Tp><n:CdOrPrtry><n:Cd>OPBD</n:Cd></n:CdOrPrtry></n:Tp><n:Amt Ccy="CHF">10</n:Amt><n:CdtDbtInd>CRDT</n:CdtDbtInd></n:Bal>
<n:Bal><n:Tp><n:CdOrPrtry><n:Cd>CLBD</n:Cd></n:CdOrPrtry></n:Tp><n:Amt Ccy="CHF">995</n:Amt><n:CdtDbtInd>CRDT</n:CdtDbtInd></n:Bal>
<n:Ntry><n:NtryRef>N1</n:NtryRef><n:Amt Ccy="CHF">985.00</n:Amt><n:CdtDbtInd>CRDT</n:CdtDbtInd><n:Sts><n:Cd>BOOK</n:Cd></n:Sts>
<n:NtryDtls><n:TxDtls><n:Refs><n:AcctSvcrRef>TX-1</n:AcctSvcrRef><n:EndToEndId>E8</n:EndToEndId></n:Refs><n:Amt Ccy="CHF">1000.00</n:Amt><n:CdtDbtInd>CRDT</n:CdtDbtInd>
<n:Chrgs><n:TtlChrgsAndTaxAmt Ccy="CHF">15</n:TtlChrgsAndTaxAmt><n:Rcrd><n:Amt Ccy="CHF">12.00</n:Amt><n:CdtDbtInd>DBIT</n:CdtDbtInd></n:Rcrd><n:Rcrd><n:Amt Ccy="CHF">3.00</n:Amt></n:Rcrd></n:Chrgs>
<n:RltdPties><n:Dbtr><n:Pty><n:Nm>Alpen AG</n:Nm></n:Pty></n:Dbtr><n:UltmtDbtr><n:Pty><n:Nm>Mutter AG</n:Nm></n:Pty></n:UltmtDbtr></n:RltdPties>
<n:RmtInf><n:Strd>
<n:RfrdDocInf><n:Tp><n:CdOrPrtry><n:Cd>CINV</n:Cd></n:CdOrPrtry></n:Tp><n:Nb>A-1</n:Nb></n:RfrdDocInf>
<n:RfrdDocAmt><n:DuePyblAmt Ccy="CHF">1200</n:DuePyblAmt><n:DscntApldAmt><n:Tp><n:Cd>APDS</n:Cd></n:Tp><n:Amt Ccy="CHF">24.10</n:Amt></n:DscntApldAmt><n:DscntApldAmt><n:Amt Ccy="CHF">0.90</n:Amt></n:DscntApldAmt>
<n:AdjstmntAmtAndRsn><n:Amt Ccy="CHF">100</n:Amt><n:CdtDbtInd>DBIT</n:CdtDbtInd><n:Rsn>DMGD</n:Rsn><n:AddtlInf>broken</n:AddtlInf></n:AdjstmntAmtAndRsn><n:RmtdAmt Ccy="CHF">1075</n:RmtdAmt></n:RfrdDocAmt>
<n:AddtlRmtInf>see letter</n:AddtlRmtInf></n:Strd>
<n:Strd><n:RfrdDocInf><n:Tp><n:CdOrPrtry><n:Cd>CREN</n:Cd></n:CdOrPrtry></n:Tp><n:Nb>K-1</n:Nb></n:RfrdDocInf><n:RfrdDocAmt><n:CdtNoteAmt Ccy="CHF">75</n:CdtNoteAmt></n:RfrdDocAmt></n:Strd>
<n:Strd><n:RfrdDocInf><n:Nb>B-1</n:Nb></n:RfrdDocInf><n:RfrdDocInf><n:Nb>B-2</n:Nb></n:RfrdDocInf><n:RfrdDocAmt><n:RmtdAmt Ccy="CHF">0.00</n:RmtdAmt></n:RfrdDocAmt></n:Strd>
</n:RmtInf></n:TxDtls></n:NtryDtls></n:Ntry>
<n:Ntry><n:NtryRef>N2</n:NtryRef><n:Amt Ccy="CHF">7.00</n:Amt><n:CdtDbtInd>CRDT</n:CdtDbtInd><n:Sts><n:Cd>INFO</n:Cd></n:Sts></n:Ntry>
</n:Stmt></n:BkToCstmrStmt></n:Document></env:Body></env:Envelope>$$);

-- camt.054.001.04, a notification: a batch in which one payment came back, in two groups of details.
INSERT INTO file VALUES ('054.001.04', $$<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.04"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>N</MsgId></GrpHdr>
<Ntfctn><Id>NOTE-1</Id><ElctrncSeqNb>3</ElctrncSeqNb><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>
<Ntry><NtryRef>B</NtryRef><Amt Ccy="EUR">250.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><ValDt><DtTm>2025-06-30T00:00:00Z</DtTm></ValDt>
<NtryDtls><TxDtls><Amt Ccy="EUR">300.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Ustrd>A</Ustrd></RmtInf></TxDtls></NtryDtls>
<NtryDtls><TxDtls><Amt Ccy="EUR">50.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><RtrInf><Rsn><Prtry>REFUSED</Prtry></Rsn></RtrInf></TxDtls></NtryDtls>
</Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>$$);

SELECT t.* FROM file, credit.read_camt053(data) t WHERE name = '053.001.02';
SELECT (t).entry_no, (t).bank_reference, (t).status, (t).entry_amount, (t).amount, (t).charges, (t).payer_name, (t).ultimate_payer_name, jsonb_pretty((t).documents) AS documents
FROM file, credit.read_camt053(data) t WHERE name = '053.001.08';
\x off
SELECT statement_id, sequence_no, account, entry_no, transaction_no, entry_amount, amount, credit_debit, value_date, remittance_text, return_reason
FROM file, credit.read_camt054(data) WHERE name = '054.001.04';

-- Every version reads alike: the namespace says nothing, and there may be none.  An xml value does as well as a text.
SELECT count(DISTINCT rows) FROM generate_series(2, 14) version, LATERAL (SELECT array_agg(t)::text FROM file,
	credit.read_camt053(replace(data, 'camt.053.001.02', 'camt.053.001.' || lpad(version::text, 2, '0'))) t WHERE name = '053.001.02') r (rows);
SELECT count(DISTINCT rows) FROM file, LATERAL (VALUES (data), (replace(data, E'\n', E'\r\n')), (U&'\FEFF' || data), (E'\n ' || data || E' \r\n'),
		(regexp_replace(data, ' xmlns=".*001.02"', ''))) v (changed),
	LATERAL (SELECT array_agg(t)::text FROM credit.read_camt053(changed) t) r (rows) WHERE name = '053.001.02';
SELECT count(*) FROM file, credit.read_camt053(data::xml) WHERE name = '053.001.02';
SELECT count(*) FROM file, credit.read_camt054(data::xml) WHERE name = '054.001.04';
-- Elements of a name elsewhere in the document are not taken for those of the entry.
SELECT count(*) FROM credit.read_camt053('<BkToCstmrStmt><Stmt><Id>S</Id></Stmt></BkToCstmrStmt>');

-- Unsound documents are refused whole.
SELECT name, what, pg_temp.refused(replace(data, old, new)) FROM file JOIN (VALUES
	('053.001.02', 'closing balance', '1499.49', '1499.48'),
	('053.001.02', 'opening balance', 'DBIT</CdtDbtInd><Dt>', 'CRDT</CdtDbtInd><Dt>'),
	('053.001.02', 'balance in yen', '>15000</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>', '>1500</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>'),
	('053.001.02', 'batch total', '500.50', '500.49'),
	('053.001.02', 'batch count', '<NbOfTxs>3', '<NbOfTxs>4'),
	('053.001.02', 'detail of a single entry', '<TxAmt><Amt Ccy="EUR">980.00', '<TxAmt><Amt Ccy="EUR">980.01'),
	('053.001.02', 'detail in another currency', '<TxAmt><Amt Ccy="EUR">0.50', '<TxAmt><Amt Ccy="GBP">0.50'),
	('053.001.02', 'pending booked', 'PDNG', 'BOOK'),
	('053.001.02', 'status', 'PDNG', 'MAYB'),
	('053.001.02', 'no status', '<Sts>PDNG</Sts>', ''),
	('053.001.02', 'no sign', '<CdtDbtInd>DBIT</CdtDbtInd><RvslInd>', '<RvslInd>'),
	('053.001.02', 'no amount', '<Amt Ccy="EUR">5.00</Amt>', ''),
	('053.001.02', 'amount', 'Ccy="EUR">5.00', 'Ccy="EUR">5,00'),
	('053.001.02', 'negative amount', 'Ccy="EUR">5.00', 'Ccy="EUR">-5.00'),
	('053.001.02', 'exponent', 'Ccy="EUR">5.00', 'Ccy="EUR">5e0'),
	('053.001.02', 'decimals', 'Ccy="EUR">5.00', 'Ccy="EUR">5.001'),
	('053.001.02', 'decimals of yen', 'Ccy="JPY">15000', 'Ccy="JPY">15000.5'),
	('053.001.02', 'currency', 'Ccy="EUR">5.00', 'Ccy="EEK">5.00'),
	('053.001.02', 'no currency', '<Amt Ccy="EUR">5.00', '<Amt>5.00'),
	('053.001.02', 'date', '2025-02-01', '1.2.2025'),
	('053.001.02', 'calendar', '2025-02-01', '2025-02-30'),
	('053.001.02', 'document amount', '<RmtdAmt Ccy="EUR">980.00', '<RmtdAmt Ccy="EUR">much'),
	('053.001.02', 'truncated', '</BkToCstmrStmt>', ''),
	('053.001.02', 'other message', 'BkToCstmrStmt>', 'BkToCstmrAcctRpt>'),
	('053.001.08', 'charges', '12.00', '11.00'),
	('054.001.04', 'details', '>50.00', '>49.99'),
	('054.001.04', 'other message', 'BkToCstmrDbtCdtNtfctn>', 'Ntfy>')) change (file_name, what, old, new) ON file_name = name
ORDER BY name, what;
SELECT pg_temp.refused(''), pg_temp.refused(E' \r\n'), pg_temp.refused('not XML');
SELECT pg_temp.refused('<!DOCTYPE d [<!ENTITY a "1"><!ENTITY x SYSTEM "file:///etc/passwd">]><BkToCstmrStmt><Stmt><Id>&x;</Id></Stmt></BkToCstmrStmt>');
SELECT * FROM credit.read_camt053(NULL::text);
SELECT FROM file, credit.read_camt053(replace(data, '1499.49', '1499.48')) WHERE name = '053.001.02';

-- Creditor references of ISO 11649: the example of the standard, in print, in small letters, with other digits, too short.
SELECT v.reference, credit.is_creditor_reference(v.reference) FROM (VALUES ('RF18539007547034'), ('RF18 5390 0754 7034'), ('rf18539007547034'),
	('RF19539007547034'), ('RF18539007547043'), ('RF712348231'), ('RF08B370321'), ('RF97C2H5OH'), ('RF'), ('RF18'), ('FR18539007547034'), ('RF1853900754703412345678901'), ('RF18-539007547034'), (''), (NULL)) v (reference);
-- Exactly one pair of check digits of a hundred is right.
SELECT count(*) FROM generate_series(0, 99) n WHERE credit.is_creditor_reference('RF' || lpad(n::text, 2, '0') || 'INVOICE4711');
