"""Calls to a site: signing, quota, retries, time-outs, errors."""
