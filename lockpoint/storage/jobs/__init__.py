"""The job queue on procrastinate."""
