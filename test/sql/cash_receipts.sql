-- cash_receipts.sql: from the bank's file to closed invoices: loading, who pays, what a person decides.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'Etc/UTC';
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('rcp', 'EUR', time_zone => 'Etc/UTC');
SET search_path = rcp, public;
SELECT add_customer('Adler GmbH', 1, 'K-70001'), add_customer('Birne & Co', 2, 'K-70002'), add_customer('Citrus SA', 3, 'K-70003'),
	add_customer('Citrus Nord', 4, 'K-70004', p_payer_id => 3), add_customer('Dattel AG', 5, 'K-70005'), add_customer('Adler GmbH', 6, 'K-70006');
SELECT post_invoice(1, 'RE-2026-1001', '2026-01-05', 1190, '2026-02-04'), post_invoice(1, 'RE-2026-1002', '2026-01-06', 500, '2026-02-05'),
	post_invoice(2, 'RE-2026-1003', '2026-01-07', 230, '2026-02-06'), post_invoice(2, 'RE-2026-1004', '2026-01-08', 70, '2026-02-07'),
	post_invoice(3, 'RE-2026-1005', '2026-01-09', 300, '2026-02-08'), post_invoice(4, 'RE-2026-1006', '2026-01-10', 200, '2026-02-09'),
	post_invoice(5, 'RE-2026-1007', '2026-01-11', 1000, p_terms => '2/10 net 30'), post_invoice(5, 'RE-2026-1008', '2026-01-12', 400, '2026-02-11');

-- A statement of camt.053: a structured reference, free text, a batch of two, money going out, and what is only pending.
CREATE FUNCTION pg_temp.entry(amount numeric, sign text, status text, details text) RETURNS text LANGUAGE sql AS $$
	SELECT format('<Ntry><Amt Ccy="EUR">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts>%s</Sts><BookgDt><Dt>2026-02-03</Dt></BookgDt><ValDt><Dt>2026-02-03</Dt></ValDt><BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd><NtryDtls>%s</NtryDtls></Ntry>',
		amount, sign, status, details)
$$;
CREATE FUNCTION pg_temp.transfer(amount numeric, reference text, payer text, iban text, remittance text) RETURNS text LANGUAGE sql AS $$
	SELECT format('<TxDtls><Refs><AcctSvcrRef>%s</AcctSvcrRef></Refs><Amt Ccy="EUR">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties><Dbtr><Nm>%s</Nm></Dbtr><DbtrAcct><Id><IBAN>%s</IBAN></Id></DbtrAcct></RltdPties><RmtInf>%s</RmtInf></TxDtls>',
		reference, amount, payer, iban, remittance)
$$;
CREATE FUNCTION pg_temp.statement(id text, entries text) RETURNS text LANGUAGE sql AS $$
	SELECT format('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-02-03T20:00:00</CreDtTm></GrpHdr><Stmt><Id>%s</Id><ElctrncSeqNb>34</ElctrncSeqNb><CreDtTm>2026-02-03T20:00:00</CreDtTm><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>%s</Stmt></BkToCstmrStmt></Document>',
		id, entries)
$$;
CREATE TEMP TABLE file (name text, data text);
INSERT INTO file SELECT 'statement', pg_temp.statement('2026-34',
	pg_temp.entry(1190, 'CRDT', 'BOOK', pg_temp.transfer(1190, 'B1', 'Adler GmbH', 'DE89370400440532013000',
		'<Strd><CdtrRefInf><Ref>' || credit.creditor_reference('RE20261001') || '</Ref></CdtrRefInf></Strd>'))
	|| pg_temp.entry(300, 'CRDT', 'BOOK', pg_temp.transfer(230, 'B2', 'B. Obst Zahlstelle', 'DE75512108001245126199', '<Ustrd>RG 2026/1003 vom 07.01.</Ustrd>')
		|| pg_temp.transfer(70, 'B3', 'B. Obst Zahlstelle', 'DE75512108001245126199', '<Ustrd>danke</Ustrd>'))
	|| pg_temp.entry(500, 'CRDT', 'BOOK', pg_temp.transfer(500, 'B4', 'Citrus SA', 'FR1420041010050500013M02606', '<Ustrd>RE-2026-1005 RE-2026-1006</Ustrd>'))
	|| pg_temp.entry(500, 'CRDT', 'BOOK', pg_temp.transfer(500, 'B5', 'Birne &amp; Co', 'DE1', '<Ustrd>RE-2026-1002</Ustrd>'))
	|| pg_temp.entry(12, 'DBIT', 'BOOK', '') || pg_temp.entry(99, 'CRDT', 'PDNG', ''));
SELECT f.name, l.* FROM file f, load_camt053(f.data) l;
SELECT f.name, l.* FROM file f, load_camt053(f.data) l;
SELECT bank_receipt_id, sequence, amount, credit_debit, payer_name, document_references, remittance_text FROM bank_receipt ORDER BY 1;
-- Another content under the same number is refused whole.
SELECT l.* FROM file f, load_camt053(replace(f.data, 'danke', 'merci')) l;
SELECT l.* FROM file f, load_camt053(replace(f.data, '2026-34', '2026-35')) l;
SELECT bank_receipt_id, sequence, duplicate_of FROM bank_receipt WHERE statement_id = '2026-35' ORDER BY 1;
SELECT confirm_match(7);

-- Who pays and what: by creditor reference; by document; unknown; with a branch; a document of somebody else.
SELECT p.bank_receipt_id, p.customer_id, p.rule, p.confidence, p.parts FROM propose_cash() p JOIN bank_receipt USING (bank_receipt_id)
WHERE duplicate_of IS NULL AND credit_debit = 'credit' ORDER BY 1;
SELECT customer_id, name, confidence, evidence, rule FROM cash_candidates(5);
CALL apply_cash('first', false);
SELECT m.bank_receipt_id, m.status, m.customer_id, m.rule, m.confidence, m.on_account, m.error,
	(SELECT string_agg(format('%s of %s: %s', a ->> 'number', a ->> 'customer_id', a ->> 'amount'), ', ' ORDER BY o) FROM jsonb_array_elements(m.allocations) WITH ORDINALITY t (a, o)) AS pays
FROM cash_match m WHERE status <> 'simulated' ORDER BY 1;
SELECT customer_id, kind, number, amount, open_amount FROM open_items ORDER BY 1, 2, 3;
SELECT a.customer_id, a.amount, m.rule, m.confidence, r.name AS run FROM cash_allocation c JOIN allocation a USING (customer_id, allocation_id)
	JOIN cash_match m USING (cash_match_id) JOIN cash_run r USING (cash_run_id) ORDER BY 1, a.allocation_id;

-- A person knows: its account and name are learned, and the next payment finds its way.
SELECT confirm_match(3, 2) > 0 AS confirmed;
SELECT customer_id, kind, alias, confirmed, rejected FROM payer_alias ORDER BY 1, 2;
SELECT confirm_match(3, 2);
SELECT reject_match(5, 'paid for a friend') > 0 AS rejected;
SELECT reject_match(5, 'again');
SELECT post_invoice(2, 'RE-2026-1009', '2026-02-01', 88, '2026-03-03') > 0 AS posted,
	add_receipt('DE02120300000000202051', '2026-36', '1', '2026-02-20', 88, p_payer_name => 'B.  OBST Zahlstelle', p_payer_account => 'DE75 5121 0800 1245 1261 99') AS receipt;
SELECT customer_id, rule, confidence, parts -> 'evidence' AS evidence FROM propose_cash(13);
-- No money came in; the customer is closed.
SELECT add_receipt('DE02120300000000202051', '2026-36', '2', '2026-02-20', 0, p_remittance_text => 'RE-2026-1002') AS receipt,
	add_receipt('DE02120300000000202051', '2026-36', '3', '2026-02-20', 500, p_remittance_text => 'RE-2026-1002') AS receipt,
	set_customer_status(1, 'closed');
SELECT bank_receipt_id, customer_id, rule, confidence, parts -> 'caps' AS caps FROM propose_cash() WHERE bank_receipt_id IN (14, 15);
SELECT confirm_match(14);
SELECT confirm_match(15, p_allocations => '[{"item_id": 2, "amount": 501}]');
SELECT confirm_match(15, p_allocations => '[{"item_id": 2, "amount": 450}]') > 0 AS confirmed;
SELECT add_receipt('DE02120300000000202051', '2026-36', '4', '2026-02-20', 1, 'XXQ');
SELECT add_receipt('DE02120300000000202051', '2026-36', '4', '2026-02-20', 1.001);
SELECT add_receipt('DE02120300000000202051', '2026-36', '4', '2026-02-20', -1);

-- Remittance advice: what the payer deducts stays open with its reason.  A free adjustment of X12 820 too: 980 - 50 = 930.
SELECT load_remittance_csv('dattel', 'PAY-4711', E'invoice;amount paid;discount;deduction;deduction reason\nRE-2026-1007;980.00;20.00;0;\nRE-2026-1008;370.00;0;30.00;damaged\n', 1350);
SELECT load_remittance_csv('dattel', 'PAY-4711', E'invoice;amount paid;discount;deduction;deduction reason\nRE-2026-1007;980.00;20.00;0;\nRE-2026-1008;370.00;0;30.00;damaged\n', 1350);
SELECT load_remittance_csv('dattel', 'PAY-4711', E'invoice;amount paid\nRE-2026-1007;980.00\n');
SELECT add_receipt('DE02120300000000202051', '2026-37', '1', '2026-01-20', 1350, p_payer_name => 'Dattel AG', p_remittance_text => 'PAY-4711') AS receipt;
SELECT post_invoice(5, 'INV1', '2026-01-20', 1000, p_terms => '2/10 net 30') > 0 AS posted;
SELECT l.* FROM load_x12_820('ISA*00*          *00*          *01*123456789      *ZZ*US             *250115*1200*U*00401*000000905*0*P*>~'
	|| 'GS*RA*123456789*US*20250115*1200*12*X*004010~ST*820*0001~BPR*C*930*C*ACH~TRN*1*T930~CUR*PR*EUR~ENT*1~RMR*IV*INV1**980*1000*20~ADX*-50*06~SE*8*0001~GE*1*12~IEA*1*000000905~') l;
SELECT source, sender, trace, amount, currency, line_no, reference, amount_paid, discount, deduction, deduction_reason FROM remittance JOIN remittance_line USING (remittance_id) ORDER BY 1, 3, line_no;
SELECT add_receipt('DE02120300000000202051', '2026-37', '2', '2026-01-28', 930, p_payer_name => 'Dattel AG', p_bank_reference => 'T930') AS receipt;
CALL apply_cash('second', false);
SELECT m.bank_receipt_id, m.status, m.rule, m.confidence, m.on_account, m.error, m.parts -> 'caps' AS caps,
	(SELECT string_agg(format('%s %s less %s, deducted %s, charged back %s %s', a ->> 'number', a ->> 'amount', a ->> 'discount', a ->> 'deduction', a ->> 'charge_back', a ->> 'deduction_reason'), '; ' ORDER BY o)
		FROM jsonb_array_elements(m.allocations) WITH ORDINALITY t (a, o)) AS pays
FROM cash_match m WHERE cash_run_id = 2 ORDER BY 1;
SELECT number, amount, open_amount, currency, reason_code, bank_receipt_id FROM deductions ORDER BY deduction_id;
SELECT customer_id, customer_name, bank_receipt_id, number, amount, open_amount, rule, confidence FROM unapplied_cash ORDER BY bank_receipt_id;
SELECT month, currency, receipts, applied_by_rule, applied_by_person, waiting, corrected_later, auto_match_rate, accuracy FROM cash_application_accuracy ORDER BY 1;
SELECT count(reverse_allocation(c.customer_id, c.allocation_id)) AS reversed FROM cash_allocation c JOIN cash_match m USING (cash_match_id) WHERE m.bank_receipt_id = 1;
SELECT month, currency, applied_by_rule, corrected_later, accuracy FROM cash_application_accuracy ORDER BY 1;
SELECT * FROM verify_ledger();
SELECT * FROM verify_chain();

-- BAI2: only transactions are receipts, in the major unit; a file that fails its totals is refused whole.
INSERT INTO file VALUES ('bai2', E'01,122099999,123456789,260204,0200,1,65,,2/\n02,031001234,122099999,1,260203,2359,EUR,2/\n03,0123456789,EUR,010,450000,,/\n16,115,450000,S,100000,200000,150000,BR-9,CR-9,LOCKBOX/\n49,900000,3/\n98,900000,1,5/\n99,900000,1,7/\n');
SELECT l.* FROM file, load_bai2(data) l WHERE name = 'bai2';
SELECT l.* FROM file, load_bai2(data) l WHERE name = 'bai2';
SELECT source, account, statement_id, sequence, booking_date, amount, currency, document_references, remittance_text, bank_reference FROM bank_receipt WHERE source = 'bai2';
SELECT l.* FROM file, load_bai2(replace(data, '49,900000', '49,900001')) l WHERE name = 'bai2';
