"""Property tests draw the same examples on every machine and on every day."""

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=200, print_blob=False)
settings.load_profile("fixed")
