"""Atlassian Forge: what reaches our server, and how it is answered."""
