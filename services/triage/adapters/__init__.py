"""Where triage meets HTTP, Kafka and its readers."""
