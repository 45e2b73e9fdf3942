-- apply_cash.sql: from the bank file to closed invoices.
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'EUR', time_zone => 'Etc/UTC');
SELECT ar.add_customer('Adler GmbH', 1), ar.add_customer('Birne & Co', 2), ar.add_customer('Citrus Nord', 4, p_payer_id => ar.add_customer('Citrus SA', 3));

-- What is open.
SELECT ar.post_invoice(1, 'RE-2026-1001', '2026-01-05', 1000.00, p_terms => '2/10 net 30'),
	ar.post_invoice(1, 'RE-2026-1002', '2026-01-12', 250.00, '2026-02-11'), ar.post_invoice(2, 'RE-2026-1003', '2026-01-07', 230.00, '2026-02-06'),
	ar.post_invoice(3, 'RE-2026-1004', '2026-01-09', 300.00, '2026-02-08'), ar.post_invoice(4, 'RE-2026-1005', '2026-01-10', 200.00, '2026-02-09'),
	ar.post_invoice(2, 'RE-2026-1006', '2026-01-11', 400.00, '2026-02-10');

-- Up to 1.00 short is forgiven; what named documents are paid short becomes an item of its own.
SELECT ar.set_cash_rules('everybody', '{reference,exact_item,clear_account,combination}', p_tolerance_amount => 1.00, p_underpayment => 'chargeback') AS rules;

-- The bank's statement, camt.053.  An application reads the file and passes its text.
SELECT * FROM ar.load_camt053($$
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId><CreDtTm>2026-01-14T20:00:00</CreDtTm></GrpHdr>
<Stmt><Id>2026-14</Id><CreDtTm>2026-01-14T20:00:00</CreDtTm><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Ntry><Amt Ccy="EUR">980.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-14</Dt></BookgDt><ValDt><Dt>2026-01-14</Dt></ValDt>
 <BkTxCd/><NtryDtls><TxDtls><Refs><AcctSvcrRef>B1</AcctSvcrRef><EndToEndId>E1</EndToEndId></Refs><Amt Ccy="EUR">980.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
 <RltdPties><Dbtr><Pty><Nm>Adler GmbH</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>re 2026/1001 less 2%</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">500.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-14</Dt></BookgDt><ValDt><Dt>2026-01-14</Dt></ValDt>
 <BkTxCd/><NtryDtls><TxDtls><Refs><AcctSvcrRef>B2</AcctSvcrRef><EndToEndId>E2</EndToEndId></Refs><Amt Ccy="EUR">500.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
 <RltdPties><Dbtr><Pty><Nm>Citrus SA</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>RE-2026-1004 + RE-2026-1005</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">230.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-14</Dt></BookgDt><ValDt><Dt>2026-01-14</Dt></ValDt>
 <BkTxCd/><NtryDtls><TxDtls><Refs><AcctSvcrRef>B3</AcctSvcrRef><EndToEndId>E3</EndToEndId></Refs><Amt Ccy="EUR">230.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
 <RltdPties><Dbtr><Pty><Nm>B. Fruit Payment Services</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>DE75512108001245126199</IBAN></Id></DbtrAcct></RltdPties>
 <RmtInf><Ustrd>thank you</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>$$);

-- What would be done with it, and why.
SELECT bank_receipt_id, customer_id, rule, confidence, jsonb_path_query_array(allocations, '$[*].number') AS pays, parts -> 'evidence' AS evidence FROM ar.propose_cash();

-- Do what is sure; the rest waits for a person.  The name of the run is what it is called again by, if it was interrupted.
CALL ar.apply_cash('2026-01-14', p_simulate => false);
SELECT customer_id, kind, number, open_amount FROM ar.open_items ORDER BY customer_id, item_id;

-- Nobody knows a B. Fruit: a person says who it is.  Next time its account is known.
SELECT bank_receipt_id, amount, days_unapplied > 0 AS waits, rule FROM ar.unapplied_cash;
SELECT ar.confirm_match(3, p_customer_id => 2) IS NOT NULL AS confirmed;
SELECT kind, alias, confirmed FROM ar.payer_alias ORDER BY 1;
SELECT ar.add_receipt('DE02120300000000202051', '2026-15', '1', '2026-01-15', 380.00, p_payer_account => 'DE75 5121 0800 1245 1261 99',
	p_remittance_text => 'RE-2026-1006, 20.00 kept back for damaged goods') AS receipt;
CALL ar.apply_cash('2026-01-15', p_simulate => false);
SELECT number, amount, open_amount, reason_code FROM ar.deductions;

-- The direct debit of Adler comes back: the invoice is open again, and so is the discount.
SELECT * FROM ar.load_camt053($$
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>2</MsgId><CreDtTm>2026-01-20T20:00:00</CreDtTm></GrpHdr>
<Stmt><Id>2026-20</Id><CreDtTm>2026-01-20T20:00:00</CreDtTm><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Ntry><Amt Ccy="EUR">980.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-20</Dt></BookgDt><ValDt><Dt>2026-01-20</Dt></ValDt>
 <BkTxCd/><NtryDtls><TxDtls><Refs><AcctSvcrRef>B9</AcctSvcrRef><EndToEndId>E1</EndToEndId></Refs><Amt Ccy="EUR">980.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>
 <RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>$$);
CALL ar.apply_cash('2026-01-20', p_simulate => false);
SELECT customer_id, kind, number, open_amount, due_date FROM ar.open_items ORDER BY customer_id, item_id;

-- How well it works.
SELECT month, receipts, applied_by_rule, applied_by_person, waiting, corrected_later, auto_match_rate, accuracy FROM ar.cash_application_accuracy;
SELECT m.bank_receipt_id AS receipt, d.number AS pays, a.amount, m.rule, m.confidence, r.name AS run, m.by_person
FROM ar.cash_allocation c JOIN ar.allocation a USING (customer_id, allocation_id) JOIN ar.cash_match m USING (cash_match_id) LEFT JOIN ar.cash_run r USING (cash_run_id)
	JOIN ar.item i ON i.customer_id = a.customer_id AND i.item_id = a.debit_item_id JOIN ar.document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
ORDER BY a.allocation_id;
