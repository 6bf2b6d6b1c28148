"""The pages that people see, and what they load (contract, section 2, Pages)."""
