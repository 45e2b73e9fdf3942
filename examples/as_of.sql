-- as_of.sql: what the books said on a day, and what was known of that day at a time.
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD');
SELECT ar.add_customer('Fairmont Building') AS customer \gset

SELECT ar.post_invoice(:customer, 'INV-1', '2026-01-10', 900, p_due_date => '2026-02-09') > 0 AS posted;
SELECT ar.post_invoice(:customer, 'INV-2', '2026-02-20', 400, p_due_date => '2026-03-22') > 0 AS posted;
SELECT ar.post_payment(:customer, 'PAY-1', '2026-03-25', 900) AS payment \gset
SELECT ar.apply_payment(:customer, :payment, p_applied_on => '2026-03-27');

-- The end of any business day, without a snapshot having been taken.
SELECT as_of, a.total, a.past_due, a.unapplied, a.amounts
FROM (VALUES (date '2026-01-31'), ('2026-02-28'), ('2026-03-25'), ('2026-03-27'), ('2026-04-30')) AS d (as_of),
	ar.aging_at(d.as_of) AS a
ORDER BY as_of;

-- By document date instead of due date, and with other buckets.
SELECT total, amounts FROM ar.aging_at('2026-03-31', p_basis => 'doc_date', p_buckets => '0,45,90');

-- Business time and record time.  In April somebody enters an invoice of February, posted in February.
SELECT clock_timestamp() AS before_late_entry \gset
SELECT ar.post_invoice(:customer, 'INV-LATE', '2026-02-25', 50, p_due_date => '2026-03-27') > 0 AS posted;

SELECT 'as we know it now' AS february, total FROM ar.aging_at('2026-02-28')
UNION ALL
SELECT 'as it was reported', total FROM ar.aging_at('2026-02-28', p_known_at => :'before_late_entry');

-- Had February been closed, the invoice would have been posted on the first open day: its date stays what it is.
SELECT ar.post_invoice(:customer, 'INV-LATE-2', '2026-02-26', 60, p_due_date => '2026-03-28', p_posting_date => '2026-04-01') > 0 AS posted;
SELECT as_of, a.total FROM (VALUES (date '2026-02-28'), ('2026-04-01')) AS d (as_of), ar.aging_at(d.as_of) AS a ORDER BY as_of;
