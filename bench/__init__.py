"""Benchmarks; each module is a command and says how it is called."""
