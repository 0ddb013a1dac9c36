"""The pure core of outcomes."""
