"""`scripts/replay`: real calls, recorded by the daemon, and each of them decided again from the journal."""
