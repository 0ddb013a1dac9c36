"""The figures about messages that an operator watches. Labels are names of ours: services, groups, topics, outcomes."""

from prometheus_client import Counter, Gauge

RECORDS = Counter("beside_records", "Kafka records by what became of them", ["group", "outcome"])
"""outcome: handled, ignored (a type of another service that is not known here), parked, retried."""
LAG = Gauge("beside_consumer_lag", "Records of a partition that are not handled yet", ["group", "topic", "partition"])
STOPPED = Gauge("beside_consumer_stopped", "1 while a consumer has stopped itself and waits for a person", ["group"])
RELAYED = Counter("beside_relayed_events", "Events that Kafka confirmed")
RELAY_STUCK = Gauge("beside_relay_stuck", "1 while the relay cannot send", ["reason"])
UNDELIVERED = Gauge("beside_pushes_undelivered", "Urgent events that safeguarding has not taken yet")
OVERDUE = Gauge("beside_pushes_overdue", "Urgent events that safeguarding has not taken within 10 seconds")
