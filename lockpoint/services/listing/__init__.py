"""Lists, notices and reports, as one person sees them."""
