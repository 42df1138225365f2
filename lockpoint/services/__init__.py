"""Use cases: one verb each, functions that take the services, the actor and plain values."""
