"""The parent's side of an observed run: starts the program, looks at it from outside, reads what its taps noted."""
