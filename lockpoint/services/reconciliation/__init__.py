"""Finding out what happened in Confluence, and acting on it."""
