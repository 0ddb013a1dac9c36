"""The edge: HTTP, bodies, who acts, the vault."""
