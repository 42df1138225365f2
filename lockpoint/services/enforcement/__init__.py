"""Undoing what others did to a locked file, and saying what could not be undone."""
