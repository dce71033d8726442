"""Measures a function of the user's own: alone, then on workers. Standard library only: runs in its interpreter."""
