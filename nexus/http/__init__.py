"""REST: one file per resource (contract, section 2).

`routes` lists every call; `call` is what a call is and how it is answered; `parts` what the handlers work with;
`problem` the one translation of errors; `edge` what holds for every request, whatever its path.
"""
