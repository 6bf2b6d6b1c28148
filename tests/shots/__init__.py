"""Every screen in its main states, for pictures (`scripts/shots`) and for tests (tests/browser/test_states.py).

A new screen, or a new state of one, is a function in the file of its screen.
"""
