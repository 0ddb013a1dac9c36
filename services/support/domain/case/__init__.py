"""A case in support, from acceptance to ending; this stream alone settles a match."""
