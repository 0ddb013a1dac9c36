"""How people sign in at a service's pages: with the issuer, kept here, ended anywhere."""
