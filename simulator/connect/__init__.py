"""The platform's side of Atlassian Connect."""
