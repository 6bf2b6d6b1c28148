-- Version 3, in parts that do not depend on each other.

COMMENT ON TABLE polls IS
    'Questions. The row is the lock of everything about its poll: a transaction that writes options, votes or acts of a '
    'poll holds it first (SELECT ... ORDER BY id FOR NO KEY UPDATE). created_by is a subject, which need not be a user of ours. '
    'version grows with each transaction that changes what a totals frame shows, revision with each change of '
    'definition or status, retractions with each ballot withdrawn: workers compare them to learn that they are behind. '
    'corrected_at is when a text was last corrected under ballots of this round.';

-- Sessions.

-- Accounts.

-- Search and texts.

-- Corrections. A column without a default: the rows stay as they are.
ALTER TABLE polls ADD COLUMN corrected_at timestamptz;
