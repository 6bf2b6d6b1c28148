-- Version 6: events. What is stored of votes does not change, and no row of them is read or written: the time is that of
-- reading the polls, to take their codes and to index them. Workers of version 5 that still run go on with polls of their
-- own; of those of events they know neither code nor co-hosts.

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

INSERT INTO codes (code) SELECT code FROM polls;

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

ALTER TABLE polls
    ALTER COLUMN code DROP NOT NULL,
    ADD COLUMN event_id bigint REFERENCES events,
    ADD COLUMN position integer,
    ADD COLUMN was_shown boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT polls_run_sheet UNIQUE (event_id, position) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT polls_code_or_event CHECK ((code IS NULL) = (event_id IS NOT NULL)),
    ADD CONSTRAINT polls_position CHECK ((position IS NULL) = (event_id IS NULL) AND position >= 0);
COMMENT ON TABLE polls IS
    'Questions. The row is the lock of everything about its poll: a transaction that writes options, votes or acts of a '
    'poll holds it first (SELECT ... ORDER BY id FOR NO KEY UPDATE). created_by is a subject, which need not be a user of ours. '
    'version grows with each transaction that changes what a totals frame shows, revision with each change of '
    'definition or status, retractions with each ballot withdrawn: workers compare them to learn that they are behind. '
    'corrected_at is when a text was last corrected under ballots of this round. language is that of its texts, a tag of '
    'BCP 47, null where it is not known. position is its place in the run sheet of its event, whose created_by, is_public '
    'and allow_guests it has too, so that lists and votes need no other row. was_shown says that its event has shown it: '
    'it can be read then, even as a draft.';
CREATE TRIGGER claim_code BEFORE INSERT OR UPDATE OF code ON polls FOR EACH ROW EXECUTE FUNCTION claim_code();
CREATE TRIGGER free_code AFTER DELETE ON polls FOR EACH ROW EXECUTE FUNCTION free_code();
ALTER TABLE events
    ADD CONSTRAINT events_shown_fkey FOREIGN KEY (shown) REFERENCES polls,
    ADD CONSTRAINT events_last_shown_fkey FOREIGN KEY (last_shown) REFERENCES polls;

-- Which polls an event has had: a poll is made in its event, and stays there.
CREATE INDEX audit_log_event ON audit_log ((details ->> 'event'))
    WHERE target_type = 'poll' AND action = 'create' AND details ->> 'event' IS NOT NULL;

-- A batch of ballots: the arrays are parallel, one element a ballot, at most one ballot of each poll and voter.
-- In one call, so that nobody waits for a round trip while a poll is locked. Every statement in here has its own
-- snapshot: what is read after the lock was committed before it was had.
-- Everything is found by key. SET keeps a plan made while the tables were small, or by stale statistics, from scanning
-- millions of rows to find a thousand: whatever grows is reached by LATERAL ... OFFSET 0, by ctid, or by `batch_polls`.
CREATE OR REPLACE FUNCTION record_ballots(
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
