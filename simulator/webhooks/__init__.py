"""Which events go out, with what body, and whether they arrive."""
