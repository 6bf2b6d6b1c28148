"""The REST interface: a file for each resource, and `routes`, the table of every call (docs/contract.md).

A new resource is a new file here:

- Its types are structs. A body forbids unknown fields; `Annotated[str, text(...)]` and the like tell the documents the
  rules that the handler checks.
- A handler is `async def name(request, services)`. It takes a `TypedRequest` and the `RestServices`, asks `see_poll`
  (`seen_poll`) what the caller may know of a poll, and returns a `Reply`. Its docstring describes it in the documents.
- `CALLS`, at the end, names each handler with its method, path, types and refusals. `routes.CALLS` includes it: then
  the calls are served and documented. `documents.examples` has an example of each type, and `documents.refusals` what
  is missing where the id in a path names nothing.
"""
