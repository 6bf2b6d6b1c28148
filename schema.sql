-- Nexus: the whole current schema, for PostgreSQL 15 and newer.
-- `nexus migrate` applies it to an empty database; a filled one is brought forward by the numbered steps of
-- nexus/store/migrations/, with the same result. Names are those of docs/contract.md.

CREATE TABLE schema_version (
    version     integer     NOT NULL PRIMARY KEY,
    applied_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE schema_version IS 'One row per schema version this database has been brought to.';

CREATE TABLE users (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username       text        NOT NULL CHECK (char_length(username) BETWEEN 1 AND 150),
    name_key       bytea       NOT NULL CHECK (octet_length(name_key) = 32),
    name_twin      integer     NOT NULL DEFAULT 0,
    email          text        CHECK (char_length(email) <= 254),
    password_hash  text,
    is_admin       boolean     NOT NULL DEFAULT false,
    disabled_at    timestamptz,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    words          tsvector    NOT NULL DEFAULT ''
);
COMMENT ON TABLE users IS
    'Accounts: hosts, administrators, registered voters. A disabled one cannot do anything. One that was invited has no '
    'password_hash until its password is set. name_key is a digest of the username as it is compared; name_twin numbers '
    'names that look the same, of which none has been added since version 3.';
CREATE UNIQUE INDEX users_name ON users (name_key, name_twin);
CREATE INDEX users_username ON users (lower(username));
CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL;
CREATE INDEX users_admins ON users (id) WHERE is_admin;

CREATE TABLE invitations (
    user_id     bigint      NOT NULL PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    digest      bytea       NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    expires_at  timestamptz NOT NULL,
    created_by  text        NOT NULL
);
COMMENT ON TABLE invitations IS
    'SHA-256 digests of the links with which an account''s password can be set, once. A new link replaces the one before. '
    'A link ends when the account gets another password or is disabled, and when created_by is no administrator any more.';

CREATE TABLE deleted_users (
    user_id     bigint      NOT NULL PRIMARY KEY,
    deleted_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_by  text        NOT NULL,
    heir        bigint,
    settled_at  timestamptz
);
COMMENT ON TABLE deleted_users IS
    'Accounts that are gone, without a name: their tokens are refused. Their polls go to the heir, or are deleted '
    'where there is none, soon after; settled_at says when the last had gone.';
CREATE INDEX deleted_users_at ON deleted_users (deleted_at);
CREATE INDEX deleted_users_unsettled ON deleted_users (user_id) WHERE settled_at IS NULL;

CREATE TABLE refresh_tokens (
    digest      bytea       NOT NULL PRIMARY KEY CHECK (octet_length(digest) = 32),
    family      uuid        NOT NULL,
    user_id     bigint      REFERENCES users ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at  timestamptz NOT NULL,
    spent_at    timestamptz,
    revoked_at  timestamptz,
    predecessor bytea,
    reusable    boolean     NOT NULL DEFAULT false,
    subject     text,
    roles       text[],
    ends_at     timestamptz,
    CONSTRAINT refresh_tokens_owner CHECK (
        (user_id IS NULL) = (subject IS NOT NULL AND roles IS NOT NULL AND ends_at IS NOT NULL)
    )
);
COMMENT ON TABLE refresh_tokens IS
    'SHA-256 digests of refresh tokens. A family descends from one login; predecessor is the token that was exchanged for '
    'this one. A spent token is reusable until a successor of it is used; from then on a use of it revokes its family. '
    'A login of an OpenID provider''s account has a subject and the roles of its beginning instead of a user, and ends at '
    'ends_at however often it is renewed; its first row holds the digest of a code that serves once.';
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);
CREATE INDEX refresh_tokens_revoked ON refresh_tokens (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE categories (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text   NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    description  text   NOT NULL DEFAULT '',
    name_key     bytea  NOT NULL CHECK (octet_length(name_key) = 32),
    name_twin    integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE categories IS 'Subjects that polls can be sorted under.';
CREATE UNIQUE INDEX categories_name ON categories (name_key, name_twin);

CREATE TABLE codes (
    code  text  NOT NULL PRIMARY KEY
);
COMMENT ON TABLE codes IS
    'Every code by which people enter, of polls and of events: none belongs to two of them. Triggers keep it.';

-- A row whose code is taken is not written, as with ON CONFLICT DO NOTHING: who writes one looks whether it is there.
CREATE FUNCTION claim_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.code IS NOT DISTINCT FROM OLD.code THEN
        RETURN NEW;
    END IF;
    IF NEW.code IS NOT NULL THEN
        INSERT INTO codes (code) VALUES (NEW.code) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM codes WHERE code = OLD.code;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION claim_code IS 'Takes the code of a new poll or event, and gives up the one before; refuses a code that is taken.';

CREATE FUNCTION free_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM codes WHERE code = OLD.code;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION free_code IS 'Gives up the code of a poll or event that is gone.';

CREATE TABLE events (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code          text        NOT NULL UNIQUE,
    title         text        NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    description   text        NOT NULL DEFAULT '',
    created_by    text        NOT NULL,
    is_public     boolean     NOT NULL DEFAULT true,
    allow_guests  boolean     NOT NULL DEFAULT true,
    shown         bigint,
    last_shown    bigint,
    revision      bigint      NOT NULL DEFAULT 1 CHECK (revision >= 1),
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    words         tsvector    NOT NULL DEFAULT ''
);
COMMENT ON TABLE events IS
    'Shows: polls in an order under one code. The row is the lock of everything about its event but the votes, and is had '
    'before those of its polls. created_by is its owner. shown is the poll that everybody is shown, last_shown the one '
    'after which its run sheet goes on. revision grows with each change of what is sent to its followers.';
CREATE INDEX events_created ON events (created_at, id);
CREATE INDEX events_title ON events (title, id);
CREATE INDEX events_owner ON events (created_by, id);
CREATE INDEX events_shown ON events (shown) WHERE shown IS NOT NULL;
CREATE INDEX events_last_shown ON events (last_shown) WHERE last_shown IS NOT NULL;
CREATE INDEX events_words ON events USING gin (words) WITH (fastupdate = off);
CREATE TRIGGER claim_code BEFORE INSERT OR UPDATE OF code ON events FOR EACH ROW EXECUTE FUNCTION claim_code();
CREATE TRIGGER free_code AFTER DELETE ON events FOR EACH ROW EXECUTE FUNCTION free_code();

CREATE TABLE event_hosts (
    event_id  bigint      NOT NULL REFERENCES events ON DELETE CASCADE,
    voter     text        NOT NULL,
    added_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (event_id, voter)
);
COMMENT ON TABLE event_hosts IS 'Co-hosts: who may do with an event what its owner may, but delete it, change its hosts or hand it over.';
CREATE INDEX event_hosts_voter ON event_hosts (voter, event_id);

CREATE TABLE event_members (
    event_id   bigint      NOT NULL REFERENCES events ON DELETE CASCADE,
    voter      text        NOT NULL,
    joined_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (event_id, voter)
);
COMMENT ON TABLE event_members IS
    'Who entered the code of an event: a private event and its polls exist for them from then on.';
CREATE INDEX event_members_voter ON event_members (voter, event_id);

CREATE TABLE polls (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text        UNIQUE,
    question        text        NOT NULL CHECK (char_length(question) BETWEEN 1 AND 500),
    description     text        NOT NULL DEFAULT '',
    category_id     bigint      REFERENCES categories ON DELETE RESTRICT,
    created_by      text        NOT NULL,
    is_public       boolean     NOT NULL DEFAULT true,
    status          text        NOT NULL CHECK (status IN ('draft', 'scheduled', 'open', 'closed')),
    opens_at        timestamptz,
    expires_at      timestamptz,
    closed_at       timestamptz,
    max_choices     integer     NOT NULL DEFAULT 1 CHECK (max_choices BETWEEN 1 AND 100),
    votes_per_user  integer     NOT NULL DEFAULT 1 CHECK (votes_per_user BETWEEN 1 AND 100),
    allow_change    boolean     NOT NULL DEFAULT true,
    allow_guests    boolean     NOT NULL DEFAULT true,
    anonymous       boolean     NOT NULL DEFAULT true,
    results         text        NOT NULL DEFAULT 'live' CHECK (results IN ('live', 'after_vote', 'after_close', 'host')),
    epoch           integer     NOT NULL DEFAULT 1 CHECK (epoch >= 1),
    version         bigint      NOT NULL DEFAULT 1 CHECK (version >= 1),
    revision        bigint      NOT NULL DEFAULT 1,
    retractions     bigint      NOT NULL DEFAULT 0,
    voters          bigint      NOT NULL DEFAULT 0 CHECK (voters >= 0),
    ballots         bigint      NOT NULL DEFAULT 0 CHECK (ballots >= voters),
    corrected_at    timestamptz,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    words           tsvector    NOT NULL DEFAULT '',
    chart           text        NOT NULL DEFAULT 'bars' CHECK (chart IN ('bars', 'columns', 'donut')),
    option_order    text        NOT NULL DEFAULT 'position' CHECK (option_order IN ('position', 'votes')),
    language        text        CHECK (char_length(language) BETWEEN 2 AND 35),
    event_id        bigint      REFERENCES events,
    position        integer,
    was_shown       boolean     NOT NULL DEFAULT false,
    CONSTRAINT polls_run_sheet UNIQUE (event_id, position) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT polls_code_or_event CHECK ((code IS NULL) = (event_id IS NOT NULL)),
    CONSTRAINT polls_position CHECK ((position IS NULL) = (event_id IS NULL) AND position >= 0),
    CHECK (opens_at IS NULL OR expires_at IS NULL OR opens_at < expires_at),
    CHECK (status <> 'scheduled' OR opens_at IS NOT NULL),
    CHECK ((status = 'closed') = (closed_at IS NOT NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE polls IS
    'Questions. The row is the lock of everything about its poll: a transaction that writes options, votes or acts of a '
    'poll holds it first (SELECT ... ORDER BY id FOR NO KEY UPDATE). created_by is a subject, which need not be a user of ours. '
    'version grows with each transaction that changes what a totals frame shows, revision with each change of '
    'definition or status, retractions with each ballot withdrawn: workers compare them to learn that they are behind. '
    'corrected_at is when a text was last corrected under ballots of this round. language is that of its texts, a tag of '
    'BCP 47, null where it is not known. position is its place in the run sheet of its event, whose created_by, is_public '
    'and allow_guests it has too, so that lists and votes need no other row. was_shown says that its event has shown it: '
    'it can be read then, even as a draft.';
-- An index for each ordering of lists, with the columns their filters need: a page is a walk along one of them.
-- A vote changes no column of any index of polls, so its update stays a HOT one; new indexes must keep to that.
CREATE INDEX polls_created ON polls (created_at, id, is_public, status, category_id);
CREATE INDEX polls_question ON polls (question, id, is_public, status, category_id);
CREATE INDEX polls_soonest ON polls (expires_at, id, is_public, status, category_id);
CREATE INDEX polls_latest ON polls (expires_at DESC NULLS LAST, id DESC, is_public, status, category_id);
CREATE INDEX polls_status ON polls (status, is_public);
CREATE INDEX polls_public ON polls (status) WHERE is_public AND status <> 'draft';
CREATE INDEX polls_category ON polls (category_id, status, is_public);
CREATE INDEX polls_owner ON polls (created_by, status, is_public, category_id, id);
CREATE INDEX polls_opening ON polls (opens_at) WHERE status = 'scheduled';
CREATE INDEX polls_expiring ON polls (expires_at) WHERE status = 'open' AND expires_at IS NOT NULL;
-- Without a list of what is pending: it grows to 4 MB, and every search reads all of it.
CREATE INDEX polls_words ON polls USING gin (words) WITH (fastupdate = off);
CREATE INDEX polls_public_words ON polls USING gin (words) WITH (fastupdate = off) WHERE is_public AND status <> 'draft';

CREATE TRIGGER claim_code BEFORE INSERT OR UPDATE OF code ON polls FOR EACH ROW EXECUTE FUNCTION claim_code();
CREATE TRIGGER free_code AFTER DELETE ON polls FOR EACH ROW EXECUTE FUNCTION free_code();
ALTER TABLE events
    ADD CONSTRAINT events_shown_fkey FOREIGN KEY (shown) REFERENCES polls,
    ADD CONSTRAINT events_last_shown_fkey FOREIGN KEY (last_shown) REFERENCES polls;

CREATE TABLE poll_members (
    poll_id    bigint      NOT NULL REFERENCES polls ON DELETE CASCADE,
    voter      text        NOT NULL,
    joined_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (poll_id, voter)
);
COMMENT ON TABLE poll_members IS 'Who entered the code of a poll: a private poll exists for them from then on.';
CREATE INDEX poll_members_voter ON poll_members (voter, poll_id);

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

CREATE TABLE options (
    id           bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    poll_id      bigint  NOT NULL REFERENCES polls ON DELETE CASCADE,
    option_text  text    NOT NULL CHECK (char_length(option_text) BETWEEN 1 AND 255),
    position     integer NOT NULL CHECK (position >= 0),
    votes_count  bigint  NOT NULL DEFAULT 0 CHECK (votes_count >= 0),
    UNIQUE (poll_id, position) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 50);
COMMENT ON TABLE options IS
    'Answers of a poll. votes_count is set in the transaction that changes the votes, and equals a recount at every commit.';

CREATE TABLE rounds (
    poll_id   bigint      NOT NULL REFERENCES polls ON DELETE CASCADE,
    epoch     integer     NOT NULL,
    options   jsonb       NOT NULL,
    ended_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (poll_id, epoch)
);
COMMENT ON TABLE rounds IS
    'Rounds that a reset has ended, with the options their ballots were cast for: [{id, option_text}] in order. '
    'Options may be renamed and deleted afterwards; an export of the round still says what was chosen.';

-- Without foreign keys, on purpose: they cost 30 % of the throughput (14,500 instead of 20,200 votes a second in
-- batches of 1000). The poll's lock keeps what they would, and `nexus verify` finds a vote without its poll or option.
-- Both keys begin with poll_id, so that the tables can be partitioned or distributed by it.
CREATE TABLE votes (
    poll_id  bigint      NOT NULL,
    epoch    integer     NOT NULL,
    voter    text        NOT NULL,
    slot     uuid        NOT NULL,
    op       uuid        NOT NULL,
    choices  bigint[]    NOT NULL CHECK (cardinality(choices) BETWEEN 1 AND 100),
    cast_at  timestamptz NOT NULL,
    PRIMARY KEY (poll_id, epoch, voter, slot)
) WITH (fillfactor = 70);  -- room for a ballot's next choice on its page: a change then costs no index an entry
COMMENT ON TABLE votes IS
    'Ballots, one row each; those of the poll''s epoch stand, those of earlier epochs are kept for export. '
    'slot is the nil UUID where a voter has one ballot, and the op that cast it where a voter has several.';

CREATE TABLE acts (
    poll_id  bigint      NOT NULL,
    voter    text        NOT NULL,
    op       uuid        NOT NULL,
    act      text        NOT NULL CHECK (act IN ('vote', 'retract')),
    choices  bigint[]    NOT NULL,
    ballot   uuid,
    outcome  text        NOT NULL CHECK (outcome IN ('recorded', 'changed', 'unchanged', 'retracted')),
    epoch    integer     NOT NULL,
    version  bigint      NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (poll_id, voter, op)
);
COMMENT ON TABLE acts IS
    'The ledger of every op that took effect and its first answer, kept as long as the poll: what makes a retry safe, '
    'and the history of votes. ballot is the op a retraction named.';
-- By the minute: the history of an anonymous poll tells no more of when somebody voted. Acts are appended in order of
-- time, so a few bytes for each hundred pages find the newest of all polls.
CREATE INDEX acts_minute ON acts (poll_id, date_trunc('minute', at AT TIME ZONE 'UTC'));
CREATE INDEX acts_at ON acts USING brin (at) WITH (autosummarize = on);

-- A batch of ballots: the arrays are parallel, one element a ballot, at most one ballot of each poll and voter.
-- In one call, so that nobody waits for a round trip while a poll is locked. Every statement in here has its own
-- snapshot: what is read after the lock was committed before it was had.
-- Everything is found by key. SET keeps a plan made while the tables were small, or by stale statistics, from scanning
-- millions of rows to find a thousand: whatever grows is reached by LATERAL ... OFFSET 0, by ctid, or by `batch_polls`.
CREATE FUNCTION record_ballots(
    poll_of    bigint[],
    voter_of   text[],
    op_of      uuid[],
    act_of     text[],     -- 'vote' or 'retract'
    choices_of text[],     -- the options, as the text of an array: rows of unequal length make no array
    round_of   integer[],  -- the epoch that the ballot is meant for; null: whichever it is
    ballot_of  uuid[],     -- which of several ballots to retract, by its op; null: all
    reach_of   text[],     -- which polls the token reaches: 'none', 'public', 'bound', 'all', and of one event 'bound:4'
                           -- or 'all:4' (nexus/domain/rights.py)
    seat_of    text[]      -- as what it votes: 'voter', 'guest' or 'screen'
) RETURNS json LANGUAGE plpgsql
SET lock_timeout = '3s' SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_mergejoin = off AS $$
DECLARE
    batch_polls bigint[] := ARRAY(SELECT DISTINCT unnest(poll_of));
    moment timestamptz;
    due bigint[];
    answer json;
BEGIN
    -- In order: every transaction takes locks in the same one, so no two wait for each other.
    PERFORM FROM polls p WHERE p.id = ANY (batch_polls) ORDER BY p.id FOR NO KEY UPDATE;
    moment := clock_timestamp();
    due := ARRAY(
        SELECT p.id FROM polls p WHERE p.id = ANY (batch_polls)
        AND ((p.status = 'scheduled' AND p.opens_at <= moment) OR (p.status = 'open' AND p.expires_at <= moment))
    );
    IF cardinality(due) > 0 THEN  -- to be opened or closed first, with all that belongs to it
        RETURN json_build_object('due', due);
    END IF;
    WITH poll AS MATERIALIZED (
        SELECT p.id, p.status, p.epoch, p.version, p.revision, p.retractions, p.voters, p.ballots, p.results,
            p.max_choices, p.votes_per_user, p.allow_change, p.allow_guests, p.is_public, p.event_id,
            p.status = 'draft' AND NOT p.was_shown AS hidden,
            p.created_by || ARRAY(SELECT h.voter FROM event_hosts h WHERE h.event_id = p.event_id) AS hosts,
            ARRAY['bound', concat('bound:', p.event_id)] AS bound, ARRAY['all', concat('all:', p.event_id)] AS whole,
            ARRAY['public', 'bound', 'all', concat('bound:', p.event_id), concat('all:', p.event_id)] AS reaches,
            ARRAY(SELECT o.id FROM options o WHERE o.poll_id = p.id) AS options
        FROM polls p WHERE p.id = ANY (batch_polls)
    ),
    -- The rules of voting (docs/contract.md, "Voting"): the first that applies. `known` is what the ledger has of the op,
    -- `own` the ballots of this voter that stand. A list without doubles has the same options as another of its length
    -- when that one contains it.
    judged AS MATERIALIZED (
        SELECT b.*, p.epoch, p.version, p.max_choices, known.choices AS first_choices, known.epoch AS first_epoch,
            known.version AS first_version, own.ballots AS standing, own.named, own.choices AS stood, own.row, own.has_op,
            CASE
                WHEN p.id IS NULL OR NOT b.reach = ANY (p.reaches) THEN 'poll_not_found'
                WHEN NOT b.reach = ANY (p.whole) AND NOT b.voter = ANY (p.hosts)
                    AND (p.hidden OR NOT (p.is_public OR b.reach = ANY (p.bound) OR CASE WHEN p.event_id IS NULL
                        THEN (SELECT count(*) FROM poll_members m WHERE m.poll_id = b.poll AND m.voter = b.voter) = 1
                        ELSE (SELECT count(*) FROM event_members m
                            WHERE m.event_id = p.event_id AND m.voter = b.voter) = 1 END))
                    THEN 'poll_not_found'
                WHEN known.act = b.act AND known.ballot IS NOT DISTINCT FROM b.ballot
                    AND cardinality(known.choices) = cardinality(b.choices) AND known.choices <@ b.choices THEN 'replayed'
                WHEN known.act IS NOT NULL THEN 'op_reused'
                WHEN b.seat = 'screen' OR (b.seat = 'guest' AND NOT p.allow_guests) THEN 'forbidden'
                WHEN b.round <> p.epoch THEN 'poll_reset'
                WHEN p.status = 'closed' THEN 'poll_closed'
                WHEN p.status <> 'open' THEN 'poll_not_open'
                WHEN b.act = 'retract' AND NOT p.allow_change THEN 'change_not_allowed'
                WHEN b.act = 'retract' AND own.named = 0 THEN 'unchanged'
                WHEN b.act = 'retract' THEN 'retracted'
                WHEN cardinality(b.choices) = 0 THEN 'no_choice'
                WHEN cardinality(b.choices) > 1
                    AND cardinality(b.choices) > (SELECT count(DISTINCT one) FROM unnest(b.choices) one)
                    THEN 'duplicate_choice'
                WHEN NOT b.choices <@ p.options THEN 'unknown_option'
                WHEN cardinality(b.choices) > p.max_choices THEN 'too_many_choices'
                WHEN p.votes_per_user > 1 AND own.ballots >= p.votes_per_user THEN 'vote_limit_reached'
                WHEN p.votes_per_user > 1 OR own.ballots = 0 THEN 'recorded'
                WHEN NOT p.allow_change THEN 'already_voted'
                WHEN cardinality(own.choices) = cardinality(b.choices) AND own.choices <@ b.choices THEN 'unchanged'
                ELSE 'changed'
            END AS outcome,
            CASE WHEN p.votes_per_user > 1 THEN b.op ELSE '00000000-0000-0000-0000-000000000000' END AS slot
        FROM (
            SELECT n, poll, voter, op, act, list::bigint[] AS choices, round, ballot, reach, seat
            FROM unnest(poll_of, voter_of, op_of, act_of, choices_of, round_of, ballot_of, reach_of, seat_of)
                WITH ORDINALITY AS b (poll, voter, op, act, list, round, ballot, reach, seat, n)
        ) b
        LEFT JOIN poll p ON p.id = b.poll
        LEFT JOIN LATERAL (
            SELECT a.* FROM acts a WHERE a.poll_id = b.poll AND a.voter = b.voter AND a.op = b.op OFFSET 0
        ) known ON true
        CROSS JOIN LATERAL (
            SELECT count(*) AS ballots, count(*) FILTER (WHERE b.ballot IS NULL OR v.op = b.ballot) AS named,
                count(*) FILTER (WHERE v.op = b.op) > 0 AS has_op, min(v.choices) AS choices, min(v.ctid) AS row
            FROM votes v WHERE v.poll_id = b.poll AND v.epoch = p.epoch AND v.voter = b.voter
        ) own
    ),
    -- The differences of each poll that a totals frame would show.
    change AS MATERIALIZED (
        SELECT poll,
            count(*) FILTER (WHERE outcome = 'recorded' AND standing = 0)
                - count(*) FILTER (WHERE outcome = 'retracted' AND standing = named) AS voters,
            count(*) FILTER (WHERE outcome = 'recorded')
                - coalesce(sum(named::integer) FILTER (WHERE outcome = 'retracted'), 0) AS ballots,
            count(*) FILTER (WHERE outcome = 'retracted') AS retractions
        FROM judged WHERE outcome IN ('recorded', 'changed', 'retracted') GROUP BY poll
    ),
    ledger AS (
        INSERT INTO acts (poll_id, voter, op, act, choices, ballot, outcome, epoch, version, at)
        SELECT j.poll, j.voter, j.op, j.act, j.choices, j.ballot, j.outcome, j.epoch,
            j.version + CASE WHEN c.poll IS NULL THEN 0 ELSE 1 END, moment
        FROM judged j LEFT JOIN change c ON c.poll = j.poll
        WHERE j.outcome IN ('recorded', 'changed', 'unchanged', 'retracted')
    ),
    added AS (
        INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at)
        SELECT poll, epoch, voter, slot, op, choices, moment FROM judged WHERE outcome = 'recorded'
    ),
    replaced AS (
        UPDATE votes v SET op = j.op, choices = j.choices, cast_at = moment FROM judged j
        WHERE v.ctid = j.row AND j.act = 'vote' AND j.outcome IN ('changed', 'unchanged')
    ),
    gone AS (
        DELETE FROM votes v WHERE v.ctid = ANY (ARRAY(
            SELECT one.row FROM judged j CROSS JOIN LATERAL (
                SELECT v.ctid AS row FROM votes v
                WHERE v.poll_id = j.poll AND v.epoch = j.epoch AND v.voter = j.voter
                AND (j.ballot IS NULL OR v.op = j.ballot) OFFSET 0
            ) one WHERE j.outcome = 'retracted'
        )) RETURNING v.choices
    ),
    moved AS MATERIALIZED (
        SELECT option, sum(votes)::bigint AS votes FROM (
            SELECT unnest(choices) AS option, 1 AS votes FROM judged WHERE outcome IN ('recorded', 'changed')
            UNION ALL SELECT unnest(stood), -1 FROM judged WHERE outcome = 'changed'
            UNION ALL SELECT unnest(choices), -1 FROM gone
        ) each GROUP BY option HAVING sum(votes) <> 0
    ),
    tally AS (
        SELECT o.poll_id AS poll,
            json_agg(json_build_array(o.id, o.votes_count + coalesce(m.votes, 0)) ORDER BY o.position) AS counts
        FROM options o LEFT JOIN moved m ON m.option = o.id WHERE o.poll_id = ANY (batch_polls) GROUP BY o.poll_id
    ),
    counted AS (
        UPDATE options o SET votes_count = o.votes_count + m.votes FROM moved m
        WHERE o.id = m.option AND o.poll_id = ANY (batch_polls)
    ),
    turned AS (
        UPDATE polls p SET version = p.version + 1, voters = p.voters + c.voters, ballots = p.ballots + c.ballots,
            retractions = p.retractions + c.retractions
        FROM change c WHERE c.poll = p.id AND p.id = ANY (batch_polls)
    )
    SELECT json_build_object(
        'outcomes', (SELECT array_agg(outcome ORDER BY n) FROM judged),
        'changed', ARRAY(SELECT poll FROM change),
        'totals', (
            SELECT json_agg(json_build_object(
                'poll', p.id, 'epoch', p.epoch, 'version', p.version + CASE WHEN c.poll IS NULL THEN 0 ELSE 1 END,
                'revision', p.revision, 'retractions', p.retractions + coalesce(c.retractions, 0),
                'status', p.status, 'policy', p.results,
                'voters', p.voters + coalesce(c.voters, 0), 'ballots', p.ballots + coalesce(c.ballots, 0),
                'counts', t.counts))
            FROM poll p JOIN tally t ON t.poll = p.id LEFT JOIN change c ON c.poll = p.id
        ),
        'replays', (
            SELECT json_object_agg(n, json_build_object(
                'options', first_choices, 'epoch', first_epoch, 'version', first_version, 'stands', has_op))
            FROM judged WHERE outcome = 'replayed'
        ),
        'most_choices', (SELECT json_object_agg(n, max_choices) FROM judged WHERE outcome = 'too_many_choices')
    ) INTO answer;
    RETURN answer;
END
$$;
COMMENT ON FUNCTION record_ballots IS
    'The transaction of a batch of ballots: locks their polls, judges each by what it then reads, and writes acts, votes, '
    'counters and versions. Returns the polls that are due to open or close, and then nothing is done; or an outcome or '
    'the code of a refusal for each ballot, and each poll''s totals.';

-- Ordered by the hashes themselves: no collation has a say, so a dump restored elsewhere has the same digest.
-- OFFSET keeps each hash from being made twice, to sort by and to add up; half a million ballots sort in memory.
CREATE FUNCTION round_digest(poll bigint, round integer) RETURNS bytea LANGUAGE sql STABLE
SET work_mem = '128MB' SET jit = off AS $$
    SELECT sha256(coalesce(string_agg(b.hash, ''::bytea ORDER BY b.hash), ''::bytea)) FROM (
        SELECT sha256(convert_to(concat_ws(' ', 'vote', char_length(v.voter), v.voter, v.slot, v.op, v.choices::text,
            (extract(epoch FROM v.cast_at) * 1000000)::bigint), 'UTF8')) AS hash
        FROM votes v WHERE v.poll_id = round_digest.poll AND v.epoch = round_digest.round
        UNION ALL
        SELECT sha256(convert_to(concat_ws(' ', 'act', char_length(a.voter), a.voter, a.op, a.act, a.choices::text,
            coalesce(a.ballot::text, '-'), a.outcome, a.version, (extract(epoch FROM a.at) * 1000000)::bigint), 'UTF8'))
        FROM acts a WHERE a.poll_id = round_digest.poll AND a.epoch = round_digest.round
        UNION ALL
        SELECT sha256(convert_to(concat_ws(' ', 'option', o.id, o.option_text), 'UTF8'))
        FROM options o JOIN polls p ON p.id = o.poll_id AND p.epoch = round_digest.round
        WHERE o.poll_id = round_digest.poll
        UNION ALL
        SELECT sha256(convert_to(concat_ws(' ', 'option', o.one ->> 'id', o.one ->> 'option_text'), 'UTF8'))
        FROM rounds r CROSS JOIN LATERAL jsonb_array_elements(r.options) AS o (one)
        WHERE r.poll_id = round_digest.poll AND r.epoch = round_digest.round
        OFFSET 0
    ) b
$$;
COMMENT ON FUNCTION round_digest IS
    'SHA-256 over one round of a poll: its ballots (who, which, by which op, when), the acts of its voters, and the texts '
    'of its options. It stands in the audit log''s row of the close or reset that ended the round.';

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

CREATE TABLE audit_log (
    id           bigint      NOT NULL PRIMARY KEY,
    "user"       text        NOT NULL,
    action       text        NOT NULL,
    target_type  text        NOT NULL,
    target_id    text        NOT NULL,
    "timestamp"  timestamptz NOT NULL,
    details      jsonb       NOT NULL,
    previous     bytea       NOT NULL,
    hash         bytea       NOT NULL,
    poll_id      bigint      GENERATED ALWAYS AS (CASE target_type WHEN 'poll' THEN target_id::bigint
                                                  WHEN 'option' THEN (details ->> 'poll')::bigint END) STORED
);
COMMENT ON TABLE audit_log IS
    'Every change of state but votes: who, what, which, when. Only ever appended to, without gaps in id; each hash '
    'covers the row and the hash before it. Without foreign keys: it outlives users and polls. '
    'poll_id is the poll whose history the row is part of.';
CREATE INDEX audit_log_target ON audit_log (target_type, target_id, id DESC);
CREATE INDEX audit_log_user ON audit_log ("user", id DESC);
CREATE INDEX audit_log_action ON audit_log (action, id DESC);
CREATE INDEX audit_log_poll ON audit_log (poll_id, id DESC) WHERE poll_id IS NOT NULL;
-- Which polls an event has had: a poll is made in its event, and stays there.
CREATE INDEX audit_log_event ON audit_log ((details ->> 'event'))
    WHERE target_type = 'poll' AND action = 'create' AND details ->> 'event' IS NOT NULL;

CREATE TABLE audit_head (
    only_row  boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (only_row),
    id        bigint  NOT NULL,
    hash      bytea   NOT NULL
);
COMMENT ON TABLE audit_head IS
    'The newest row of the audit log: so a log that lost its last rows is found out. Its lock orders the appenders.';
INSERT INTO audit_head (id, hash) VALUES (0, '');

CREATE FUNCTION audit_hash(entry audit_log) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        entry.id, entry."user", entry.action, entry.target_type, entry.target_id,
        to_char(entry."timestamp" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        entry.details, encode(entry.previous, 'hex'))::text, 'UTF8'))
$$;
COMMENT ON FUNCTION audit_hash IS 'What a row''s hash must be: over its own columns and the hash of the row before it.';

-- The head is locked last in a transaction, after the polls' locks, so no two appenders wait for each other.
CREATE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head record;
BEGIN
    SELECT id, hash INTO STRICT head FROM audit_head FOR UPDATE;
    NEW.id := head.id + 1;
    NEW.previous := head.hash;
    NEW."timestamp" := clock_timestamp();
    NEW.hash := audit_hash(NEW);
    UPDATE audit_head SET id = NEW.id, hash = NEW.hash;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_append BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_append();

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is only ever appended to' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
