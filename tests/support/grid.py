"""Tables of tests as text that a person can read and check."""

from __future__ import annotations

Cells = dict[str, str]


def grid(text: str) -> dict[tuple[str, ...], Cells]:
    """A table of words: the first line names the columns, every other begins with the words that name it.

    Bars only help the eye, but for the first of a line, after which the cells begin. A line with a cell too few or too
    many, or with the name of an earlier one, fails.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    columns = lines[0].replace("|", " ").split()
    assert len(set(columns)) == len(columns), columns
    table: dict[tuple[str, ...], Cells] = {}
    for line in lines[1:]:
        label, _, after = line.partition("|")
        name, cells = tuple(label.split()), after.replace("|", " ").split()
        assert len(cells) == len(columns) and name not in table, line
        table[name] = dict(zip(columns, cells, strict=True))
    return table
