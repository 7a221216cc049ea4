"""Lexical search: which chunks have the words of a query. Texts to postings, a file of them per segment, BM25.

    bm25           the k best rows of all segments; start here
    queries        a query to the terms to look for; where a text matches it
    postings       which rows have which terms; merging the postings of several segments
    postings_file  the file that holds a segment's postings
    tokens         many texts to tokens and their languages
    terms          a word to the terms it is found by
    languages      the supported languages, and detecting that of a text
    stop_words     the function words of each language
    splitting      a text to its words, in any script

Knows no segment, no manifest and no vectors: rows are numbered in the order of their texts.
"""

from vecsearch.storage.lexical.bm25 import Bm25, LivePostings, RowScores, Scored
from vecsearch.storage.lexical.languages import AUTO, check_language
from vecsearch.storage.lexical.postings import Postings, build_postings, merge_postings
from vecsearch.storage.lexical.postings_file import open_postings, write_postings
from vecsearch.storage.lexical.queries import Matcher, match_spans

__all__ = [
    "AUTO",
    "Bm25",
    "LivePostings",
    "Matcher",
    "Postings",
    "RowScores",
    "Scored",
    "build_postings",
    "check_language",
    "match_spans",
    "merge_postings",
    "open_postings",
    "write_postings",
]
