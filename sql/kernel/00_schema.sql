-- Everybody may use the kernel: its functions act with the caller's own rights.
GRANT USAGE ON SCHEMA credit TO PUBLIC;
COMMENT ON SCHEMA credit IS 'credit_control: types, aggregates and functions for trade credit, and the functions that create ledgers.';
