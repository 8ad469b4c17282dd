"""The flow file: load, check, build, schema."""
