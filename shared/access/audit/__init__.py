"""Who did what: a chain of entries that cannot be changed without it showing, and the command that looks."""
