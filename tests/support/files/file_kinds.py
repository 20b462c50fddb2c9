"""Files that are given by mistake where a SQLite file is wanted: their content, and how each must be called."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb

Maker = Callable[[Path], bytes]


def _sqlite(folder: Path) -> bytes:
    path = folder / "inner.db"
    if not path.exists():
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE t (a, b)")
            connection.execute("INSERT INTO t VALUES (1, 'x')")
        connection.close()
    return path.read_bytes()


def _zip(folder: Path) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("inner.db", _sqlite(folder))
    return written.getvalue()


def _tar(folder: Path) -> bytes:
    _sqlite(folder)
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.add(folder / "inner.db", "inner.db")
    return written.getvalue()


def _dump(folder: Path) -> bytes:
    _sqlite(folder)
    connection = sqlite3.connect(folder / "inner.db")
    lines = "\n".join(connection.iterdump())
    connection.close()
    return b"PRAGMA foreign_keys=OFF;\n" + lines.encode()


def _parquet(folder: Path) -> bytes:
    target = folder / "inner.parquet"
    duckdb.sql("SELECT 1 AS a").write_parquet(str(target))
    return target.read_bytes()


def _duckdb(folder: Path) -> bytes:
    target = folder / "inner.duckdb"
    duckdb.connect(str(target)).close()
    return target.read_bytes()


def _log(folder: Path) -> bytes:
    source = sqlite3.connect(folder / "logged.db")
    source.execute("PRAGMA journal_mode = wal")
    source.execute("CREATE TABLE IF NOT EXISTS t (a)")
    content = (folder / "logged.db-wal").read_bytes()
    source.close()
    return content


POSTGRES = (
    b"--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 16.1\n\nSET statement_timeout = 0;\n"
)

KINDS: dict[str, tuple[Maker, str]] = {
    "gzip": (lambda folder: gzip.compress(_sqlite(folder)), "gzip"),
    "bzip2": (lambda folder: bz2.compress(_sqlite(folder)), "bzip2"),
    "xz": (lambda folder: lzma.compress(_sqlite(folder)), "xz"),
    "zstd": (lambda _: b"\x28\xb5\x2f\xfd" + bytes(range(200)), "zstd"),
    "zip": (_zip, "zip archive"),
    "tar": (_tar, "tar archive"),
    "Parquet": (_parquet, "Parquet"),
    "DuckDB": (_duckdb, "DuckDB"),
    "Postgres, plain": (lambda _: POSTGRES, "PostgreSQL"),
    "Postgres, custom": (lambda _: b"PGDMP\x01\x0e\x00" + bytes(200), "PostgreSQL"),
    "SQLite dump": (_dump, "dump"),
    "JSON": (lambda _: json.dumps({"turns": [{"turn_id": "t"}]}, indent=2).encode(), "JSON"),
    "JSON lines": (lambda _: b'[1, "a"]\n[2, "b"]\n', "JSON"),
    "CSV": (lambda _: b"conv_id,session_id,turn_id\nc,s,t\n", "CSV"),
    "CSV of a spreadsheet": (lambda _: "conv_id;größe\r\nc;1\r\n".encode("utf-8-sig"), "CSV"),
    "CSV in UTF-16": (lambda _: "conv_id\tturn_id\r\nc\tt\r\n".encode("utf-16"), "CSV"),
    "CSV in Latin-1": (lambda _: "conv_id,größe\nc,1\n".encode("latin-1"), "CSV"),
    "TOML": (lambda _: b'[gates]\nfail_on = "never"\n', "a text file"),
    "a web page": (lambda _: b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "page"),
    "Git LFS": (lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS"),
    "a log": (_log, "log"),
    "zeros": (lambda _: bytes(8192), "zero bytes"),
    "encrypted": (lambda _: hashlib.sha512(b"key").digest() * 128, "encrypted"),
}
"""Name to what makes the content, and a word that the message must have."""
