"""Static embeddings: a matrix and a tokenizer; a text's vector is the mean of its tokens' rows."""
