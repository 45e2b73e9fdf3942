-- currencies.sql: documents in several currencies, what they are worth in one, and what the rates did meanwhile.
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD', time_zone => 'Etc/UTC');
SELECT ar.add_customer('Hanse Werkzeug', 1, p_terms => 'net 30', p_currency => 'EUR');

-- Without a rate nothing is booked.
SELECT ar.post_invoice(1, 'INV-1', '2026-01-15', 1000.00, p_currency => 'EUR');
SELECT ar.set_fx_rate('EUR', 1.10, '2026-01-01', 'ECB'), ar.set_fx_rate('EUR', 1.05, '2026-02-01', 'ECB'), ar.set_fx_rate('EUR', 1.20, '2026-03-01', 'ECB');
SELECT ar.post_invoice(1, 'INV-1', '2026-01-15', 1000.00, p_currency => 'EUR') AS invoice \gset
SELECT ar.post_invoice(1, 'INV-2', '2026-01-20', 500.00) AS dollars \gset

-- 400 EUR come when the euro is worth less than it was booked at.
SELECT ar.post_payment(1, 'PAY-1', '2026-02-10', 400.00, 'EUR') AS payment \gset
SELECT ar.apply_payment(1, :payment, p_applied_on => '2026-02-10');
SELECT debit_base, credit_base, difference FROM ar.exchange_difference;

-- The rest of the invoice at the rate of a date: what is gained or lost but not realised.
SELECT currency, open_amount, booked_base, rate, revalued_base, difference FROM ar.revaluation('2026-03-31');

-- Aging in the document's currency, in the customer's, in one currency for all.
SELECT currency, total, amounts FROM ar.aging_at('2026-03-31') ORDER BY currency;
SELECT currency, total, amounts FROM ar.aging_in(NULL, '2026-03-31');
SELECT currency, total, amounts FROM ar.aging_in('USD', '2026-03-31');

-- A payment in euro for the invoice in dollars, at an agreed rate.
SELECT ar.post_payment(1, 'PAY-2', '2026-03-10', 300.00, 'EUR') AS payment \gset
SELECT item_id AS credit_item FROM ar.open_items WHERE document_id = :payment \gset
SELECT item_id AS debit_item FROM ar.open_items WHERE document_id = :dollars \gset
SELECT ar.allocate_across(1, :credit_item, :debit_item, 300.00, 1.18, '2026-03-10') AS dollars_paid;
SELECT kind, number, currency, amount, open_amount, status FROM ar.document_status ORDER BY document_id;
SELECT * FROM ar.verify_ledger();
