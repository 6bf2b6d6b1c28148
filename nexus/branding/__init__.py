"""The look of an operator and of a host: their name, logo and colours, as pages show them.

`looks` is what pages are shown with, read from the store at most once a second. A logo is written by a process of its
own (`process`, `__main__`): decoding what strangers made is the one thing here that could take a worker down. It has
bounds on time and memory, and none of the service's secrets.
"""
