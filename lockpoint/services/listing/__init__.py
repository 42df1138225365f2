"""Files of a page with their locks, as one person sees them."""
