"""Confluence's REST API: its paths, codes and shapes."""
