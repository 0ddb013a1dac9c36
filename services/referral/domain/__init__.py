"""The rules of intake, pure: `decide.py` is the place to start."""
