"""One index on disk: immutable segments, the manifest that names them, and the commit.

store         the index's folder: versions, snapshots, tags; start here
manifest      what one version consists of, as a small JSON file
segment       one immutable segment: rows, vectors, postings, codes
commit        writing a version that becomes visible in one step
lock          one writer at a time
garbage       which versions are kept, and removing the files of the others
merge_policy  which segments a commit rewrites
rows          what a row holds, as an Arrow table
columns       metadata as typed Arrow columns
row_reader    single rows of a table in microseconds
buffers       the bytes of a file, without a descriptor
file_stamps   size and time of each file that was indexed
ann/          nearest vectors: exact search and the ANN index
lexical/      words: postings and BM25
"""
