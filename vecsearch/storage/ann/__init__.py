"""The vectors of a segment and what finds the nearest of them, in FAISS files. The only room that imports faiss.

    faiss_file   FAISS's files: written, opened, their failures told as ours
    flat         the vectors themselves, mapped, searched exactly
    entry        what is known of an approximate structure: its kind, the floor, the recall that was measured
    codes        a code of few bits for each vector, by which rows are found fast and not quite right
    calibration  how many rows codes must find, so that the nearest are among them
    approximate  the structure as a segment has it: codes that find, vectors that score

Rows are numbered from 0 in the order they were written. FAISS's padding (-1) never leaves this room.
"""
