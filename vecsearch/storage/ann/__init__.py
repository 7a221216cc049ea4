"""The vectors of a segment and what finds the nearest of them, in FAISS files. The only room that imports faiss.

    flat         the vectors themselves, mapped, searched exactly; start here
    approximate  the ANN index of a segment: codes find rows, vectors score them
    codes        a code of a few bits for each vector, which finds rows fast and approximately
    calibration  how many rows the codes must find for the nearest to be among them
    entry        what a manifest records of an ANN index: its kind, the floor, the measured recall
    means        k-means of unit vectors
    nearest      the nearest vectors of each of a set
    faiss_file   reading and writing FAISS's files

Rows are numbered from 0 in the order they were written. FAISS's padding (-1) never leaves this room.
"""
