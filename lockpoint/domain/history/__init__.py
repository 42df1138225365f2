"""What a file's versions require under a lock, and what we give back."""
