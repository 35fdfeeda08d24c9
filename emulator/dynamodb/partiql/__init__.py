"""PartiQL: ExecuteStatement, BatchExecuteStatement and ExecuteTransaction.

A statement runs on the same tables, conditions and updates as every other operation; only its language differs.
``parameters``, ``lexer``, ``literals``, ``conditions`` and ``parser`` read it, ``checks`` judges it alone, ``plan`` and
``reads`` say what a SELECT reads, and ``writes`` makes all else the writes that the item operations make.

AWS's order of the checks: parameters, syntax, literals, FROM, operands, the table, key types, the number and overlap of
reads, projections of an index, ORDER BY, the rules of batches and transactions.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html; wording as observed on AWS.
"""

from emulator.dynamodb.partiql.batches import batch_execute_statement
from emulator.dynamodb.partiql.single import execute_statement
from emulator.dynamodb.partiql.transactions import execute_transaction

__all__ = ["batch_execute_statement", "execute_statement", "execute_transaction"]
