"""Mails, and what their recipients chose."""
