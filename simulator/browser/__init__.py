"""Browser pages with Atlassian's host library."""
