"""Atlassian Connect: lifecycle, webhooks, frames."""
