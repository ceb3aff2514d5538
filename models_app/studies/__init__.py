"""Studies: from one configuration to a graph of jobs, and from its numbers to a report; pure."""
