"""Where outcomes meets Kafka, HTTP and the statistics worker."""
