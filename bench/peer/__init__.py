"""Our requests beside those of an app on atlassian-connect-express."""
