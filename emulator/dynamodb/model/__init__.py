"""What a table is: attribute values, key schemas, items in order, indexes, life cycles."""
