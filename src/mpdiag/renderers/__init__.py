"""One output format a file: a report in, text out."""
