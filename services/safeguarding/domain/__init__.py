"""The pure core of safeguarding."""
