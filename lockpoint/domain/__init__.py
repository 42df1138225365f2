"""The rules of locking: pure functions over plain values; no clock, no network, no database."""
