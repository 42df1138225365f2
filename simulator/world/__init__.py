"""All sites, their seed, and faults."""
