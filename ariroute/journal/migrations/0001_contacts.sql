-- One row for each time that a contact was taken; times are seconds since 1970, lengths of time are seconds.
-- The same statements serve SQLite and PostgreSQL.
CREATE TABLE contacts (
    id BIGINT PRIMARY KEY,              -- rises with time
    pbx TEXT NOT NULL,
    contact TEXT NOT NULL,              -- the channel's uniqueid
    linked TEXT NOT NULL DEFAULT '',    -- its linkedid
    medium TEXT NOT NULL,
    arrived DOUBLE PRECISION NOT NULL,
    caller TEXT NOT NULL,               -- as it may be shown
    caller_key TEXT NOT NULL,           -- keyed hash of the number, empty when withheld
    dialled TEXT NOT NULL,
    flow TEXT NOT NULL,
    destination TEXT NOT NULL,
    queue TEXT NOT NULL DEFAULT '',
    priority INTEGER NOT NULL DEFAULT 0,
    by_default SMALLINT NOT NULL,
    reason TEXT NOT NULL,
    handed TEXT NOT NULL,               -- how it left the daemon
    took DOUBLE PRECISION NOT NULL,
    digest TEXT NOT NULL,               -- of the configuration that decided
    detail TEXT NOT NULL,               -- JSON: what the run was told, its trace, its decision
    outcome TEXT NOT NULL DEFAULT '',   -- what Asterisk did then: waiting, answered, abandoned, or QUEUESTATUS
    outcome_queue TEXT NOT NULL DEFAULT '',
    position INTEGER,
    wait DOUBLE PRECISION,
    agent TEXT NOT NULL DEFAULT '',
    talk DOUBLE PRECISION,
    happened TEXT NOT NULL DEFAULT ''   -- JSON lines: each event of app_queue
);
CREATE INDEX contacts_contact ON contacts (contact);
-- Not the time alone: whoever looks for the rare ones among a million need not read the records of the others.
CREATE INDEX contacts_arrived ON contacts (arrived, flow, queue, outcome, handed, by_default, took);
CREATE INDEX contacts_caller ON contacts (caller_key, arrived);
CREATE INDEX contacts_digest ON contacts (digest);  -- to forget the rules by which no contact is left
-- The rules by their digest, without secrets: a decision can be explained by the rules that made it.
CREATE TABLE configs (
    digest TEXT PRIMARY KEY,
    first_seen DOUBLE PRECISION NOT NULL,
    rules TEXT NOT NULL
);
