"""All SQL: polls, votes, lists, the schema and its migrations."""
