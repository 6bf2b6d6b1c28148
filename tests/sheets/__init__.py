"""Workbooks, and the process that writes them."""
