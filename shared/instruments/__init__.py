"""Questionnaires as numbers: scales, ranges, bands and alert items, never wording. Pure; adapters read the files."""
