-- Version 3, in parts that do not depend on each other.

COMMENT ON TABLE polls IS
    'Questions. The row is the lock of everything about its poll: a transaction that writes options, votes or acts of a '
    'poll holds it first (SELECT ... ORDER BY id FOR NO KEY UPDATE). created_by is a subject, which need not be a user of ours. '
    'version grows with each transaction that changes what a totals frame shows, revision with each change of '
    'definition or status, retractions with each ballot withdrawn: workers compare them to learn that they are behind. '
    'corrected_at is when a text was last corrected under ballots of this round.';

-- Sessions. A reply to a refresh that was lost just before the upgrade can be asked for again: the newest spent token
-- of each login is reusable, and its successor knows it. All older ones stay as they were: a use revokes the family.
-- Adding the columns rewrites nothing; a million tokens of 10,000 logins take about a second.

ALTER TABLE refresh_tokens ADD COLUMN predecessor bytea;
ALTER TABLE refresh_tokens ADD COLUMN reusable boolean NOT NULL DEFAULT false;
COMMENT ON TABLE refresh_tokens IS
    'SHA-256 digests of refresh tokens. A family descends from one login; predecessor is the token that was exchanged for '
    'this one. A spent token is reusable until a successor of it is used; from then on a use of it revokes its family. '
    'A login of an OpenID provider''s account has a subject and the roles of its beginning instead of a user, and ends at '
    'ends_at however often it is renewed; its first row holds the digest of a code that serves once.';
WITH ordered AS (
    SELECT digest, spent_at, lag(digest) OVER (PARTITION BY family ORDER BY created_at, expires_at, spent_at) AS before
    FROM refresh_tokens WHERE revoked_at IS NULL AND expires_at > clock_timestamp()
), newest AS (
    UPDATE refresh_tokens t SET predecessor = o.before FROM ordered o
    WHERE t.digest = o.digest AND o.spent_at IS NULL AND o.before IS NOT NULL
    RETURNING o.before
)
UPDATE refresh_tokens t SET reusable = true FROM newest n WHERE t.digest = n.before;

-- Logins with an OpenID provider. The check reads the table once: a million tokens take a tenth of a second.
ALTER TABLE refresh_tokens ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE refresh_tokens ADD COLUMN subject text;
ALTER TABLE refresh_tokens ADD COLUMN roles text[];
ALTER TABLE refresh_tokens ADD COLUMN ends_at timestamptz;
ALTER TABLE refresh_tokens ADD CONSTRAINT refresh_tokens_owner CHECK (
    (user_id IS NULL) = (subject IS NOT NULL AND roles IS NOT NULL AND ends_at IS NOT NULL)
);

-- Accounts.

ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;
COMMENT ON TABLE users IS
    'Accounts: hosts, administrators, registered voters. A disabled one cannot do anything. One that was invited has no '
    'password_hash until its password is set. name_key is a digest of the username as it is compared; name_twin numbers '
    'names that look the same, of which none has been added since version 3.';
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

-- Search and texts. No two names look the same from now on; those that do already are told apart by a number.
ALTER TABLE users ADD COLUMN name_key bytea CHECK (octet_length(name_key) = 32),
    ADD COLUMN name_twin integer NOT NULL DEFAULT 0, ADD COLUMN words tsvector NOT NULL DEFAULT '';
ALTER TABLE categories ADD COLUMN name_key bytea CHECK (octet_length(name_key) = 32),
    ADD COLUMN name_twin integer NOT NULL DEFAULT 0;
DROP INDEX users_username, categories_name;
CREATE INDEX users_username ON users (lower(username));
-- The column that was generated is written by the application, from options and code too; without its
-- indexes it is filled several times as fast.
ALTER TABLE polls ALTER COLUMN words DROP EXPRESSION;
DROP INDEX polls_words, polls_public_words;

-- Corrections. A column without a default: the rows stay as they are.
ALTER TABLE polls ADD COLUMN corrected_at timestamptz;

-- Here the fill of this step runs (FILLS in nexus/store/schema.py).
ALTER TABLE users ALTER COLUMN name_key SET NOT NULL;
ALTER TABLE categories ALTER COLUMN name_key SET NOT NULL;
CREATE UNIQUE INDEX users_name ON users (name_key, name_twin);
CREATE UNIQUE INDEX categories_name ON categories (name_key, name_twin);
ALTER TABLE polls ALTER COLUMN words SET DEFAULT '', ALTER COLUMN words SET NOT NULL;
CREATE INDEX polls_words ON polls USING gin (words) WITH (fastupdate = off);
CREATE INDEX polls_public_words ON polls USING gin (words) WITH (fastupdate = off) WHERE is_public AND status <> 'draft';
