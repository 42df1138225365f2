"""Atlassian Connect: who is calling, and how we prove who we are."""
