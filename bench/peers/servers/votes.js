// Votes in PostgreSQL, for both servers on Node: a pool, and a transaction as node-postgres documents it.
import { readFile } from "node:fs/promises";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

export async function createTables() {
  await pool.query(await readFile(new URL("tables.sql", import.meta.url), "utf8"));
}

// The totals of a poll, and what this voter has chosen there.
export async function readPoll(poll, voter) {
  const { rows } = await pool.query({
    name: "read",
    text: `SELECT polls.version, options.id, options.votes, ballots.option_id
           FROM polls JOIN options ON options.poll_id = polls.id
           LEFT JOIN ballots ON ballots.poll_id = polls.id AND ballots.voter = $2
           WHERE polls.id = $1 ORDER BY options.id`,
    values: [poll, voter],
  });
  const options = rows.map(({ id, votes }) => ({ id, votes }));
  return { poll, version: rows[0].version, options, choice: rows[0].option_id };
}

// One vote, committed; returns the totals after it. The poll's row is locked before its options are counted, and as late as
// can be: totals never lack an earlier vote, and no two votes wait for each other.
export async function vote(poll, voter, option) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const { rows: [{ previous_id }] } = await client.query({
      name: "ballot",
      text: `INSERT INTO ballots VALUES ($1, $2, $3)
             ON CONFLICT (poll_id, voter) DO UPDATE
             SET previous_id = ballots.option_id, option_id = excluded.option_id RETURNING previous_id`,
      values: [poll, voter, option],
    });
    const { rows: [{ version }] } = await client.query({
      name: "lock",
      text: "UPDATE polls SET version = version + 1 WHERE id = $1 RETURNING version",
      values: [poll],
    });
    const { rows: options } = await client.query({
      name: "count",
      text: `UPDATE options SET votes = votes + (id = $2)::integer - (id = $3)::integer
             WHERE poll_id = $1 RETURNING id, votes`,
      values: [poll, option, previous_id ?? 0],
    });
    await client.query("COMMIT");
    return { poll, version, options };
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}
