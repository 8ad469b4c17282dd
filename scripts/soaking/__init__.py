"""`scripts/soak`: calls for hours under faults, and whether anything grows. See docs/operations.md."""
