"""Annotators that are no people: a planted truth answers, to see what the results recover of it."""
