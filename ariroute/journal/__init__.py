"""The journal: one record for each decision, in SQLite or PostgreSQL, and what became of the contact afterwards."""
