"""Triage's rules, without IO, clock or chance."""
