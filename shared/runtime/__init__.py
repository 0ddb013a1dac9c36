"""The plumbing every service stands on: executor, commit store, tail, relay, consumer, vault. No domain word in it."""
