"""Recorded contacts walked again by other rules: what would have gone elsewhere, and what cannot be told."""
