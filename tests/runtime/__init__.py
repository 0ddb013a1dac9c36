"""Tests of the plumbing every service stands on."""
