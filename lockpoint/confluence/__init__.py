"""Confluence's REST API: the only folder that knows its paths, codes and shapes."""
