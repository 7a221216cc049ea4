"""Any model that sentence-transformers opens, on the device that torch finds."""
