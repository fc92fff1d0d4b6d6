"""Photo restoration without a screen."""
