"""What turns a request into an answer, for any table of calls; it knows no resource of the interface.

1. `heads`, below the application: uvicorn's HTTP protocol with bounds on the head of a request.
   `arrival`, around the application: the client, and the address of the service, as trusted proxies say.
2. `edge`, around all routes: the request's id, trailing slashes, bounds on the body, an answer to every error; `cors`
   lets pages of other origins read the answers.
3. `call`: `call(method, path, handler, body=..., query=..., answer=...)` makes an entry of the table, and a `Resource`
   is the ASGI application of all entries with one path. It finds the entry for the method, proves who asks, reads the
   query and the body (`body`; `domain.faults` lists what is wrong with them), and awaits `handler(request, services)`.
4. The handler returns a `Reply`, or a `Stream` (`stream`) for what is too long for memory, or raises a `NexusError`.
   `client` ends what is done for a client that has left.
5. `problem`: the status, headers and document of an error, or the page that says the same to people (`asked` tells who
   wants which).

`static` answers with content that never changes, `html` writes pages, `etags` compares entity tags.
"""
