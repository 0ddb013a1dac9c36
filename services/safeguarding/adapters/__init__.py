"""Where safeguarding meets HTTP, Kafka, mail and webhooks."""
