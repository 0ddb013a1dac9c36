"""What the services share: the published language, programme data, and plumbing. No service's own rules live here."""
