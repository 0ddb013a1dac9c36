"""Outcomes: one journey per case, and the figures that are honest about their n."""
