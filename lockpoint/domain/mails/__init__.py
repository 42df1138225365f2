"""Mails: how often people get them, and what admins may write into them."""
