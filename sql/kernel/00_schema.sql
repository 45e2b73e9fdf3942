-- Whoever owns this schema can put functions of his own where ledgers look for ours.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_extension e ON e.extname = 'credit_control'
			WHERE n.nspname = 'credit' AND n.nspowner <> e.extowner) THEN
		RAISE EXCEPTION 'schema "credit" exists already and belongs to somebody else'
			USING ERRCODE = 'duplicate_schema', HINT = 'Rename or drop it, then CREATE EXTENSION credit_control again.';
	END IF;
END $$;

-- Everybody may use the kernel: its functions act with the caller's own rights.
GRANT USAGE ON SCHEMA credit TO PUBLIC;
COMMENT ON SCHEMA credit IS 'credit_control: types, aggregates and functions for trade credit, and the functions that create ledgers.';
