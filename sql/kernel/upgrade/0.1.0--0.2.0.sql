-- From 0.1.0 to 0.2.0.

\unchanged 00_schema.sql
\unchanged 10_aging.sql
\unchanged 20_currency.sql
\new 25_terms.sql
\unchanged 30_allocation.sql
\new 35_matching.sql
\new 36_bank_files.sql
\new 36_camt.sql
-- Their arguments or results change.
DROP FUNCTION credit.check_order(text, bigint, numeric, text, boolean);
DROP FUNCTION credit.check_watched(text, text, text, text, text, text, text, text, boolean);
DROP FUNCTION credit.is_watchable(text, text, text, text, text, text, text, text, boolean);
DROP FUNCTION credit.open_orders(text, text, text);
\replaced 40_triggers.sql
\new 46_actor.sql
\replaced 50_ledger.sql
\new 60_models.sql
\new 61_scorecard.sql
\new 62_validation.sql
\new 64_interest.sql
\new 65_metrics.sql
\new 66_schedule.sql
\new 67_worklist.sql
\template
