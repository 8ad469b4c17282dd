"""A floor that serves as app_queue does, in made-up time. Pure: the same scenario and dice give the same calls."""
