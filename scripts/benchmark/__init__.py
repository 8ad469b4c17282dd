"""`scripts/bench`: ariroute beside what an administrator would use instead, measured in one run on one Asterisk.

The method and how to read the figures: docs/performance.md.
"""
