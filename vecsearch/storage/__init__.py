"""One index on disk: immutable segments, the manifest that names them, and the commit."""
