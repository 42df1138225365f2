"""Calls about many files: bulk acts, lists across pages, notices, health."""
