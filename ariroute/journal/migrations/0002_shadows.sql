-- One row for each contact that other rules, in their shadow, decided otherwise; it goes when its contact goes.
CREATE TABLE shadows (
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,               -- of the rules in the shadow
    decided DOUBLE PRECISION NOT NULL,  -- when they did
    destination TEXT NOT NULL,          -- where they would have sent it
    queue TEXT NOT NULL DEFAULT '',
    priority INTEGER NOT NULL DEFAULT 0,
    flow TEXT NOT NULL,                 -- empty: none of theirs answers to what was dialled
    by_default SMALLINT NOT NULL,
    differs TEXT NOT NULL,              -- destination, or what goes with the contact: label,variables
    PRIMARY KEY (contact_id, digest)
);
