"""Atlassian Connect's side: lifecycle, webhooks, frames."""
