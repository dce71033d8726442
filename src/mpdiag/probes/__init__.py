"""One measurement of the machine a file; standard library only, because they run in any interpreter."""
