"""Spreadsheets: Excel workbooks, written by a process of their own, since writing keeps a processor busy for seconds.

A worker puts a `Book` and its rows into a file (`book`), starts the writer (`process`), and sends on what comes out.
The writer (`__main__`) has a low priority, bounds on time and disk, and none of the service's secrets.
"""
