"""One run from start to end: preparation, the steps that change the schema, and the look that ends it."""
