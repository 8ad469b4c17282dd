"""The living process: one guarded task per channel, from StasisStart to the hand-off."""
