"""All sites together, their seed, and what can be made to go wrong."""
