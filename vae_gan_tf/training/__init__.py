"""Training: the loop around a compiled step, what it keeps, and how it goes on after a stop."""
