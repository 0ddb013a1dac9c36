"""The front door as people and trusts come through it: a real Caddy with TLS before a whole stack."""
