"""A local Confluence Cloud for tests, demos and development; see README.md."""
