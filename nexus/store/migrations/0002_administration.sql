-- Version 2: rounds keep the options they were about, a close or reset its ballots' digest, the audit log its head and
-- the poll each row belongs to; the history of votes is listed by time.

CREATE INDEX refresh_tokens_revoked ON refresh_tokens (revoked_at) WHERE revoked_at IS NOT NULL;

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

-- By the minute: the history of an anonymous poll tells no more of when somebody voted. Acts are appended in order of
-- time, so a few bytes for each hundred pages find the newest of all polls.
CREATE INDEX acts_minute ON acts (poll_id, date_trunc('minute', at AT TIME ZONE 'UTC'));
CREATE INDEX acts_at ON acts USING brin (at) WITH (autosummarize = on);

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

ALTER TABLE audit_log ADD COLUMN poll_id bigint GENERATED ALWAYS AS (CASE target_type WHEN 'poll' THEN target_id::bigint
                                                  WHEN 'option' THEN (details ->> 'poll')::bigint END) STORED;
COMMENT ON TABLE audit_log IS
    'Every change of state but votes: who, what, which, when. Only ever appended to, without gaps in id; each hash '
    'covers the row and the hash before it. Without foreign keys: it outlives users and polls. '
    'poll_id is the poll whose history the row is part of.';
CREATE INDEX audit_log_poll ON audit_log (poll_id, id DESC) WHERE poll_id IS NOT NULL;

CREATE TABLE audit_head (
    only_row  boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (only_row),
    id        bigint  NOT NULL,
    hash      bytea   NOT NULL
);
COMMENT ON TABLE audit_head IS
    'The newest row of the audit log: so a log that lost its last rows is found out. Its lock orders the appenders.';
LOCK TABLE audit_log IN EXCLUSIVE MODE;
INSERT INTO audit_head (id, hash)
SELECT coalesce(max(l.id), 0), coalesce((SELECT hash FROM audit_log ORDER BY id DESC LIMIT 1), '') FROM audit_log l;

-- The head is locked last in a transaction, after the polls' locks, so no two appenders wait for each other.
CREATE OR REPLACE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
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

DROP INDEX polls_public, polls_newest, polls_owner, polls_category, polls_words;
-- An index for each ordering of lists, which also holds what their filters ask for: a page is a walk along one of them.
-- A vote changes no column of any index of polls, so its update stays a HOT one; new indexes must keep to that.
CREATE INDEX polls_created ON polls (created_at, id, is_public, status, category_id);
CREATE INDEX polls_question ON polls (question, id, is_public, status, category_id);
CREATE INDEX polls_soonest ON polls (expires_at, id, is_public, status, category_id);
CREATE INDEX polls_latest ON polls (expires_at DESC NULLS LAST, id DESC, is_public, status, category_id);
CREATE INDEX polls_status ON polls (status, is_public);
CREATE INDEX polls_public ON polls (status) WHERE is_public AND status <> 'draft';
CREATE INDEX polls_category ON polls (category_id, status, is_public);
CREATE INDEX polls_owner ON polls (created_by, status, is_public, category_id, id);
-- Without a list of what is pending: it grows to 4 MB, and every search reads all of it.
CREATE INDEX polls_words ON polls USING gin (words) WITH (fastupdate = off);
CREATE INDEX polls_public_words ON polls USING gin (words) WITH (fastupdate = off) WHERE is_public AND status <> 'draft';
