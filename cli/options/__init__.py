"""Command-line options: the flags that commands share, and what typed values become."""
