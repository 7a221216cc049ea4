"""Models that turn texts into vectors: what an encoder is, encoders, rerankers, and the cache of vectors."""
