"""Fixtures for all tests; each plugin module keeps its own kind."""

pytest_plugins = ["fixtures_databases", "fixtures_pbx", "fixtures_stores"]
