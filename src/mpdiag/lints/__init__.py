"""One mistake that shows in source code a file."""
