"""Installations, their secrets and licences, and other data of a site."""
