"""The published language: every event that crosses a service boundary, and how it travels. Pure."""
