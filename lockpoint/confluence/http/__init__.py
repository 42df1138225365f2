"""One call to a Confluence site: signing, quota, retries, time-outs, errors."""
