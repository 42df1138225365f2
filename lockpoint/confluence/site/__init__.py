"""What the app asks of a site as a whole."""
