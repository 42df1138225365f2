"""Asking the holder of a lock for the file, and the holder's answer: hand over, or decline."""
