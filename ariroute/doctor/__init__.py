"""What ``ariroute doctor`` finds out: gathering (I/O, with deadlines) apart from judging (pure)."""
