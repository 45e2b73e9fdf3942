-- Accounting periods: what is closed, and what was done to it.

CREATE TABLE period (
	name text NOT NULL PRIMARY KEY CHECK (name <> ''),
	starts_on date NOT NULL CHECK (isfinite(starts_on)),
	ends_on date NOT NULL CHECK (isfinite(ends_on)),
	fiscal_year integer NOT NULL,
	year_end boolean NOT NULL DEFAULT false,
	state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closing', 'closed', 'locked')),
	version integer NOT NULL DEFAULT 0,
	CONSTRAINT period_days CHECK (starts_on <= ends_on),
	CONSTRAINT period_overlap EXCLUDE USING gist (daterange(starts_on, ends_on, '[]') WITH &&),
	CONSTRAINT period_ends_on_key UNIQUE (ends_on)
);
COMMENT ON TABLE period IS 'Accounting periods, one after the other without a gap. Only state and version change, each time with a row of period_event.';
COMMENT ON COLUMN period.name IS 'Key: what people call it, such as 2026-01.';
COMMENT ON COLUMN period.starts_on IS 'First day.';
COMMENT ON COLUMN period.ends_on IS 'Last day.';
COMMENT ON COLUMN period.fiscal_year IS 'Fiscal year it belongs to.';
COMMENT ON COLUMN period.year_end IS 'It is the last of its fiscal year.';
COMMENT ON COLUMN period.state IS 'open; closing: nothing is posted into it any more, and it is being examined; closed; locked: closed, and never to be opened again.';
COMMENT ON COLUMN period.version IS 'How often it was closed: the version of its snapshot that counts. 0: never.';

CREATE TABLE period_event (
	period_event_id bigserial NOT NULL PRIMARY KEY,
	period text NOT NULL REFERENCES period,
	event text NOT NULL CHECK (event IN ('added', 'closing', 'examined', 'refused', 'closed', 'reopened', 'locked', 'regrouped')),
	version integer NOT NULL,
	reason text,
	accepted text[],
	findings jsonb,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL
);
CREATE INDEX period_event_period_idx ON period_event (period, period_event_id);
COMMENT ON TABLE period_event IS 'Everything that was done to a period, never changed.';
COMMENT ON COLUMN period_event.period_event_id IS 'Key, in the order in which it happened.';
COMMENT ON COLUMN period_event.period IS 'The period.';
COMMENT ON COLUMN period_event.event IS 'added, closing (the books are shut), examined, refused (and open again), closed, reopened, locked or regrouped (its customers, for roll rates).';
COMMENT ON COLUMN period_event.version IS 'Version of its snapshot from then on.';
COMMENT ON COLUMN period_event.reason IS 'Why: of what was accepted when it was closed, of reopening, locking and regrouping.';
COMMENT ON COLUMN period_event.accepted IS 'Checks whose findings were accepted when it was closed.';
COMMENT ON COLUMN period_event.findings IS 'What the checks found: objects with check_name, found and detail.';
COMMENT ON COLUMN period_event.recorded_at IS 'Record time.';
COMMENT ON COLUMN period_event.recorded_by IS 'Login that did it.';
COMMENT ON COLUMN period_event.actor IS 'Person who did it, by default actor().';
