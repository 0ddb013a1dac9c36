"""A remembered phone: opens its owner's own sessions with a PIN, for a month, until it is lost (hazard S30)."""
