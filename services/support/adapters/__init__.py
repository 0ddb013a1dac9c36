"""Where support meets HTTP, Kafka, safeguarding and its readers."""
