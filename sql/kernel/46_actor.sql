-- Who acts: a person, where an application's login stands for many.

CREATE FUNCTION credit.set_actor(ledger text, person text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cc_set_actor';
COMMENT ON FUNCTION credit.set_actor(text, text) IS 'Notes who acts on a ledger until the transaction ends. Works for the ledger''s owner only; applications call the ledger''s set_actor(), which asks for the right to.';

CREATE FUNCTION credit.actor(ledger text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'cc_actor';
COMMENT ON FUNCTION credit.actor(text) IS 'Who was said by this login to act on a ledger in this transaction; NULL when nobody was. The ledger''s actor() falls back to the login.';
