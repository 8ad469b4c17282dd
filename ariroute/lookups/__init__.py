"""Fetching facts about a caller, each source within its deadline."""
