"""The pretext operations of Sheng et al. 2020, on square patches."""
