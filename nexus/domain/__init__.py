"""What a poll, a ballot and a voter are, and who may do what: pure values, no I/O and no clock.

- `identity`: who is asking, as a token proved it
- `poll`: a poll, its options, its totals, and how totals are ordered
- `rights`: who may know of a poll, who may run it, who sees its counts
- `ballot`: an act of voting, the ballots that stand, and the receipt
- `definition`: what a client may write of a poll, and every rule about it
- `faults`: what is wrong with the shape of what a client wrote
- `text`: the rules for texts that clients write
- `alike`: which texts people could not tell apart, and which they could not see
- `searching`: what polls are found by, and what a search asks for
- `word_breaking`: how both are taken apart
- `codes`: the codes by which people enter polls
- `views`: what a client sees of a poll
- `problem`: the document that tells a refusal
- `pseudonyms`: the names of ballots in anonymous polls
- `example_poll`: the poll that the documents show
"""
