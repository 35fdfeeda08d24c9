"""The data folder: one SQLite file in which a server keeps its state.

The file is locked while a server has it. What is written is in the file when the process is killed; with
``durability="power"`` also when the machine loses its power, for then every commit waits for the disk.

A value of an item is written by marshal, in a form without references, so that equal keys are equal bytes; all else is
JSON or a pickle (see ``pickling``). The schema has a version; ``_MIGRATIONS`` bring an older file to the present one.
"""

from __future__ import annotations

import marshal
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from asl_interpreter.loop.locks import lock
from emulator.keeping.pickling import Unreadable
from emulator.progress import OFTEN, followed, followed_if_many, steps

FILE: Final = "dynastep.db"
SCHEMA: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE parts (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE items (holder TEXT, key BLOB, value BLOB NOT NULL, PRIMARY KEY (holder, key)) WITHOUT ROWID;
CREATE TABLE changes (holder TEXT, number INTEGER, value BLOB NOT NULL, PRIMARY KEY (holder, number)) WITHOUT ROWID;
CREATE TABLE tokens (account TEXT, region TEXT, token TEXT, at REAL, value BLOB NOT NULL,
    PRIMARY KEY (account, region, token)) WITHOUT ROWID;
CREATE INDEX tokens_by_age ON tokens (at);
CREATE TABLE executions (number INTEGER, arn TEXT PRIMARY KEY, name TEXT, status TEXT, started_at REAL,
    stopped_at REAL, redrives INTEGER, redriven_at REAL, version_arn TEXT, alias_arn TEXT, machine TEXT,
    value BLOB NOT NULL);
CREATE INDEX executions_by_start ON executions (machine, number, status, stopped_at);
CREATE INDEX executions_by_end ON executions (stopped_at, arn);
CREATE TABLE within (part TEXT PRIMARY KEY, arn TEXT) WITHOUT ROWID;
CREATE INDEX within_by_execution ON within (arn);
CREATE TABLE events (arn TEXT, first INTEGER, value BLOB NOT NULL, PRIMARY KEY (arn, first)) WITHOUT ROWID;
CREATE TABLE landed (arn TEXT, first INTEGER, value BLOB NOT NULL, PRIMARY KEY (arn, first)) WITHOUT ROWID;
CREATE TABLE children (parent TEXT, run INTEGER, name TEXT, value BLOB NOT NULL, PRIMARY KEY (parent, run, name))
    WITHOUT ROWID;
"""
VERSION: Final = 3
"""Of the schema."""
_MIGRATIONS: Final[dict[int, Callable[[sqlite3.Connection], None]]] = {
    2: lambda _: None,  # from 3 on, an execution that was first written when it had ended has its events with it
}
"""From a version to the next one."""
TABLES: Final = ("parts", "items", "changes", "tokens", "executions", "events", "landed", "children", "within")
RANK: Final = 86
STEPS_OF_VACUUM: Final = 4.5
STEPS_OF_CHECK: Final = 10.2
"""Instructions of SQLite's machine for each row, as it counts them itself; the same for every size of row."""


class CannotOpen(Exception):
    """A data folder cannot be used. The message says why, and what helps."""


class CannotWrite(Exception):
    """What was asked for could not be written, and is not done as far as a restart can tell. The message says why."""


class NoRoom(CannotWrite):
    """Nor can anything else be: the disk is full."""


Statement = tuple[str, tuple[Any, ...]]
"""SQL, and its parameters."""


class Folder:
    """An open data folder. Safe from any thread."""

    def __init__(self, path: Path, durability: str = "process") -> None:
        """Open the folder's file, or make it.

        Raises:
            CannotOpen: another server has it, it is damaged, of another version, or cannot be written.
        """
        self.file = path / FILE
        self._lock = lock("the data folder", RANK)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.file, timeout=0, isolation_level=None, check_same_thread=False)
            try:
                self._open("FULL" if durability == "power" else "NORMAL")
            except BaseException:
                self._db.close()
                raise
        except OSError as error:
            raise CannotOpen(f"The data folder {path} cannot be made: {error.strerror}") from None
        except sqlite3.Error as error:
            raise CannotOpen(self._explained(error)) from None

    def _open(self, synchronous: str) -> None:
        db = self._db
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("PRAGMA wal_autocheckpoint = 4000")
        db.execute("PRAGMA cache_size = -32000")
        db.execute("BEGIN EXCLUSIVE")
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            self._note("schema", str(VERSION))
        try:
            self._migrate(int(self.about().get("schema", "0")))
            self._refuse_other_moto()
        except CannotOpen:
            db.execute("ROLLBACK")
            raise
        self._note("dynastep", _version("dynastep"))
        self._note("moto", _version("moto"))
        db.execute("COMMIT")

    def _note(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))

    def _migrate(self, version: int) -> None:
        while version in _MIGRATIONS:
            _MIGRATIONS[version](self._db)
            version += 1
        if version != VERSION:
            raise CannotOpen(
                f"{self.file} has version {version} of the schema; this version of Dynastep reads version {VERSION}"
            )
        self._note("schema", str(version))

    def _refuse_other_moto(self) -> None:
        """What moto's services held is read by the version that held it."""
        written, installed = self.about().get("moto", _version("moto")), _version("moto")
        if written != installed and self.has_parts("moto/"):
            raise CannotOpen(
                f"{self.file} was written with moto {written}; {installed} is installed, which may read what other "
                f"services held wrongly: install moto {written}, or start with another folder"
            )

    def _explained(self, error: sqlite3.Error) -> str:
        text = str(error)
        if "locked" in text:
            return f"{self.file} is in use by another server: stop it, or choose another folder with --data-dir"
        if "readonly" in text or "unable to open" in text or not _is_writable(self.file):
            return f"{self.file} cannot be written ({text}): the folder must be writable"
        if "full" in text:
            return f"{self.file} cannot be written: the disk is full"
        if "I/O" in text:
            return f"{self.file} cannot be read or written ({text}): its disk is broken, or refuses this user more room"
        return f"{self.file} is damaged ({text}): 'dynastep data check' says more; nothing of it is guessed at"

    @property
    def size(self) -> int:
        """How many bytes it has on the disk, with what SQLite has not taken into its file yet."""
        files = (self.file, self.file.with_name(f"{FILE}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def about(self) -> dict[str, str]:
        """What the file says of itself."""
        return dict(self._db.execute("SELECT name, value FROM about"))

    def has_parts(self, beginning: str) -> bool:
        """Whether there is a part whose name begins so."""
        found = self._db.execute("SELECT 1 FROM parts WHERE name >= ? AND name < ?", (beginning, beginning + "\uffff"))
        return found.fetchone() is not None

    def write(self, statements: Iterable[Statement]) -> None:
        """Do all of it, or nothing.

        Raises:
            CannotWrite: nothing of it is done.
        """
        db, together = self._db, list(statements)
        with self._lock:
            try:
                if len(together) == 1:  # a transaction by itself
                    db.execute(*together[0])
                    return
                db.execute("BEGIN")
                for sql, parameters in followed_if_many(together, "Writing to the data folder"):
                    db.execute(sql, parameters)
                db.execute("COMMIT")
            except sqlite3.Error as error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise (NoRoom if "full" in str(error) else CannotWrite)(self._explained(error)) from error

    def find(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query, all at once: others may write meanwhile.

        Raises:
            Unreadable: the file is damaged.
        """
        with self._lock:
            return list(self.read(sql, *parameters))

    def read(self, sql: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, one by one: nobody else must write.

        Raises:
            Unreadable: the file is damaged.
        """
        try:
            yield from self._db.execute(sql, parameters)
        except sqlite3.Error as error:
            raise Unreadable(self._explained(error)) from None

    def rows(self, table: str, columns: str, order: str, doing: str) -> Iterable[tuple[Any, ...]]:
        """All rows of a table, as ``read`` has them; who watches is told how many were read."""
        sql = f"SELECT {columns} FROM {table} ORDER BY {order}"  # noqa: S608 - of ``SCHEMA``
        return followed(self.read(sql), doing, lambda: self._count(table))

    def _count(self, *tables: str) -> int:
        sql = " UNION ALL ".join(f"SELECT count(*) FROM {table}" for table in tables)  # noqa: S608 - as above
        return sum(count for (count,) in self.read(sql))

    def problems(self) -> list[str]:
        """What is wrong with the file, as SQLite sees it."""
        try:
            self._follow("Checking the data folder", STEPS_OF_CHECK)
            found = [str(row[0]) for row in self._db.execute("PRAGMA integrity_check")]
        except (sqlite3.Error, Unreadable) as error:
            return [str(error)]
        finally:
            self._db.set_progress_handler(None, 0)
        return [] if found == ["ok"] else found

    def clear(self) -> None:
        """Forget everything. Raises CannotWrite."""
        self.write([(f"DELETE FROM {table}", ()) for table in TABLES])  # noqa: S608 - of the tuple above

    def compact(self) -> None:
        """Give back the room of what is gone."""
        self._follow("Compacting the data folder", STEPS_OF_VACUUM)
        with self._lock:
            self._db.execute("VACUUM")
            self._db.set_progress_handler(None, 0)
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _follow(self, doing: str, steps_of_row: float) -> None:
        """Tell who watches how far the next statement is, which goes through every row."""
        step = steps(doing, lambda: int(self._count(*TABLES) * steps_of_row))
        if step is not None:
            self._db.set_progress_handler(lambda: step(OFTEN), OFTEN)  # None lets SQLite go on

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._db.close()


def packed(value: Any) -> bytes:
    """A value of an item, or a key, as bytes; equal ones are equal bytes."""
    return marshal.dumps(value, 2)


def unpacked(kept: bytes, what: str) -> Any:
    """What ``packed`` has written.

    Raises:
        Unreadable: it is damaged; ``what`` it is of is named.
    """
    try:
        return marshal.loads(kept)  # noqa: S302 - of our own file, which is locked
    except (ValueError, EOFError, TypeError) as error:
        raise Unreadable(f"{what} is damaged: {error}") from None


def _is_writable(file: Path) -> bool:
    return all(
        os.access(each, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
        for each in (file.parent, file)
        if each.exists()
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
