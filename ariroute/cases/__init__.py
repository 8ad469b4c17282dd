"""Test files: contacts with made-up answers, walked by the engine that routes real ones, and what is expected."""
