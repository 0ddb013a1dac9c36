"""Support: volunteers, the places they have, matches, sessions and endings."""
