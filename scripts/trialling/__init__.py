"""`scripts/trials`: the same calls through real Asterisks and the simulated floor, and with and without ariroute."""
