"""What a start prints of how people get in: what is true, and one line for each address."""

from __future__ import annotations

import sys

import pytest

from nexus.access.public_address import read_address
from nexus.cli import main, serving
from nexus.cli.serving import Banner
from nexus.settings import Settings
from tests.support.checkout import ROOT


def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, hosts: list[str], **given: str) -> str:
    """What a server on port 8000 prints, whose machine has `hosts` in the network."""
    monkeypatch.setattr(serving, "lan_hosts", lambda _: hosts)
    banner = Banner(Settings.load(given), 8000)
    banner.take_password("secret")
    banner.show()
    return capsys.readouterr().out


def test_a_start_for_this_machine_says_how_to_let_phones_in(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = shown(capsys, monkeypatch, [])
    assert (
        "\nNexus serves http://127.0.0.1:8000\nOnly this computer can open it; to let phones in, start it with --lan\n"
        in text
    )
    assert "Log in at http://127.0.0.1:8000/host as admin with the password secret (shown only now)\n" in text


@pytest.mark.parametrize(("host", "local"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])
def test_a_start_for_the_network_names_every_way_in(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, host: str, local: str
) -> None:
    text = shown(capsys, monkeypatch, ["192.168.1.20", "[2a01:4f8::5]"], NEXUS_HOST=host)
    ways = "Phones on the same network open\n  http://192.168.1.20:8000\n  http://[2a01:4f8::5]:8000\n"
    assert f"\nNexus serves http://{local}:8000\n{ways}If they cannot, look for a firewall on port 8000\n" in text
    assert f"Log in at http://{local}:8000/host" in text


def test_a_start_without_a_network_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No network was found that phones could be on\n" in shown(capsys, monkeypatch, [], NEXUS_HOST="0.0.0.0")


def test_a_start_at_one_address_names_it_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = shown(capsys, monkeypatch, ["192.168.1.20"], NEXUS_HOST="192.168.1.20")
    assert text.startswith("\nNexus serves http://192.168.1.20:8000\n\nLog in at http://192.168.1.20:8000/host")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_start_with_a_public_address_names_that(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    public = "https://example.org/nexus"
    assert read_address(public).url("") == public
    text = shown(capsys, monkeypatch, ["192.168.1.20"], NEXUS_HOST=host, NEXUS_PUBLIC_URL=public)
    assert f"Nexus serves http://127.0.0.1:8000\nPeople reach it at {public} (NEXUS_PUBLIC_URL)\n" in text
    assert f"Log in at {public}/host" in text
    assert "192.168" not in text and "--lan" not in text


def test_the_readme_shows_what_a_start_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "executable", str(ROOT / ".venv" / "bin" / "python"))
    text = shown(capsys, monkeypatch, ["192.168.0.17"], NEXUS_HOST="0.0.0.0").strip()
    block = "\n".join(f"   {line}".rstrip() for line in text.splitlines())
    assert f"```text\n{block}\n   ```" in (ROOT / "README.md").read_text("utf-8").replace("4nkrX8OOGznUCebo", "secret")


def test_lan_is_one_way_to_say_where_to_listen(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--lan", "--host", "127.0.0.1"])
    assert ended.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err
