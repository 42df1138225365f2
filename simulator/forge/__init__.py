"""Atlassian Forge beside the Confluence: invocation tokens, the gateway of its REST API, deliveries."""
