"""Durable state in Postgres; caches and counters in Redis."""
