"""What an index or a model holds: evaluation, words, clusters, maps, dimensions, tokens."""
