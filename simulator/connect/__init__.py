"""The host's side of Atlassian Connect."""
