"""From what networks said of photos to figures, words and files."""
