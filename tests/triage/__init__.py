"""Triage: its rules, its worklist and its adapters."""
