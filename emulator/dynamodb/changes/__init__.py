"""What follows from a change of an item: streams, Kinesis destinations, point-in-time recovery."""
