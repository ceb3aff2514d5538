"""Sets of distortions; one file a paper, one line a distortion."""
