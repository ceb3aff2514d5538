"""Every read of more than one row; each says what it costs."""
