"""Tests of the programme data and of the rules that read it."""
