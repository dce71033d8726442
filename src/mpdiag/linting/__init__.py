"""What `mpdiag lint` does with files before and after the lints look at them."""
