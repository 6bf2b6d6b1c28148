"""The promises of the contract end to end: real servers, REST and sockets together."""
