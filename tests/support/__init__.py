"""Support: its rules, its places and its adapters."""
