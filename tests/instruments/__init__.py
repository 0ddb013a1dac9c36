"""Tests of the questionnaires and their scoring."""
