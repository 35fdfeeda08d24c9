"""The data plane: reads, writes, queries, transactions, and what they cost."""
