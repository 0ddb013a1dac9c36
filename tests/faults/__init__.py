"""Fault campaigns against the whole stack, and the independent checker that judges them."""
