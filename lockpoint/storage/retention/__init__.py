"""Purging, and the clock's maintenance."""
