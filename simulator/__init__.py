"""A local Confluence Cloud; see README.md."""
