"""Login in the browser with an OpenID provider: Nexus is the client of an authorization code flow with PKCE
(OpenID Connect Core 1.0; RFC 9700; docs/contract.md, "Login with an OpenID provider").

- `client`: who Nexus is to the provider, as it is set
- `failures`: how such a login can fail
- `discovery`: what the provider publishes about itself
- `returning`: what binds a login that has begun to the browser that began it
- `id_token`: whom the provider names, and with which roles
- `provider`: the requests to the provider; the only user of `authlib` and of `httpx2`
- `logins`: a login from its begin to the code by which the page gets it
"""
