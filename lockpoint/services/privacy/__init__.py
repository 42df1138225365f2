"""Export, erasure, reports to Atlassian, and the scan for personal data."""
