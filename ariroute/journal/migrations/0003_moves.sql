-- One row for each time that the staffing moved an agent, or would have; `at` is seconds since 1970.
CREATE TABLE moves (
    id BIGINT PRIMARY KEY,              -- rises with time, as that of contacts
    at DOUBLE PRECISION NOT NULL,
    pbx TEXT NOT NULL,
    agent TEXT NOT NULL,
    queues_left TEXT NOT NULL,          -- JSON: a list of names, which may be empty
    queue TEXT NOT NULL,                -- where the agent was sent
    why TEXT NOT NULL,                  -- the kind of reason: floor, target, reserve, waiting, home ...
    reason TEXT NOT NULL,               -- in a sentence
    mode TEXT NOT NULL,                 -- advise: nothing was done
    done SMALLINT NOT NULL,
    failure TEXT NOT NULL               -- why it could not be done; empty when it was, or was not tried
);
CREATE INDEX moves_agent ON moves (agent, id);
