"""Amazon DynamoDB: tables, items, streams and backups, without moto."""
