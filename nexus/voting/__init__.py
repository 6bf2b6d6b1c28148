"""How a vote is counted: the ballot box, the newest totals, opening and closing on time, the recount."""
