"""A volunteer and the places she has; this stream alone keeps the cap."""
