"""The living process: one guarded task per channel."""
