"""What goes when, and the clock's chores."""
