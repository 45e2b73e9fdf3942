-- cash_returns.sql: what the bank takes back: direct debits that come back, bookings it reverses, checks that bounce.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'Etc/UTC';
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('ret', 'EUR', time_zone => 'Etc/UTC');
SET search_path = ret, public;
SELECT add_customer('Adler GmbH', 1, 'K-70001'), add_customer('Birne AG', 2, 'K-70002'), add_customer('Citrus SA', 4, 'K-70004'),
	add_customer('Citrus Nord', 3, 'K-70003', p_payer_id => 4), add_customer('Dattel KG', 5, 'K-70005');
SELECT set_cash_rules('small differences', '{reference}', 2, p_tolerance_amount => 0.50, p_overpayment => 'adjustment');
SELECT post_invoice(1, 'RE-2026-3001', '2026-01-05', 1000, p_terms => '2/10 net 30'), post_invoice(2, 'RE-2026-3002', '2026-01-05', 200, '2026-02-04'),
	post_invoice(2, 'RE-2026-3003', '2026-01-05', 300, '2026-02-04'), post_invoice(4, 'RE-2026-3004', '2026-01-05', 50, '2026-02-04'),
	post_invoice(3, 'RE-2026-3005', '2026-01-05', 70, p_terms => '2/10 net 30'), post_invoice(5, 'RE-2026-3006', '2026-01-05', 80, '2026-02-04');

-- ISO 20022, camt.053: a reversal is an entry with RvslInd; a returned direct debit repeats the payment's own EndToEndId and
-- says why (EPC return codes: AC04 account closed, AM04 not enough money, MD06 the debtor asks for it).
CREATE FUNCTION pg_temp.statement(id text, day date, entries text) RETURNS text LANGUAGE sql AS $$
	SELECT replace(format('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-02-03T20:00:00</CreDtTm></GrpHdr><Stmt><Id>%s</Id><CreDtTm>2026-02-03T20:00:00</CreDtTm><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>%s</Stmt></BkToCstmrStmt></Document>',
		id, entries), '<day/>', format('<BookgDt><Dt>%s</Dt></BookgDt><ValDt><Dt>%s</Dt></ValDt>', day, day))
$$;
CREATE FUNCTION pg_temp.entry(amount numeric, sign text, more text, reference text, end_to_end text, remittance text, reason text DEFAULT NULL, payer text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT format('<Ntry><Amt Ccy="EUR">%s</Amt><CdtDbtInd>%s</CdtDbtInd>%s<Sts>BOOK</Sts><day/><BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls><TxDtls><Refs>%s%s</Refs><Amt Ccy="EUR">%s</Amt><CdtDbtInd>%s</CdtDbtInd>%s<RmtInf><Ustrd>%s</Ustrd></RmtInf>%s</TxDtls></NtryDtls></Ntry>',
		amount, sign, more, '<AcctSvcrRef>' || reference || '</AcctSvcrRef>', '<EndToEndId>' || end_to_end || '</EndToEndId>', amount, sign,
		'<RltdPties><Dbtr><Nm>' || payer || '</Nm></Dbtr></RltdPties>', remittance,
		'<RtrInf><Rsn><Cd>' || reason || '</Cd></Rsn></RtrInf>')
$$;
CREATE VIEW pg_temp.what_is_open AS
	SELECT i.customer_id, d.kind, d.number, i.open_amount, i.due_date FROM item i JOIN document d USING (customer_id, document_id) WHERE i.open_amount <> 0;
CREATE VIEW pg_temp.outcome AS
	SELECT m.bank_receipt_id AS receipt, m.status, m.customer_id AS customer, m.rule, m.confidence, m.returned_receipt_id AS takes_back, d.kind, m.by_person AS person,
		COALESCE(m.error, m.blocked -> 0 ->> 'why') AS why
	FROM cash_match m LEFT JOIN document d ON d.customer_id = m.customer_id AND d.document_id = m.document_id;

-- Direct debits with and without discount, a small surplus, one for two customers, one that nobody knows, two alike.
SELECT l.* FROM load_camt053(pg_temp.statement('S1', '2026-01-14',
	pg_temp.entry(980, 'CRDT', '', 'B1', 'E2E-1', 'RE-2026-3001') || pg_temp.entry(200.30, 'CRDT', '', 'B2', 'E2E-2', 'RE-2026-3002')
	|| pg_temp.entry(118.60, 'CRDT', '', 'B3', 'E2E-3', 'RE-2026-3004, RE-2026-3005', payer => 'Citrus SA') || pg_temp.entry(77, 'CRDT', '', 'B4', 'E2E-4', 'danke')
	|| pg_temp.entry(5, 'CRDT', '', 'B5', 'E2E-5', '-') || pg_temp.entry(5, 'CRDT', '', 'B6', 'E2E-5', '-'))) l;
SELECT add_receipt('DE02120300000000202051', 'checks', '1', '2026-01-14', 80, p_remittance_text => 'K-70005 RE-2026-3006');
CALL apply_cash('day 1', false);
SELECT * FROM outcome ORDER BY receipt;
TABLE what_is_open ORDER BY 1, 3;
-- They come back: the discount and the small surplus are undone, what was due is due again as it was, and what was paid for
-- another customer is open there.  A debit that takes nothing back, or of another amount, or that may mean two, waits.
SELECT l.* FROM load_camt053(pg_temp.statement('S2', '2026-01-20',
	pg_temp.entry(980, 'DBIT', '', 'R1', 'E2E-1', 'RE-2026-3001', 'AC04') || pg_temp.entry(200.30, 'DBIT', '<RvslInd>true</RvslInd>', 'B2', 'X', 'Storno')
	|| pg_temp.entry(118.60, 'DBIT', '', 'R3', 'E2E-3', '-', 'AM04') || pg_temp.entry(77, 'DBIT', '', 'R4', 'E2E-4', '-', 'MD06')
	|| pg_temp.entry(5, 'DBIT', '', 'R5', 'E2E-5', '-', 'MD06') || pg_temp.entry(79, 'DBIT', '', 'R6', 'E2E-6', 'Scheck', 'NSF')
	|| pg_temp.entry(80, 'DBIT', '', 'R7', 'E2E-7', 'Scheckrueckgabe') || pg_temp.entry(12, 'DBIT', '', 'R8', 'E2E-8', 'Gebuehren'))) l;
SELECT bank_receipt_id, sequence, amount, credit_debit, reversal, bank_reference, end_to_end_id, return_reason FROM bank_receipt WHERE statement_id = 'S2' ORDER BY 1;
SELECT bank_receipt_id, customer_id, rule, confidence, on_account, parts, blocked FROM propose_cash() WHERE bank_receipt_id BETWEEN 8 AND 15;
SELECT blocked FROM propose_cash(15);
CALL apply_cash('shown');
CALL apply_cash('day 2', false);
SELECT * FROM outcome WHERE status <> 'simulated' AND receipt NOT IN (5, 6) ORDER BY receipt, status;
TABLE what_is_open ORDER BY 1, 3;
SELECT customer_id, kind, number, amount, posting_date, reason FROM document d JOIN cash_match m USING (customer_id, document_id) WHERE m.rule = 'return' ORDER BY 1;
SELECT a.customer_id, a.total, a.unapplied FROM aging_at('2026-01-19') a WHERE customer_id < 5 ORDER BY 1;
SELECT a.customer_id, a.total, a.unapplied FROM aging_at('2026-01-20') a WHERE customer_id < 5 ORDER BY 1;
-- Money that came and went is not waiting.
SELECT bank_receipt_id, amount FROM unapplied_cash ORDER BY 1;
SELECT month, receipts, applied_by_rule, applied_by_person, waiting, corrected_later, accuracy FROM cash_application_accuracy;
-- A person knows which check bounced, and charges for it; the amount must be the same.
SELECT return_receipt(14);
SELECT return_receipt(13, 7);
SELECT return_receipt(3, 7);
SELECT return_receipt(14, 7, 15) > 0 AS returned;
SELECT return_receipt(14, 7);
SELECT return_receipt(12, 5) > 0 AS returned;
SELECT return_receipt(NULL), return_receipt(99);
-- A receipt is taken back once, and what was taken back is not applied any more.
SELECT l.* FROM load_camt053(pg_temp.statement('S3', '2026-01-21', pg_temp.entry(980, 'DBIT', '', 'R9', 'E2E-1', 'RE-2026-3001', 'AC04'))) l;
-- The same return told again, and one of another account.
SELECT l.* FROM load_camt053(pg_temp.statement('S4', '2026-01-20', pg_temp.entry(980, 'DBIT', '', 'R1', 'E2E-1', 'RE-2026-3001', 'AC04'))) l;
SELECT bank_receipt_id, duplicate_of, p.blocked -> 0 ->> 'why' AS why FROM bank_receipt JOIN propose_cash(17) p USING (bank_receipt_id);
SELECT l.* FROM load_camt053(replace(pg_temp.statement('S4b', '2026-01-21', pg_temp.entry(33, 'CRDT', '', 'B1', 'E2E-20', '-') || pg_temp.entry(33, 'DBIT', '', 'R1', 'E2E-30', '-', 'AC04')),
	'DE02120300000000202051', 'DE75512108001245126199')) l;
SELECT l.* FROM load_camt053(pg_temp.statement('S4c', '2026-01-21', pg_temp.entry(33, 'DBIT', '', 'R11', 'E2E-20', '-', 'AC04'))) l;
CALL apply_cash('day 3', false);
SELECT * FROM outcome WHERE receipt IN (4, 5, 7, 12, 14) OR receipt > 15 ORDER BY receipt, status;
SELECT confirm_match(8);
SELECT confirm_match(4, 1);
SELECT customer_id, kind, number, open_amount FROM what_is_open WHERE customer_id = 5;
-- It was already returned by hand: the line fails by itself and waits for a person.
SELECT post_invoice(1, 'RE-2026-3009', '2026-01-25', 33, '2026-02-04') > 0 AS posted, l.* FROM load_camt053(pg_temp.statement('S5', '2026-01-28',
	pg_temp.entry(33, 'CRDT', '', 'B9', 'E2E-9', 'RE-2026-3009'))) l;
CALL apply_cash('day 4', false);
SELECT return_payment(1, document_id, '2026-01-29') > 0 AS returned FROM cash_match WHERE bank_receipt_id = 21 AND status = 'applied';
SELECT l.* FROM load_camt053(pg_temp.statement('S6', '2026-01-30', pg_temp.entry(33, 'DBIT', '', 'R10', 'E2E-9', '', 'AC04', 'Adler GmbH'))) l;
CALL apply_cash('day 5', false);
SELECT * FROM outcome WHERE receipt > 20 ORDER BY receipt;
-- That says nothing of who pays.
SELECT reject_match(22, 'returned by hand before') > 0 AS rejected, (SELECT count(*) FROM payer_alias) AS learned;
-- BAI2: 555 is a deposited item returned; it names the deposit by the bank's reference.
SELECT post_invoice(5, 'RE-2026-3010', '2026-01-25', 45, '2026-02-04') > 0 AS posted;
SELECT l.* FROM load_bai2(E'01,122099999,123456789,260204,0200,1,65,,2/\n02,031001234,122099999,1,260203,2359,EUR,2/\n03,0123456789,EUR,010,0,,/\n16,115,4500,,D-77,,RE-2026-3010\n16,555,4500,,D-77,,NSF\n49,9000,4/\n98,9000,1,6/\n99,9000,1,8/\n') l;
CALL apply_cash('day 6', false);
SELECT * FROM outcome WHERE receipt > 22 ORDER BY receipt;
SELECT customer_id, kind, number, open_amount FROM what_is_open WHERE customer_id = 5;
SELECT * FROM verify_ledger();
SELECT * FROM verify_chain();
