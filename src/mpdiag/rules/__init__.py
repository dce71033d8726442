"""One piece of advice a file: a pure function of facts."""
