"""Who may come in, and how often they may try. The only user of `jwt` and of `argon2`.

- `gate`: which tokens still hold: the one place that both doors ask
- `identifier`: chooses who checks a token: `tokens` for our own, `external_issuer` for those of an OIDC issuer
- `tokens`: our own access tokens: made and proved
- `external_issuer`: tokens of an OIDC issuer; `key_set` keeps its public keys, and `fetched` reads what it publishes
- `oidc`: login in the browser with an OpenID provider
- `signed`: what both share: the claims of a token whose signature holds
- `claims`: what claims mean, as an identity
- `refresh_tokens`: refresh tokens and their digests
- `secret`: the key that signs tokens
- `passwords`: hashes of passwords; `password_policy` says which passwords are accepted
- `code_entry`: entering a poll by its code
- `limits`: rates and caps; `turns`: places for what is scarce, and waiting for them
- `origins`: which web pages may open a socket
"""
