"""What tests share. Nothing here is a test.

Small things:
- `values` (JSON objects, new ops), `waiting` (waits with a bound), `clock` (a clock set by hand), `grid` (tables as
  text), `checkout` (where the repository is), `documented` (answers and frames held against the documents),
  `counts_told` (whether a text tells a count).

Servers and what they need:
- `postgres_server`, `driven_database`, `private_server` (the private PostgreSQL), `redis_server`, `redis_cluster`.
- `served`: `nexus serve` as a process; `forked` starts it quickly; `shared_servers`: one for all tests of a file;
  `command`: any command.
- `rest` and `sockets`: the REST interface and a whole worker inside the test's process.
- `scripted_server`: a server for the Python client that says what the test tells it to; `node`: Node, for the
  JavaScript client.

Who votes and watches:
- `audience` (voters with devices at a real server), with `audience_acts`, `audience_http`, `audience_socket` and
  `frame_checker` (no two sockets are shown different things).
- `crowd` (each voter with a mind of its own), `fault_crowd` and `timed_viewers` (for faults), `answer_book` (what they
  were answered, held against the ledger).
- `attacks` (clients that attack, as programs) and `attack_scene` (what others feel of them).
- `browser`, and on it the pages `vote_page`, `live_page` and `host_page`.

Parts of a server by themselves:
- `ballots` (polls and ballots in the store), `voting_model` (the rules once more), `rooms` and `hub`, `listening` (a
  listener on the bus), `line_app` (lines of sockets), `leak_scene` (who sees counts).
- `exports` and `workbooks` (files as their readers see them), `invitations`, `leaving` (accounts that are deleted).
"""
