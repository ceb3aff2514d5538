"""Reads for pages, commands, services and workers; query costs in the docstrings."""
