"""Everything there is, with a Keycloak of its own: signing in, and what still works when parts are away."""
