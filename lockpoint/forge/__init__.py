"""Atlassian Forge: invocation tokens of callers, and the tokens that our calls carry."""
