"""Confluence's REST operations, v1 and v2."""
