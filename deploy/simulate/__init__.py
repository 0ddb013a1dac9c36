"""Synthetic people and programmes, posted through the public interfaces only."""
