"""Priority call routing for Asterisk: look the caller up, branch, queue."""

__version__ = "0.1.0"
