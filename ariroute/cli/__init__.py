"""The ariroute command: one file per subcommand."""
