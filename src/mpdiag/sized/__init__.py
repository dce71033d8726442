"""What follows from the measurements of a function: the curve, the choice, what limits it, other machines, the page."""
