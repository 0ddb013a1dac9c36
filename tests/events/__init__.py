"""Tests of the published language: what travels, that it stays readable, and that its documents are current."""
