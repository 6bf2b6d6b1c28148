"""The REST interface: a file for each resource, and `routes`, the table of every call (contract, section 2).

A new resource is a new file here. Its types are structs: bodies forbid unknown fields, `Annotated[str, text(...)]` and
the like tell the documents the rules that the handler checks. A handler is `async def name(request, services)`: it takes
a `TypedRequest` and the `RestServices`, asks `see_poll` (`seen`) what the caller may know of a poll, and returns a
`Reply`. Its docstring is its description in the documents. `CALLS` at the end names each handler with its method, path,
types and refusals; `routes.CALLS` takes the file's calls, and with that they are served and documented. An example of
every new type goes to `documents.examples`; what an id in a path names, to `documents.refusals`.
"""
