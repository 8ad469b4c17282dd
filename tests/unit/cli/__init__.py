"""Tests of ariroute.cli."""
