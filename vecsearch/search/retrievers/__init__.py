"""Retrievers: each returns the best rows of a version for a query, up to the number it is asked for.

    candidates   rows of a version with their scores, and the order of equal scores
    dense        the rows nearest to a vector, by exact comparison or by an ANN index
    lexical      the rows that have words of a text, by BM25
    hybrid       the best of both, with fused scores

What is left out of the candidates afterwards, and how many to ask for then, is decided in `search/run.py`.
"""
