"""The admin API over a daemon that is handed to it: health, metrics, reload."""
