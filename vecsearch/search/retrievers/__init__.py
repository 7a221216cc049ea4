"""How candidates are found: by their vectors, by their words, or by both.

    candidates   rows of a version with their scores, in the order that settles ties
    dense        the rows nearest to a vector, exactly or by an approximate structure
    lexical      the rows that have the words of a text
    hybrid       both, their scores fused

Each gives the best rows that there are, so many as it is asked for. What is left out of them afterwards, and how many
are wanted then, is for `query.py`.
"""
