"""When locks end, and when their holders hear of it before."""
