"""Triage: what a referral needs, how soon, and what a named person decided."""
