-- camt.053 and camt.054, ISO 20022: what the bank booked, as XML, read with the server's own functions.

CREATE TYPE credit.bank_transaction AS (
	statement_id text, sequence_no text, account text, account_currency text,
	entry_no integer, entry_reference text, bank_reference text, status text, booking_date date, value_date date,
	entry_amount numeric, transaction_no integer, amount numeric, currency text, credit_debit text, reversal boolean,
	transaction_code text, end_to_end_id text, charges numeric,
	payer_name text, payer_account text, ultimate_payer_name text,
	creditor_references text[], creditor_references_valid boolean[], remittance_text text, documents jsonb,
	return_reason text, additional_text text);

COMMENT ON TYPE credit.bank_transaction IS 'A transaction of a camt.053 statement or a camt.054 notification.';
COMMENT ON COLUMN credit.bank_transaction.statement_id IS 'Id of the statement or notification (Id).';
COMMENT ON COLUMN credit.bank_transaction.sequence_no IS 'Its electronic sequence number (ElctrncSeqNb).';
COMMENT ON COLUMN credit.bank_transaction.account IS 'Our account: IBAN, or the other identification.';
COMMENT ON COLUMN credit.bank_transaction.account_currency IS 'Currency of the account, if given.';
COMMENT ON COLUMN credit.bank_transaction.entry_no IS 'Number of the entry in its statement, from 1.';
COMMENT ON COLUMN credit.bank_transaction.entry_reference IS 'Reference of the entry (NtryRef).';
COMMENT ON COLUMN credit.bank_transaction.bank_reference IS 'The bank''s reference of the transaction, or else of the entry (AcctSvcrRef).';
COMMENT ON COLUMN credit.bank_transaction.status IS 'BOOK: booked. PDNG (pending) and INFO (for information) are no money yet.';
COMMENT ON COLUMN credit.bank_transaction.booking_date IS 'When the bank booked it.';
COMMENT ON COLUMN credit.bank_transaction.value_date IS 'When it counts for interest.';
COMMENT ON COLUMN credit.bank_transaction.entry_amount IS 'Amount of the whole entry, in currency, without sign.';
COMMENT ON COLUMN credit.bank_transaction.transaction_no IS 'Number of the transaction in its entry, from 1; NULL if the entry has no details.';
COMMENT ON COLUMN credit.bank_transaction.amount IS 'Amount of the transaction, without sign; before charges, if the bank took them out of the entry.';
COMMENT ON COLUMN credit.bank_transaction.currency IS 'Currency of both amounts.';
COMMENT ON COLUMN credit.bank_transaction.credit_debit IS 'credit: came in; debit: went out. A reversed credit is a debit.';
COMMENT ON COLUMN credit.bank_transaction.reversal IS 'The entry reverses an earlier one (RvslInd), as when a direct debit comes back.';
COMMENT ON COLUMN credit.bank_transaction.transaction_code IS 'Bank transaction code: domain-family-subfamily such as PMNT-RCDT-ESCT, or the bank''s own.';
COMMENT ON COLUMN credit.bank_transaction.end_to_end_id IS 'The payer''s id of the payment; NULL where it says NOTPROVIDED.';
COMMENT ON COLUMN credit.bank_transaction.charges IS 'Charges of the transaction, positive where the bank takes them.';
COMMENT ON COLUMN credit.bank_transaction.payer_name IS 'Name of the debtor.';
COMMENT ON COLUMN credit.bank_transaction.payer_account IS 'Account of the debtor: IBAN, or the other identification.';
COMMENT ON COLUMN credit.bank_transaction.ultimate_payer_name IS 'On whose behalf the debtor pays.';
COMMENT ON COLUMN credit.bank_transaction.creditor_references IS 'Structured references, in order.';
COMMENT ON COLUMN credit.bank_transaction.creditor_references_valid IS 'For each of them: whether its check digits are right; NULL if it does not begin with RF, and so is none of ISO 11649.';
COMMENT ON COLUMN credit.bank_transaction.remittance_text IS 'Unstructured remittance information, its lines joined by blanks.';
COMMENT ON COLUMN credit.bank_transaction.documents IS 'Documents paid, as an array of objects: type, number, date, due, discount, credit_note, adjustments, remitted, text, as far as given.';
COMMENT ON COLUMN credit.bank_transaction.return_reason IS 'Why a payment came back: a code such as AC04, or the bank''s own words.';
COMMENT ON COLUMN credit.bank_transaction.additional_text IS 'What the bank adds to the transaction and to the entry.';

-- Every version has its own namespace and the same names, so elements are found by name alone: an element name of the
-- path, with a capital, becomes a test of the local name.
CREATE FUNCTION credit.camt_path(path text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT pg_catalog.regexp_replace(path, '(^|[/|([])([A-Z][A-Za-z0-9]*)', '\1*[local-name()="\2"]', 'g')
$$;
COMMENT ON FUNCTION credit.camt_path(text) IS 'An XPath of element names, made to match them in any namespace.';

CREATE FUNCTION credit.camt_amount(value text, currency text, place text) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	decimals integer;
BEGIN
	IF value IS NULL THEN
		RETURN NULL;
	END IF;
	IF value !~ '^[0-9]{1,22}(\.[0-9]{0,18})?$' THEN
		RAISE EXCEPTION 'invalid camt document: amount is not a decimal number'
			USING ERRCODE = 'bad_copy_file_format', DETAIL = format('%s: "%s".', place, left(value, 60));
	END IF;
	-- An unknown currency ends here.
	decimals := credit.minor_unit(currency);
	IF scale(trim_scale(value::numeric)) > decimals THEN
		RAISE EXCEPTION 'invalid camt document: amount has more decimals than its currency'
			USING ERRCODE = 'bad_copy_file_format', DETAIL = format('%s: %s %s.', place, value, currency);
	END IF;
	RETURN round(value::numeric, decimals);
END $$;
COMMENT ON FUNCTION credit.camt_amount(text, text, text) IS 'An amount of a camt document in the decimals of its currency; place is for the error.';

CREATE FUNCTION credit.camt_date(value text, place text) RETURNS date
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- A date and time counts by its date, as the bank wrote it.
	part integer[] := (regexp_match(value, '^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T|Z|[+-]|$)'))::integer[];
	result date;
BEGIN
	IF value IS NULL THEN
		RETURN NULL;
	END IF;
	IF part[1] > 0 AND part[2] BETWEEN 1 AND 12 AND part[3] BETWEEN 1 AND 31 THEN
		result := make_date(part[1], part[2], 1) + (part[3] - 1);
	END IF;
	IF result IS NULL OR extract(month FROM result) <> part[2] THEN
		RAISE EXCEPTION 'invalid camt document: date is not a date'
			USING ERRCODE = 'bad_copy_file_format', DETAIL = format('%s: "%s".', place, left(value, 60));
	END IF;
	RETURN result;
END $$;
COMMENT ON FUNCTION credit.camt_date(text, text) IS 'The date of a date or time of a camt document; place is for the error.';

CREATE FUNCTION credit.camt_sign(indicator text, place text) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	CASE indicator
		WHEN 'CRDT' THEN RETURN 1;
		WHEN 'DBIT' THEN RETURN -1;
		ELSE
			RAISE EXCEPTION 'invalid camt document: neither credit nor debit'
				USING ERRCODE = 'bad_copy_file_format', DETAIL = format('%s: "%s".', place, left(indicator, 60));
	END CASE;
END $$;
COMMENT ON FUNCTION credit.camt_sign(text, text) IS '1 for CRDT, -1 for DBIT; place is for the error.';

-- The documents that a transaction pays (RmtInf/Strd), as the array of bank_transaction.documents.  Amounts belong to
-- the document of their Strd; where one Strd names several documents they stand apart, in an object without a number.
CREATE FUNCTION credit.camt_documents(transaction xml, place text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT jsonb_agg(jsonb_strip_nulls(document) ORDER BY strd_no, document_no)
		FROM XMLTABLE(credit.camt_path('/*/RmtInf/Strd') PASSING transaction COLUMNS
				strd_no FOR ORDINALITY,
				strd xml PATH '.',
				documents integer PATH credit.camt_path('count(RfrdDocInf)'),
				due text PATH credit.camt_path('RfrdDocAmt/DuePyblAmt[1]'),
				due_currency text PATH credit.camt_path('RfrdDocAmt/DuePyblAmt[1]/@Ccy'),
				credit_note text PATH credit.camt_path('RfrdDocAmt/CdtNoteAmt[1]'),
				credit_note_currency text PATH credit.camt_path('RfrdDocAmt/CdtNoteAmt[1]/@Ccy'),
				remitted text PATH credit.camt_path('RfrdDocAmt/RmtdAmt[1]'),
				remitted_currency text PATH credit.camt_path('RfrdDocAmt/RmtdAmt[1]/@Ccy'),
				information text PATH credit.camt_path('normalize-space(AddtlRmtInf[1])')) s,
			LATERAL (
				SELECT jsonb_build_object(
					'due', credit.camt_amount(due, btrim(due_currency), place),
					-- .001.02 has one amount, later versions one for each kind of discount.
					'discount', (SELECT sum(credit.camt_amount(d.amount, d.ccy, place))
						FROM XMLTABLE(credit.camt_path('/*/RfrdDocAmt/DscntApldAmt') PASSING strd COLUMNS
							amount text PATH credit.camt_path('normalize-space((Amt|.)[last()])'),
							ccy text PATH credit.camt_path('(Amt|.)[last()]/@Ccy')) d),
					'credit_note', credit.camt_amount(credit_note, btrim(credit_note_currency), place),
					'adjustments', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
							'amount', credit.camt_amount(a.amount, a.ccy, place),
							'credit_debit', CASE a.indicator WHEN 'CRDT' THEN 'credit' WHEN 'DBIT' THEN 'debit' END,
							'reason', NULLIF(a.reason, ''), 'text', NULLIF(a.information, ''))) ORDER BY a.no)
						FROM XMLTABLE(credit.camt_path('/*/RfrdDocAmt/AdjstmntAmtAndRsn') PASSING strd COLUMNS
							no FOR ORDINALITY,
							amount text PATH credit.camt_path('normalize-space(Amt)'),
							ccy text PATH credit.camt_path('Amt/@Ccy'),
							indicator text PATH credit.camt_path('normalize-space(CdtDbtInd)'),
							reason text PATH credit.camt_path('normalize-space(Rsn)'),
							information text PATH credit.camt_path('normalize-space(AddtlInf)')) a),
					'remitted', credit.camt_amount(remitted, btrim(remitted_currency), place),
					'text', NULLIF(information, '')) AS amounts) a,
			LATERAL (
				SELECT i.no AS document_no, jsonb_build_object('type', NULLIF(i.type, ''), 'number', NULLIF(i.number, ''),
					'date', CASE WHEN i.related <> '' THEN credit.camt_date(i.related, place) END)
					|| CASE WHEN documents = 1 THEN amounts ELSE '{}' END AS document
				FROM XMLTABLE(credit.camt_path('/*/RfrdDocInf') PASSING strd COLUMNS
					no FOR ORDINALITY,
					type text PATH credit.camt_path('normalize-space(Tp/CdOrPrtry)'),
					number text PATH credit.camt_path('normalize-space(Nb)'),
					related text PATH credit.camt_path('normalize-space(RltdDt)')) i
				UNION ALL
				SELECT 0, amounts WHERE documents <> 1 AND jsonb_strip_nulls(amounts) <> '{}') d);
END $$;
COMMENT ON FUNCTION credit.camt_documents(xml, text) IS 'The documents that a transaction of a camt document pays, with their amounts; place is for the error.';

-- Opening balance + booked entries = closing balance, in each currency that has both.
CREATE FUNCTION credit.camt_check_balance(statement xml, statement_id text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place text := format('Statement %s', statement_id);
	opening numeric;
	closing numeric;
	booked numeric;
	balance_currency text;
BEGIN
	FOR balance_currency IN
		SELECT DISTINCT b.ccy FROM XMLTABLE(credit.camt_path('/*/Bal') PASSING statement COLUMNS
			ccy text PATH credit.camt_path('Amt/@Ccy')) b
		ORDER BY 1
	LOOP
		-- PRCD, the closing balance of the day before, stands in for an opening balance.
		SELECT (array_agg(b.amount ORDER BY b.code, b.no) FILTER (WHERE b.code IN ('OPBD', 'PRCD')))[1],
			(array_agg(b.amount ORDER BY b.no DESC) FILTER (WHERE b.code = 'CLBD'))[1]
		INTO opening, closing
		FROM (
			SELECT x.no, x.code, credit.camt_amount(x.amount, x.ccy, place || ', balance') * credit.camt_sign(x.indicator, place || ', balance') AS amount
			FROM XMLTABLE(credit.camt_path('/*/Bal') PASSING statement COLUMNS
				no FOR ORDINALITY,
				code text PATH credit.camt_path('normalize-space(Tp/CdOrPrtry/Cd)'),
				amount text PATH credit.camt_path('normalize-space(Amt)'),
				ccy text PATH credit.camt_path('Amt/@Ccy'),
				indicator text PATH credit.camt_path('normalize-space(CdtDbtInd)')) x
			WHERE x.ccy = balance_currency AND x.code IN ('OPBD', 'PRCD', 'CLBD')) b;
		CONTINUE WHEN opening IS NULL OR closing IS NULL;

		SELECT coalesce(sum(credit.camt_amount(e.amount, e.ccy, place) * credit.camt_sign(e.indicator, place)), 0) INTO booked
		FROM XMLTABLE(credit.camt_path('/*/Ntry') PASSING statement COLUMNS
			amount text PATH credit.camt_path('normalize-space(Amt)'),
			ccy text PATH credit.camt_path('Amt/@Ccy'),
			indicator text PATH credit.camt_path('normalize-space(CdtDbtInd)'),
			status text PATH credit.camt_path('normalize-space(Sts)')) e
		WHERE e.ccy = balance_currency AND e.status = 'BOOK';

		IF opening + booked <> closing THEN
			RAISE EXCEPTION 'invalid camt document: balances and entries disagree'
				USING ERRCODE = 'bad_copy_file_format',
				DETAIL = format('%s: opening balance %s and booked entries of %s make %s, but the closing balance is %s %s.',
					place, opening, booked, opening + booked, closing, balance_currency),
				HINT = 'No row of the document was read. Ask the bank for a sound one.';
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION credit.camt_check_balance(xml, text) IS 'Raises an error if the balances of a camt statement and its booked entries disagree.';

-- Charges of an entry or a transaction, positive where the bank takes them.  .001.02 has Chrgs with an amount each, later
-- versions a Rcrd for each; a total alone does as well.
CREATE FUNCTION credit.camt_charges(node xml, currency text, place text) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT coalesce(
			(SELECT sum(credit.camt_amount(c.amount, c.ccy, place) * CASE c.indicator WHEN 'CRDT' THEN -1 ELSE 1 END)
			FROM XMLTABLE(credit.camt_path('/*/Chrgs/Rcrd|/*/Chrgs[Amt]') PASSING node COLUMNS
				amount text PATH credit.camt_path('normalize-space(Amt)'),
				ccy text PATH credit.camt_path('normalize-space(Amt/@Ccy)'),
				indicator text PATH credit.camt_path('normalize-space(CdtDbtInd)')) c
			WHERE c.ccy = currency),
			(SELECT sum(credit.camt_amount(c.amount, c.ccy, place))
			FROM XMLTABLE(credit.camt_path('/*/Chrgs/TtlChrgsAndTaxAmt') PASSING node COLUMNS
				amount text PATH 'normalize-space(.)', ccy text PATH '@Ccy') c
			WHERE c.ccy = currency), 0));
END $$;
COMMENT ON FUNCTION credit.camt_charges(xml, text, text) IS 'Charges of an entry or a transaction of a camt document in a currency; place is for the error.';

-- Without JIT: the queries run on one entry each and are far cheaper than the planner, who knows nothing of XML, makes
-- of them; compiling every one took a thousand times as long.
CREATE FUNCTION credit.read_camt(document xml, message text) RETURNS SETOF credit.bank_transaction
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 1000
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	statement_path text := CASE message WHEN 'camt.053' THEN 'BkToCstmrStmt/Stmt' ELSE 'BkToCstmrDbtCdtNtfctn/Ntfctn' END;
	s record;
	e record;
	t record;
	r credit.bank_transaction;
	place text;
	entry_sign integer;
	transaction_sign integer;
	total numeric;
	charges numeric;
	found_any boolean := false;
BEGIN
	FOR s IN
		SELECT * FROM XMLTABLE(credit.camt_path('//' || statement_path) PASSING document COLUMNS
			no FOR ORDINALITY,
			node xml PATH '.',
			id text PATH credit.camt_path('normalize-space(Id)'),
			sequence_no text PATH credit.camt_path('normalize-space(ElctrncSeqNb)'),
			iban text PATH credit.camt_path('normalize-space(Acct/Id/IBAN)'),
			other text PATH credit.camt_path('normalize-space(Acct/Id/Othr/Id)'),
			currency text PATH credit.camt_path('normalize-space(Acct/Ccy)'))
	LOOP
		found_any := true;
		r := NULL;
		r.statement_id := NULLIF(s.id, '');
		r.sequence_no := NULLIF(s.sequence_no, '');
		r.account := coalesce(NULLIF(s.iban, ''), NULLIF(s.other, ''));
		r.account_currency := NULLIF(s.currency, '');

		FOR e IN
			SELECT * FROM XMLTABLE(credit.camt_path('/*/Ntry') PASSING s.node COLUMNS
				no FOR ORDINALITY,
				node xml PATH '.',
				reference text PATH credit.camt_path('normalize-space(NtryRef)'),
				bank_reference text PATH credit.camt_path('normalize-space(AcctSvcrRef)'),
				amount text PATH credit.camt_path('normalize-space(Amt)'),
				currency text PATH credit.camt_path('normalize-space(Amt/@Ccy)'),
				indicator text PATH credit.camt_path('normalize-space(CdtDbtInd)'),
				reversal text PATH credit.camt_path('normalize-space(RvslInd)'),
				-- A code until .001.07, an element with a code since.
				status text PATH credit.camt_path('normalize-space(Sts)'),
				booking_date text PATH credit.camt_path('normalize-space((BookgDt/Dt|BookgDt/DtTm)[1])'),
				value_date text PATH credit.camt_path('normalize-space((ValDt/Dt|ValDt/DtTm)[1])'),
				domain text PATH credit.camt_path('normalize-space(BkTxCd/Domn/Cd)'),
				family text PATH credit.camt_path('normalize-space(BkTxCd/Domn/Fmly/Cd)'),
				subfamily text PATH credit.camt_path('normalize-space(BkTxCd/Domn/Fmly/SubFmlyCd)'),
				proprietary text PATH credit.camt_path('normalize-space(BkTxCd/Prtry/Cd)'),
				transactions integer PATH credit.camt_path('count(NtryDtls/TxDtls)'),
				has_charges boolean PATH credit.camt_path('boolean(Chrgs)'),
				batch_count text PATH credit.camt_path('normalize-space(NtryDtls/Btch/NbOfTxs)'),
				batches integer PATH credit.camt_path('count(NtryDtls/Btch)'),
				information text PATH credit.camt_path('normalize-space(AddtlNtryInf)'))
		LOOP
			place := concat_ws(' ', 'Statement', coalesce(NULLIF(s.id, ''), s.no::text) || ', entry', e.no, '(' || NULLIF(coalesce(NULLIF(e.reference, ''), e.bank_reference), '') || ')');
			IF e.status NOT IN ('BOOK', 'PDNG', 'INFO', 'FUTR') THEN
				RAISE EXCEPTION 'invalid camt document: entry has no known status'
					USING ERRCODE = 'bad_copy_file_format', DETAIL = format('%s: "%s".', place, left(e.status, 60)),
					HINT = 'An entry is BOOK, PDNG, INFO or FUTR.';
			END IF;
			entry_sign := credit.camt_sign(e.indicator, place);
			IF e.amount = '' THEN
				RAISE EXCEPTION 'invalid camt document: entry has no amount'
					USING ERRCODE = 'bad_copy_file_format', DETAIL = place || '.';
			END IF;
			r.entry_no := e.no;
			r.entry_reference := NULLIF(e.reference, '');
			r.status := e.status;
			r.booking_date := credit.camt_date(NULLIF(e.booking_date, ''), place);
			r.value_date := credit.camt_date(NULLIF(e.value_date, ''), place);
			r.currency := e.currency;
			r.entry_amount := credit.camt_amount(e.amount, e.currency, place);
			r.reversal := e.reversal IN ('true', '1');

			total := 0;
			charges := CASE WHEN e.has_charges THEN credit.camt_charges(e.node, e.currency, place) ELSE 0 END;
			-- An entry without details is its own only transaction.
			FOR t IN
				SELECT * FROM XMLTABLE(credit.camt_path(CASE e.transactions WHEN 0 THEN '/*' ELSE '/*/NtryDtls/TxDtls' END) PASSING e.node COLUMNS
					no FOR ORDINALITY,
					node xml PATH '.',
					bank_reference text PATH credit.camt_path('normalize-space(Refs/AcctSvcrRef)'),
					end_to_end_id text PATH credit.camt_path('normalize-space(Refs/EndToEndId)'),
					amount text PATH credit.camt_path('normalize-space(Amt)'),
					currency text PATH credit.camt_path('normalize-space(Amt/@Ccy)'),
					booked_amount text PATH credit.camt_path('normalize-space(AmtDtls/TxAmt/Amt)'),
					booked_currency text PATH credit.camt_path('normalize-space(AmtDtls/TxAmt/Amt/@Ccy)'),
					instructed_amount text PATH credit.camt_path('normalize-space(AmtDtls/InstdAmt/Amt)'),
					instructed_currency text PATH credit.camt_path('normalize-space(AmtDtls/InstdAmt/Amt/@Ccy)'),
					indicator text PATH credit.camt_path('normalize-space(CdtDbtInd)'),
					domain text PATH credit.camt_path('normalize-space(BkTxCd/Domn/Cd)'),
					family text PATH credit.camt_path('normalize-space(BkTxCd/Domn/Fmly/Cd)'),
					subfamily text PATH credit.camt_path('normalize-space(BkTxCd/Domn/Fmly/SubFmlyCd)'),
					proprietary text PATH credit.camt_path('normalize-space(BkTxCd/Prtry/Cd)'),
					-- Parties stand one level deeper since .001.08.
					payer_name text PATH credit.camt_path('normalize-space((RltdPties/Dbtr/Nm|RltdPties/Dbtr/Pty/Nm)[1])'),
					payer_account text PATH credit.camt_path('normalize-space((RltdPties/DbtrAcct/Id/IBAN|RltdPties/DbtrAcct/Id/Othr/Id)[1])'),
					ultimate_payer_name text PATH credit.camt_path('normalize-space((RltdPties/UltmtDbtr/Nm|RltdPties/UltmtDbtr/Pty/Nm)[1])'),
					has_charges boolean PATH credit.camt_path('boolean(Chrgs)'),
					has_text boolean PATH credit.camt_path('boolean(RmtInf/Ustrd)'),
					has_structure boolean PATH credit.camt_path('boolean(RmtInf/Strd)'),
					reason text PATH credit.camt_path('normalize-space((RtrInf/Rsn/Cd|RtrInf/Rsn/Prtry)[1])'),
					reason_text text PATH credit.camt_path('normalize-space(RtrInf/AddtlInf)'),
					information text PATH credit.camt_path('normalize-space(AddtlTxInf)'))
			LOOP
				-- The amount in the currency of the entry; one transaction alone may leave it to the entry.
				r.amount := credit.camt_amount(CASE e.currency
						WHEN t.currency THEN t.amount
						WHEN t.booked_currency THEN t.booked_amount
						WHEN t.instructed_currency THEN t.instructed_amount
						ELSE CASE WHEN e.transactions <= 1 THEN e.amount END
					END, e.currency, place);
				IF r.amount IS NULL THEN
					RAISE EXCEPTION 'invalid camt document: transaction has no amount in the currency of its entry'
						USING ERRCODE = 'bad_copy_file_format', DETAIL = format('%s, transaction %s.', place, t.no);
				END IF;
				transaction_sign := CASE t.indicator WHEN '' THEN entry_sign ELSE credit.camt_sign(t.indicator, place) END;
				total := total + transaction_sign * r.amount;
				r.charges := CASE WHEN t.has_charges THEN credit.camt_charges(t.node, e.currency, place) END;
				charges := charges + CASE WHEN e.transactions > 0 THEN coalesce(r.charges, 0) ELSE 0 END;

				r.transaction_no := CASE WHEN e.transactions > 0 THEN t.no END;
				r.credit_debit := CASE transaction_sign WHEN 1 THEN 'credit' ELSE 'debit' END;
				r.bank_reference := coalesce(NULLIF(t.bank_reference, ''), NULLIF(e.bank_reference, ''));
				r.end_to_end_id := NULLIF(NULLIF(t.end_to_end_id, ''), 'NOTPROVIDED');
				r.transaction_code := coalesce(
					NULLIF(concat_ws('-', NULLIF(t.domain, ''), NULLIF(t.family, ''), NULLIF(t.subfamily, '')), ''),
					NULLIF(concat_ws('-', NULLIF(e.domain, ''), NULLIF(e.family, ''), NULLIF(e.subfamily, '')), ''),
					NULLIF(t.proprietary, ''), NULLIF(e.proprietary, ''));
				r.payer_name := NULLIF(t.payer_name, '');
				r.payer_account := NULLIF(t.payer_account, '');
				r.ultimate_payer_name := NULLIF(t.ultimate_payer_name, '');
				r.return_reason := NULLIF(concat_ws(' ', NULLIF(t.reason, ''), NULLIF(t.reason_text, '')), '');
				r.additional_text := NULLIF(concat_ws(' ', NULLIF(t.information, ''), NULLIF(e.information, '')), '');

				r.remittance_text := NULL;
				IF t.has_text THEN
					SELECT string_agg(u.line, ' ' ORDER BY u.no) INTO r.remittance_text
					FROM XMLTABLE(credit.camt_path('/*/RmtInf/Ustrd') PASSING t.node COLUMNS no FOR ORDINALITY, line text PATH 'normalize-space(.)') u;
				END IF;
				r.creditor_references := NULL;
				r.creditor_references_valid := NULL;
				r.documents := NULL;
				IF t.has_structure THEN
					SELECT array_agg(c.reference ORDER BY c.no),
						array_agg(CASE WHEN c.reference ILIKE 'RF%' THEN credit.is_creditor_reference(c.reference) END ORDER BY c.no)
					INTO r.creditor_references, r.creditor_references_valid
					FROM XMLTABLE(credit.camt_path('/*/RmtInf/Strd/CdtrRefInf/Ref') PASSING t.node COLUMNS no FOR ORDINALITY, reference text PATH 'normalize-space(.)') c;
					r.documents := credit.camt_documents(t.node, place);
				END IF;
				RETURN NEXT r;
			END LOOP;

			-- What the bank takes for itself may be missing from the entry, and from nothing else.
			IF total <> entry_sign * r.entry_amount AND total - charges <> entry_sign * r.entry_amount THEN
				RAISE EXCEPTION 'invalid camt document: details of an entry do not add up to it'
					USING ERRCODE = 'bad_copy_file_format',
					DETAIL = format('%s: the entry is %s %s, its %s transactions make %s, charges %s.',
						place, entry_sign * r.entry_amount, e.currency, e.transactions, total, charges),
					HINT = 'No row of the document was read. Ask the bank for a sound one.';
			END IF;
			IF e.transactions > 0 AND e.batches = 1 AND e.batch_count <> e.transactions::text AND e.batch_count <> '' THEN
				RAISE EXCEPTION 'invalid camt document: number of transactions in a batch is wrong'
					USING ERRCODE = 'bad_copy_file_format',
					DETAIL = format('%s: the batch says %s, but it is %s.', place, left(e.batch_count, 60), e.transactions);
			END IF;
		END LOOP;
		IF message = 'camt.053' THEN
			PERFORM credit.camt_check_balance(s.node, coalesce(NULLIF(s.id, ''), s.no::text));
		END IF;
	END LOOP;

	IF NOT found_any THEN
		RAISE EXCEPTION 'document is not a %', message
			USING ERRCODE = 'bad_copy_file_format', DETAIL = format('It has no %s.', statement_path);
	END IF;
END $$;
COMMENT ON FUNCTION credit.read_camt(xml, text) IS 'Behind read_camt053() and read_camt054(): message is camt.053 or camt.054.';

-- The text of a file as a document: neither a byte order mark nor blanks may stand around it.  The mark is one character
-- in a UTF-8 database and three elsewhere.
CREATE FUNCTION credit.camt_parse(document text) RETURNS xml
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	document := regexp_replace(btrim(document, E' \t\r\n'), '^[^<a-zA-Z0-9]{1,3}<', '<');
	IF document = '' THEN
		RAISE EXCEPTION 'invalid camt document: file is empty' USING ERRCODE = 'bad_copy_file_format';
	END IF;
	RETURN XMLPARSE(DOCUMENT document);
END $$;
COMMENT ON FUNCTION credit.camt_parse(text) IS 'The text of a camt file as XML, without a byte order mark and blanks around it.';

CREATE FUNCTION credit.read_camt053(document xml) RETURNS SETOF credit.bank_transaction
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 1000
AS $$ SELECT * FROM credit.read_camt(document, 'camt.053') $$;

CREATE FUNCTION credit.read_camt053(document text) RETURNS SETOF credit.bank_transaction
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 1000
AS $$ SELECT * FROM credit.read_camt(credit.camt_parse(document), 'camt.053') $$;

CREATE FUNCTION credit.read_camt054(document xml) RETURNS SETOF credit.bank_transaction
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 1000
AS $$ SELECT * FROM credit.read_camt(document, 'camt.054') $$;

CREATE FUNCTION credit.read_camt054(document text) RETURNS SETOF credit.bank_transaction
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 1000
AS $$ SELECT * FROM credit.read_camt(credit.camt_parse(document), 'camt.054') $$;

COMMENT ON FUNCTION credit.read_camt053(xml) IS
'Reads a bank statement, ISO 20022 camt.053 of any version: one row for each transaction, or for an entry without details. Details must add up to their entry, and opening balance and booked entries to the closing balance, or the document is refused (22P04). Only rows with status BOOK are money.';
COMMENT ON FUNCTION credit.read_camt053(text) IS
'The same from the text of a file, which may begin with a byte order mark.';
COMMENT ON FUNCTION credit.read_camt054(xml) IS
'Reads a debit and credit notification, ISO 20022 camt.054 of any version, as read_camt053() reads a statement; it has no balances to check.';
COMMENT ON FUNCTION credit.read_camt054(text) IS
'The same from the text of a file, which may begin with a byte order mark.';
