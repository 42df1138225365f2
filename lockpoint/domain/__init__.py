"""The rules of locking: pure functions over plain values."""
