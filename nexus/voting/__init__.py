"""How a vote is counted, and how counts stay true.

- `ballot_box`: takes ballots, commits them in batches, and answers each after its commit; `answering`: in slices
- `tallies`: the newest totals, to the bus and back as a cache
- `schedule`: opens and closes polls on time
- `recount`: `nexus verify`
"""
