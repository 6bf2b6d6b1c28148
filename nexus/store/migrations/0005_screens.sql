-- Version 5: how a poll is drawn and in which language its texts are, codes that pair a screen, and brands. Columns with
-- constant defaults are added without rewriting a row, so the step takes no time, and workers of version 4 that still
-- run go on.

ALTER TABLE polls
    ADD COLUMN chart text NOT NULL DEFAULT 'bars' CHECK (chart IN ('bars', 'columns', 'donut')),
    ADD COLUMN option_order text NOT NULL DEFAULT 'position' CHECK (option_order IN ('position', 'votes')),
    ADD COLUMN language text CHECK (char_length(language) BETWEEN 2 AND 35);
COMMENT ON TABLE polls IS
    'Questions. The row is the lock of everything about its poll: a transaction that writes options, votes or acts of a '
    'poll holds it first (SELECT ... ORDER BY id FOR NO KEY UPDATE). created_by is a subject, which need not be a user of ours. '
    'version grows with each transaction that changes what a totals frame shows, revision with each change of '
    'definition or status, retractions with each ballot withdrawn: workers compare them to learn that they are behind. '
    'corrected_at is when a text was last corrected under ballots of this round. language is that of its texts, a tag of '
    'BCP 47, null where it is not known.';

CREATE TABLE pairings (
    digest      bytea       NOT NULL PRIMARY KEY CHECK (octet_length(digest) = 32),
    poll_id     bigint      NOT NULL REFERENCES polls ON DELETE CASCADE,
    voter       text        NOT NULL,
    login       text        NOT NULL,
    made_in     text        NOT NULL,
    role        text        NOT NULL CHECK (role IN ('screen', 'presenter')),
    expires_at  timestamptz NOT NULL
);
COMMENT ON TABLE pairings IS
    'SHA-256 digests of the codes with which another device becomes a screen of a poll or presents it, once. voter is the '
    'host that made the code, in whose name its token will be. login is what the token will descend from, the empty '
    'string where nothing can end it. made_in is the login in which the code was made, the empty string where its token named '
    'none: a code is worth nothing once either has ended.';
CREATE INDEX pairings_poll ON pairings (poll_id);
CREATE INDEX pairings_expiry ON pairings (expires_at);

CREATE TABLE logos (
    digest  text    NOT NULL PRIMARY KEY,
    png     bytea   NOT NULL,
    width   integer NOT NULL CHECK (width BETWEEN 1 AND 1024),
    height  integer NOT NULL CHECK (height BETWEEN 1 AND 1024)
);
COMMENT ON TABLE logos IS 'Pictures of brands, each made anew from its pixels, under a digest of its bytes.';

CREATE TABLE brands (
    owner       text        NOT NULL PRIMARY KEY,
    name        text        NOT NULL DEFAULT '',
    accent      text        CHECK (accent ~ '^#[0-9a-f]{6}$'),
    stage       text        NOT NULL DEFAULT 'auto' CHECK (stage IN ('auto', 'light', 'dark')),
    logo        text        REFERENCES logos,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE brands IS
    'How pages look: name, logo, colour and stage of the operator (owner ''site'') and of hosts (''user:12'').';
CREATE INDEX brands_logo ON brands (logo);
