"""`scripts/demo`: real calls through a private Asterisk and the daemon, shown as they happen, judged by queue_log."""
