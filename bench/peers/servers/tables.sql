-- The same few tables for every peer, the one poll that all vote in, and a ballot of
-- every voter: whoever joins finds its own.
CREATE TABLE polls (
    id integer PRIMARY KEY,
    version integer NOT NULL DEFAULT 0
);
CREATE TABLE options (
    id integer PRIMARY KEY,
    poll_id integer NOT NULL,
    votes integer NOT NULL DEFAULT 0
);
CREATE TABLE ballots (
    poll_id integer,
    voter text,
    option_id integer NOT NULL,
    previous_id integer, -- what a vote has to take back
    PRIMARY KEY (poll_id, voter)
);
INSERT INTO polls VALUES (1);
INSERT INTO options VALUES (1, 1, 20000), (2, 1, 0);
INSERT INTO ballots SELECT 1, 'user:' || n, 1 FROM generate_series(0, 19999) n;
