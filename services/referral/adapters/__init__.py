"""What stands between the rules and the world: JSON, FHIR, Kafka, the vault."""
