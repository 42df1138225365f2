"""Postgres and Redis: what must not be lost, and what may be."""
