"""A table of reviews: index a DataFrame of pandas, search it with conditions, get a DataFrame back."""

import pandas as pd

from vecsearch import Index

reviews = pd.DataFrame(
    {
        "review": ["r1", "r2", "r3", "r4"],
        "body": [
            "The battery is empty after half a day.",
            "The camera takes sharp pictures at night.",
            "It charges in an hour and lasts for two days.",
            "The parcel came late and the box was torn.",
        ],
        "stars": [2, 5, 4, 1],
        "bought": pd.to_datetime(["2023-05-02", "2024-01-20", "2024-03-11", "2024-06-30"]),
    }
)

with Index.create(None) as index:  # a temporary index; name a folder to keep it
    index.add(reviews, id_field="review", text_field="body")
    hits = index.search("how long does it run without a charger?", k=3, where={"bought": {"gte": "2024-01-01"}})
    found = hits.to_pandas()
    print(found[["document_id", "metadata.stars", "text"]].to_string(index=False))
    merged = found.merge(reviews, left_on="document_id", right_on="review")
    print("mean stars of what was found:", round(merged["stars"].mean(), 2))
