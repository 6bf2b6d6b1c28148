"""The interfaces as documents: OpenAPI, made from the table of calls, and the pages that show it and AsyncAPI."""
