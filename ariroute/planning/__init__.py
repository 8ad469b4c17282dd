"""How many agents are needed for each half hour, from what was recorded: arrivals, talks, patience. Pure."""
