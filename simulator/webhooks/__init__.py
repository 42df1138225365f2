"""Webhooks: events, bodies, delivery."""
