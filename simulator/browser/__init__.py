"""Pages for people, with Atlassian's host library."""
