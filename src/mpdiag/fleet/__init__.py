"""Asking every host of a cluster, through an engine that is there already: one engine a file."""
