"""A private Asterisk with SIP callers and agents, for the demo, the tests and the bench. Standard library only."""
