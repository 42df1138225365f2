"""`/api/v1`: what the screens call."""
