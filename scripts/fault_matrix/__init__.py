"""Running the fault matrix: `scripts/matrix`."""
