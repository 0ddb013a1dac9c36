"""Runs Kafka, MongoDB, the mail sink and the five services as processes of this machine, and serves tests with them."""
