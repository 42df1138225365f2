"""Authentication and routing of requests."""
