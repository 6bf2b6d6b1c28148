"""Who watches which poll, and how the newest totals reach all of them. Nothing here knows WebSocket.

- `hub`: keeps a worker's rooms in step with its commits, the bus and the database.
- `healing`: compares them with the database every second.
- `chores`: what the hub does for rooms beside its callers.
- `gathering`, `attendance`: which voters are in a room, on this worker and over all workers.
- `verifying`: whose ballots still stand.
- `lobby`: those who wait for a poll that nobody may see yet.
- `room`, `viewer`: one watched poll: its newest state, and its viewers. `entering`: how one is let in.
- `following`: which events are followed, and how their rooms learn that they have moved.
- `event_room`, `follower`: one followed event: its newest state, and its followers. `moving`: how they are moved.
- `fanout`: when rooms are sent, and for how long at a time.
- `writing`: what each viewer is sent.
- `encoded`: the frames of a room, each encoded once.
- `frame`: one encoded message, shared by all sockets that it goes to.
"""
