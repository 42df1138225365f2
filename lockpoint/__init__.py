"""Lockpoint: exclusive locks for attachments in Confluence Cloud."""

__version__ = "0.1.0"
