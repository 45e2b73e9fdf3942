-- The audit chain: every statement that adds to a customer's history adds one link per customer.
CREATE TABLE chain_link (
	customer_id bigint NOT NULL,
	chain_seq bigint NOT NULL,
	source text NOT NULL,
	entry_ids bigint[] NOT NULL,
	hash bytea NOT NULL,
	PRIMARY KEY (customer_id, chain_seq)
);
COMMENT ON TABLE chain_link IS 'The hash chain of each customer''s history: what a statement added, and the hash of it and of the link before. The last hash is in exposure.chain_hash; verify_chain() recomputes all.';
COMMENT ON COLUMN chain_link.customer_id IS 'The debtor.';
COMMENT ON COLUMN chain_link.chain_seq IS 'Position in the customer''s chain, from 1.';
COMMENT ON COLUMN chain_link.source IS 'Table that was added to.';
COMMENT ON COLUMN chain_link.entry_ids IS 'Keys (second column of the primary key) of the rows added, in order.';
COMMENT ON COLUMN chain_link.hash IS 'SHA-256 of the hash before (nothing for the first) and of the SHA-256 of the rows'' digests (credit.entry_digest) one after another.';

CREATE TABLE mark (
	mark_id bigserial NOT NULL PRIMARY KEY,
	name text NOT NULL CHECK (name <> ''),
	taken_at timestamptz NOT NULL DEFAULT now(),
	taken_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE mark IS 'Marks in record time: what was known when a report was made, exactly, so that it can be made again.';
COMMENT ON COLUMN mark.mark_id IS 'Key of the mark.';
COMMENT ON COLUMN mark.name IS 'What it was taken for.';
COMMENT ON COLUMN mark.taken_at IS 'Record time.';
COMMENT ON COLUMN mark.taken_by IS 'Login that took it.';

CREATE TABLE mark_head (
	customer_id bigint NOT NULL,
	mark_id bigint NOT NULL,
	chain_seq bigint NOT NULL,
	chain_hash bytea NOT NULL,
	PRIMARY KEY (customer_id, mark_id)
);
CREATE INDEX mark_head_mark_idx ON mark_head (mark_id);
COMMENT ON TABLE mark_head IS 'How far each customer''s chain had come at a mark. Kept outside the database, the hashes also show a history that its owner rewrote.';
COMMENT ON COLUMN mark_head.customer_id IS 'The debtor.';
COMMENT ON COLUMN mark_head.mark_id IS 'The mark.';
COMMENT ON COLUMN mark_head.chain_seq IS 'Links the chain had then.';
COMMENT ON COLUMN mark_head.chain_hash IS 'Hash of the last of them.';
