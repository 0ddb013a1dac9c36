"""Relay, consumer, parking and push, on real Kafka and real MongoDB."""
