"""Beside's tests."""
