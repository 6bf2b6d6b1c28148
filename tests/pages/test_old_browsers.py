"""What the pages ask of a browser: nothing that the oldest ones lack (docs/screens.md, "Browsers").

What is only nicer where it exists stands behind a question in the script, or has another value before it in the sheet.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nexus.http.framework.static import WEB

SCRIPTS = sorted(path for path in WEB.rglob("*.js") if "swagger" not in path.parts)
SHEETS = sorted((WEB / "screens").rglob("*.css"))
LATER = {
    # What a script could use without asking first, and the Safari in which it appeared.
    r"AbortSignal\.(timeout|any)": 16,
    r"\bstructuredClone\(": 15.4,
    r"\.(at|findLast|findLastIndex)\(": 15.4,
    r"\.(toSorted|toReversed|toSpliced)\(": 16,
    r"Object\.hasOwn\(": 15.4,
    r"(Object|Map)\.groupBy\(": 17.4,
    r"Promise\.withResolvers": 17.4,
    r"Array\.fromAsync": 16.4,
    r"URL\.(canParse|parse)\(": 17,
    r"\bcheckVisibility\(": 17.4,
    r"crypto\.randomUUID": 15.4,
    r"\(\?<[=!]": 16.4,
    r"\bstatic \{": 16.4,
    r"\.(difference|intersection|union|isSubsetOf|isSupersetOf)\(": 17,
    r"\b(isWellFormed|toWellFormed)\(": 16.4,
    r"requestIdleCallback\(": 99,
}
LATER_STYLES = {
    r"light-dark\(": 17.5,
    r"@container": 16,
    r"@media[^{]*[<>]": 16.4,
    r"@scope": 17.4,
    r"@starting-style": 17.5,
    r"@property": 16.4,
    r"(?m)^\s*&": 17.2,
    r"oklch\(": 15.4,
    r"\bsubgrid\b": 16,
}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(WEB).as_posix())
def test_a_script_uses_nothing_that_old_browsers_lack(path: Path) -> None:
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert [name for name in LATER if re.search(name, text)] == []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.relative_to(WEB).as_posix())
def test_a_sheet_uses_nothing_that_old_browsers_lack(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert [name for name in LATER_STYLES if re.search(name, text)] == []
