"""What stands behind ``pytest --mpdiag``: loaded only when it is asked for."""
