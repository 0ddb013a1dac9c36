"""Keycloak's realm `beside`: what it asks of people and systems, and the made-up ones of a demonstration."""
