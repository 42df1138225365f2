"""Confluence's REST API: the only package that knows its paths, codes and shapes."""
