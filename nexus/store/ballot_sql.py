"""The statements of a batch of ballots, in the order in which they run. Arrays are parallel: one element a ballot."""

PLANS = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; "
    "SET LOCAL enable_bitmapscan = off; SET LOCAL plan_cache_mode = force_generic_plan"
)
"""Everything here is found by key. A plan made while the tables were small, or by stale statistics, would scan or
hash millions of rows to find a thousand."""

LOCK = "SELECT id FROM polls WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE"
"""$1 polls. ORDER BY: every transaction takes locks in the same order, so no two wait for each other."""

READ = """
SELECT p.id, p.status, p.epoch, p.version, p.revision, p.retractions, p.voters, p.ballots, p.max_choices,
       p.votes_per_user, p.allow_change, p.allow_guests, p.is_public, p.created_by, p.results,
       o.ids AS options, o.counts,
       (p.status = 'scheduled' AND p.opens_at <= t.now) OR (p.status = 'open' AND p.expires_at <= t.now) AS due,
       t.now
FROM polls p
CROSS JOIN (SELECT clock_timestamp() AS now) t
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(id ORDER BY position), '{}') AS ids,
           coalesce(array_agg(votes_count ORDER BY position), '{}') AS counts
    FROM options WHERE poll_id = p.id
) o
WHERE p.id = ANY($1::bigint[])
"""
"""$1 polls. After LOCK: this statement has its own snapshot, and a clock read when the wait was over."""

KNOWN = """
SELECT b.n, a.op, a.act, a.choices, a.ballot, a.outcome, a.epoch, a.version
FROM unnest($1::bigint[], $2::text[], $3::uuid[]) WITH ORDINALITY AS b (poll, voter, op, n)
JOIN acts a ON a.poll_id = b.poll AND a.voter = b.voter AND a.op = b.op
"""
"""$1 polls, $2 voters, $3 ops: which ops the ledger knows, by the ballot's number from 1."""

STANDING = """
SELECT b.n, v.slot, v.op, v.choices
FROM unnest($1::bigint[], $2::integer[], $3::text[]) WITH ORDINALITY AS b (poll, epoch, voter, n)
JOIN votes v ON v.poll_id = b.poll AND v.epoch = b.epoch AND v.voter = b.voter
"""
"""$1 polls, $2 their epochs, $3 voters: the ballots that stand, by the ballot's number from 1."""

JOINED = """
SELECT b.n FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS b (poll, voter, n)
JOIN poll_members m ON m.poll_id = b.poll AND m.voter = b.voter
"""
"""$1 polls, $2 voters: who entered the poll's code."""

WRITE = """
WITH ledger AS (
    INSERT INTO acts (poll_id, voter, op, act, choices, ballot, outcome, epoch, version, at)
    SELECT a.poll, a.voter, a.op, a.act, a.choices::bigint[], a.ballot, a.outcome, a.epoch, a.version, $1
    FROM unnest($2::bigint[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::text[],
                $9::integer[], $10::bigint[])
         AS a (poll, voter, op, act, choices, ballot, outcome, epoch, version)
), cast_votes AS (
    INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at)
    SELECT v.poll, v.epoch, v.voter, v.slot, v.op, v.choices::bigint[], $1
    FROM unnest($11::bigint[], $12::integer[], $13::text[], $14::uuid[], $15::uuid[], $16::text[])
         AS v (poll, epoch, voter, slot, op, choices)
    ON CONFLICT (poll_id, epoch, voter, slot)
    DO UPDATE SET op = excluded.op, choices = excluded.choices, cast_at = excluded.cast_at
), dropped AS (
    DELETE FROM votes v
    USING unnest($17::bigint[], $18::integer[], $19::text[], $20::uuid[]) AS d (poll, epoch, voter, slot)
    WHERE v.poll_id = d.poll AND v.epoch = d.epoch AND v.voter = d.voter AND v.slot = d.slot
), counted AS (
    UPDATE options o SET votes_count = o.votes_count + c.difference
    FROM unnest($21::bigint[], $22::bigint[]) AS c (id, difference) WHERE o.id = c.id
)
UPDATE polls p SET version = p.version + 1, voters = p.voters + c.voters, ballots = p.ballots + c.ballots,
                   retractions = p.retractions + c.retractions
FROM unnest($23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[]) AS c (id, voters, ballots, retractions)
WHERE p.id = c.id
"""
"""Everything a batch changes, in one round trip. $1 the time; acts $2-$10; ballots that stand $11-$16; ballots that
no longer stand $17-$20; differences of options $21-$22 and of polls whose totals change $23-$26."""
