"""How Beside is run: on this machine, in containers, and with synthetic people in it."""
