"""Remembered phones, as far as others must know of them: that one was lost."""
