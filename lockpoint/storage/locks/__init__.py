"""Locks in Postgres."""
