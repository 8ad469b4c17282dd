"""Is everything that calls depend on in order? Each finding comes with its remedy."""
