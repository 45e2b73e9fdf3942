-- What BI tools read, and what leaves the database: views, CSV, the trade tape, the chart.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
\set VERBOSITY terse
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC', aging_buckets => '0,30,60,90'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
DO $$
DECLARE
	payment bigint;
BEGIN
	PERFORM add_customer('Kestrel "Tools", Ltd', 1, 'K-1', 'net 30'), add_customer('=SUM(A1:A9)', 2), set_fx_rate('EUR', 1.25, '2026-01-01');
	PERFORM post_invoice(1, 'A', '2026-01-10', 100), post_invoice(1, 'B', '2026-02-10', 250), post_invoice(1, 'C', '2026-05-20', 40), post_invoice(2, 'D', '2026-03-01', 80, '2026-04-15', 'EUR');
	payment := post_payment(1, 'P', '2026-03-05', 120);
	PERFORM apply_payment(1, payment, p_applied_on => '2026-03-05'), post_credit_note(1, 'N', '2026-05-25', 10), write_off(1, (SELECT item_id FROM open_items WHERE number = 'B'), 'bad', 30, '2026-06-02');
	PERFORM place_hold(2, 'papers missing'), open_dispute(1, (SELECT item_id FROM open_items WHERE number = 'B'), 50, 'price_error'), make_promise(1, ledger_today() + 5, 25);
END $$;

-- The views say what the ledger says.
SELECT sum(b.amount) = (SELECT sum(total) FROM aging_summary WHERE customer_id = 1) AS aging, (SELECT sum(open_amount) FROM bi_open_items WHERE customer_id = 1) = sum(b.amount) AS items,
	(SELECT receivable - unapplied FROM bi_exposure WHERE customer_id = 1 AND currency = 'USD') = sum(b.amount) AS exposure,
	(SELECT closing FROM bi_kpi_monthly WHERE customer_id = 1 ORDER BY month DESC LIMIT 1) = sum(b.amount) AS kpi FROM bi_aging b WHERE customer_id = 1;
SELECT customer_id, currency, bucket_no, bucket, amount, items, oldest_due_date FROM bi_aging ORDER BY 1, 2, 3;
SELECT customer_id, number, open_amount, bucket, open_base_amount, base_currency, disputed_amount FROM bi_open_items ORDER BY 1, 2;
SELECT customer_id, month, opening, invoiced, credited, collected, written_off, other, closing, dso, dso_reason FROM bi_kpi_monthly WHERE month < '2026-08-01' ORDER BY 1, 2;
SELECT credit_number, debit_number, amount, paid_on, due_date, days_late FROM bi_allocations ORDER BY allocation_id;
SELECT customer_id, name, number, terms, currency FROM bi_customers ORDER BY 1;
SELECT set_dimension(1, 'region', 'north'), set_dimension(1, 'collector', 'Kim'), set_intercompany(2, true);
SELECT customer_id, intercompany, segment, region, salesperson, collector FROM bi_customers ORDER BY 1;
SELECT customer_id, reason, ended_on, days, on_hold FROM bi_holds JOIN bi_exposure USING (customer_id) WHERE currency = 'USD';
SELECT amount, state, due_on - promised_on AS in_days, replaced_by FROM bi_promises;
SELECT amount, reason_code, state, days FROM bi_disputes;
SELECT count(*) > 4000 AS days, count(DISTINCT day) = count(*) AS once, bool_and(month_end >= day AND is_month_end = (day = month_end)) AS months FROM bi_calendar;
SELECT iso_year, iso_week, weekday, quarter, year_month FROM bi_calendar WHERE day = '2027-01-01';
-- The running month has the days until today, and nothing of tomorrow; so have the metrics of months.
SELECT add_customer('Rill', 3), post_invoice(3, 'R', ledger_today(), 70, ledger_today() + 30) > 0 AS sold, post_invoice(3, 'S', ledger_today() + 1, 900, ledger_today() + 50) > 0 AS tomorrow;
SELECT invoiced, closing, dso = ledger_today() - month + 1 AS days_until_today FROM bi_kpi_monthly WHERE customer_id = 3 AND month <= ledger_today();
SELECT metric, CASE metric WHEN 'sales' THEN value END AS sales, value = ledger_today() - month + 1 AS days_until_today FROM metrics_by_month(ledger_today(), ledger_today() + 400, p_customer_id => 3)
WHERE metric IN ('sales', 'dso', 'dso_countback') ORDER BY 1;
-- Plain types only, and the rights of the reader.
SELECT a.attrelid::regclass, a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'ar'::regnamespace AND c.relname LIKE 'bi\_%' AND a.attnum > 0
	AND a.atttypid NOT IN ('bigint'::regtype, 'integer'::regtype, 'text'::regtype, 'numeric'::regtype, 'date'::regtype, 'boolean'::regtype);
SELECT relname FROM pg_class WHERE relnamespace = 'ar'::regnamespace AND relname LIKE 'bi\_%' AND NOT COALESCE('security_invoker=true' = ANY (reloptions), false);
-- Row security of the customers' table holds for the views: this clerk sees one customer.
CREATE ROLE bi_clerk;
SELECT grant_access('bi_clerk', 'bi');
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON customer TO bi_clerk USING (customer_id = 2);
ALTER TABLE item ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON item TO bi_clerk USING (customer_id = 2);
SET ROLE bi_clerk;
SELECT customer_id, amount FROM bi_aging;
SELECT count(*) FROM bi_customers;
SELECT export_csv('bi_aging');
SELECT * FROM payer_alias;
RESET ROLE;
ALTER TABLE customer DISABLE ROW LEVEL SECURITY;
ALTER TABLE item DISABLE ROW LEVEL SECURITY;

-- CSV that a spreadsheet opens: quoted where needed, and no text is computed.
SELECT export_csv('SELECT customer_id, name, number, terms FROM bi_customers ORDER BY 1;');
SELECT export_csv($$SELECT -1.50 AS "a,b", '-1.50' AS text, E'two\nlines' AS lines, ' space' AS space, true AS yes, NULL AS nothing, DATE '2026-06-30' AS day, 12345678901234567890.12 AS large, '{1,2}'::integer[] AS list$$);
SELECT count(*) FROM export_csv('SELECT 1 WHERE false');
SELECT export_csv('SELECT 1 FROM nowhere');
SELECT export_csv('bi_customers; DROP TABLE customer');
SELECT export_csv(NULL);

-- The trade tape: high credit is the highest balance of any day in 12 months.
SELECT customer_id, number, currency, terms, customer_since, last_sale_on, high_credit, balance, current_amount, days_1_30, days_31_60, days_61_90, days_over_90, unapplied FROM trade_tape('2026-06-30');
SELECT bool_and(balance = current_amount + days_1_30 + days_31_60 + days_61_90 + days_over_90 + unapplied) AS adds_up FROM trade_tape('2026-06-30');
SELECT count(*) FROM trade_tape('2025-06-30');

-- The chart is XML, each bar as high as its amount.
SELECT (xpath('count(//*[local-name() = "rect"])', x))[1] AS rects, (xpath('/*[local-name() = "svg"]/*[local-name() = "title"]/text()', x))[1] AS title FROM XMLPARSE(DOCUMENT aging_chart('2026-06-30', 6)) x;
SELECT unnest(xpath('//*[local-name() = "rect"]/*[local-name() = "title"]/text()', XMLPARSE(DOCUMENT aging_chart('2026-06-30', 6))));
SELECT xml_is_well_formed_document(aging_chart('2026-06-30', 60)), xml_is_well_formed_document(aging_chart('2020-06-30', 1)), xml_is_well_formed_document(aging_chart('2026-06-30', 3, 1));
SELECT (xpath('/*[local-name() = "svg"]/*[local-name() = "title"]/text()', XMLPARSE(DOCUMENT aging_chart('2026-06-30', 1, 1))))[1] AS title;
SELECT xml_text(E'a<b>"c"&\x01d');
SELECT aging_chart(NULL);
SELECT aging_chart('2026-06-30', 0);
SELECT aging_chart('2026-06-30', 1, 99);
SELECT trade_tape('infinity');
DROP OWNED BY bi_clerk;
DROP ROLE bi_clerk;
DROP SCHEMA ar CASCADE;
