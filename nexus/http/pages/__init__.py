"""The pages that people see, and what they load (docs/contract.md, "Pages")."""
