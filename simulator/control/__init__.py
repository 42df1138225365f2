"""`/_sim`: driving the simulator."""
