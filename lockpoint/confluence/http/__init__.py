"""One call to Confluence: signing, quota, retries, time-outs, errors."""
