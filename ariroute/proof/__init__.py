"""The proof that no call is lost: real calls, real faults, a verdict from Asterisk's own records."""
