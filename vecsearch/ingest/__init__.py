"""The write story: from files and documents to a new version of an index."""
