"""One-time links: how somebody without an account reaches the one page that is hers (hazard S10)."""
