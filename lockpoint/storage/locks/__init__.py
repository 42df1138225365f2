"""Locks in Postgres: witnesses, restorations, request outcomes, and the guard of first records."""
