"""How many agents a tier needs and gets: pure, as the flow engine is. No tasks, sockets, clock or dice."""
