"""Installations, their secrets and licences, and what is kept of a site."""
