"""Who is referred, by whom, and what the sender is told. What a reader wants first is in README.md."""
