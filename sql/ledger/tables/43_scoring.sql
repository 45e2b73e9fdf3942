-- Scorecards in use, and every score they gave.

CREATE TABLE score_card (
	score_card_id bigserial NOT NULL PRIMARY KEY,
	name text NOT NULL CHECK (name <> ''),
	version integer NOT NULL CHECK (version > 0),
	card credit.scorecard NOT NULL,
	valid_from date NOT NULL,
	valid_to date,
	share numeric CHECK (share > 0 AND share <= 100),
	share_from numeric CHECK (share_from >= 0 AND share_from + share <= 100),
	loss_given_default numeric NOT NULL DEFAULT 100 CHECK (loss_given_default BETWEEN 0 AND 100),
	reason text NOT NULL CHECK (reason <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	CONSTRAINT score_card_name_key UNIQUE (name, version),
	CONSTRAINT score_card_share CHECK ((share IS NULL) = (share_from IS NULL))
);
COMMENT ON TABLE score_card IS 'Scorecards, never changed but for valid_to. The champion in force on a day is the one that starts last on or before it; challengers take their share of the customers from it.';
COMMENT ON COLUMN score_card.score_card_id IS 'Key of the card.';
COMMENT ON COLUMN score_card.name IS 'Name people know it by.';
COMMENT ON COLUMN score_card.version IS 'Its version, from 1.';
COMMENT ON COLUMN score_card.card IS 'The card.';
COMMENT ON COLUMN score_card.valid_from IS 'First day it is used.';
COMMENT ON COLUMN score_card.valid_to IS 'Last day it is used; NULL without end.';
COMMENT ON COLUMN score_card.share IS 'Challengers: percent of the customers it scores; NULL: a champion.';
COMMENT ON COLUMN score_card.share_from IS 'Challengers: where its share begins. A customer whose share_place() is in it is scored by it, for as long as it is used.';
COMMENT ON COLUMN score_card.loss_given_default IS 'Percent of the exposure that is lost when a customer fails, for the expected loss.';
COMMENT ON COLUMN score_card.reason IS 'Why it was taken into use.';
COMMENT ON COLUMN score_card.recorded_at IS 'Record time.';
COMMENT ON COLUMN score_card.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN score_card.actor IS 'Person who did it, by default actor().';

CREATE TABLE score_history (
	customer_id bigint NOT NULL REFERENCES customer,
	score_history_id bigserial NOT NULL,
	as_of date NOT NULL,
	known_at timestamptz NOT NULL,
	score_card_id bigint NOT NULL REFERENCES score_card,
	attributes jsonb NOT NULL,
	score numeric NOT NULL,
	grade text,
	grade_rank integer,
	pd numeric,
	reasons text[] NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, score_history_id)
);
CREATE INDEX score_history_as_of_idx ON score_history (customer_id, as_of, score_history_id);
COMMENT ON TABLE score_history IS 'Every score given: by which card, from which values. Never changed; in force on a day is the latest as of it or before.';
COMMENT ON COLUMN score_history.customer_id IS 'The debtor.';
COMMENT ON COLUMN score_history.score_history_id IS 'Key, with customer_id.';
COMMENT ON COLUMN score_history.as_of IS 'Business date it speaks of.';
COMMENT ON COLUMN score_history.known_at IS 'Nothing that was recorded later went into it.';
COMMENT ON COLUMN score_history.score_card_id IS 'The card, with its version.';
COMMENT ON COLUMN score_history.attributes IS 'The values of the card''s attributes; null where one was not known.';
COMMENT ON COLUMN score_history.score IS 'The score.';
COMMENT ON COLUMN score_history.grade IS 'Its grade.';
COMMENT ON COLUMN score_history.grade_rank IS 'Rank of the grade, 1 the best.';
COMMENT ON COLUMN score_history.pd IS 'Probability of bad.';
COMMENT ON COLUMN score_history.reasons IS 'What cost the most points, most first.';
COMMENT ON COLUMN score_history.recorded_at IS 'Record time.';
COMMENT ON COLUMN score_history.recorded_by IS 'Login that wrote the row.';
