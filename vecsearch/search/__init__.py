"""The read story: from questions to hits."""
