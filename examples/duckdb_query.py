"""An index and DuckDB: index what a query selects, and query what a search finds, or the index's own export."""

import tempfile
from pathlib import Path

import duckdb

from vecsearch import Index

duckdb.sql("""
    CREATE TABLE tickets AS SELECT * FROM (VALUES
        (1, 'The app closes when I open the settings.', 'android', 3),
        (2, 'I cannot log in after the update.', 'ios', 8),
        (3, 'Signing in with my password fails.', 'web', 5),
        (4, 'Please add a dark theme.', 'web', 1)
    ) AS t(id, text, platform, votes)
""")

with Index.create(None) as index:
    index.add(duckdb.sql("SELECT * FROM tickets WHERE votes > 1"))
    hits = index.search("login problems", k=2).to_arrow()
    print(
        duckdb.sql("SELECT t.id, t.platform, t.votes FROM hits JOIN tickets t ON t.id = hits.document_id ORDER BY t.id")
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tickets.parquet"
        index.export(file)  # text, metadata and vectors
        chunks = duckdb.read_parquet(str(file))
        [(rows,)] = chunks.filter('"metadata.votes" >= 5').count("*").fetchall()
    print("tickets with many votes:", rows)
