"""The lexical leg: which chunks have the words of a query. Texts to postings, a file of them for each segment, BM25.

    splitting      a text to its words, in any script
    stop_words     the function words of each language
    languages      which languages there are, and which a text is taken to be in
    terms          a word to what it is searched by
    reading        many texts to the forms and languages of their words
    postings       which rows have which terms; the postings of several segments to those of one
    postings_file  the file that holds a segment's postings
    queries        a query to the terms it looks for
    bm25           the k best rows of all segments
    matching       which words of a text were matched

Knows no segment, no manifest and no vectors: rows are numbered as their texts come.
"""

from vecsearch.storage.lexical.bm25 import Bm25, LivePostings, RowScores, Scored
from vecsearch.storage.lexical.languages import AUTO, checked_language
from vecsearch.storage.lexical.matching import matched
from vecsearch.storage.lexical.postings import Postings, merged, postings_of
from vecsearch.storage.lexical.postings_file import open_postings, write_postings

__all__ = [
    "AUTO",
    "Bm25",
    "LivePostings",
    "Postings",
    "RowScores",
    "Scored",
    "checked_language",
    "matched",
    "merged",
    "open_postings",
    "postings_of",
    "write_postings",
]
