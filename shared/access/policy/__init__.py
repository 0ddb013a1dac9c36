"""The one table that says who may do what, and the question everything asks of it."""
