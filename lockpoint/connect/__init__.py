"""Atlassian Connect: who calls us, and how we prove who we are."""
