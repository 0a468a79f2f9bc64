"""`rbutton build`: what goes to the browsers' stores."""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from rbutton.browsers.packing import packed
from rbutton.browsers.table import Family
from rbutton.cli import main
from tests.machine import CHECKOUT

NAMES = ["rbutton-0.1.0.xpi", "rbutton-0.1.0.zip"]


def manifest_in(path: Path) -> Any:
    """The extension's manifest in that archive."""
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("manifest.json"))


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """The folder of both files."""
    assert main(["build", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES
    return tmp_path


def test_all_of_the_extension_is_in_both(built: Path) -> None:
    extension = CHECKOUT / "extension"
    wanted = {
        path.relative_to(extension).as_posix(): path.read_bytes()
        for path in extension.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    for name in NAMES:
        with zipfile.ZipFile(built / name) as archive:
            assert archive.testzip() is None
            held = {each: archive.read(each) for each in archive.namelist()}
        held.pop("manifest.json")
        assert held == wanted


@pytest.mark.parametrize("family", Family)
def test_the_same_extension_gives_the_same_bytes(tmp_path: Path, family: Family) -> None:
    """Whenever and by whomever it was written, and in whatever order the disk lists it."""
    copy = tmp_path / "copy"
    copy.mkdir()
    source = CHECKOUT / "extension"
    paths = [path for path in source.rglob("*") if path.is_file()]
    for path in sorted(paths, reverse=True):
        target = copy / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(0o600)
    (copy / ".file.swp").write_text("an editor's")
    assert packed(copy, family) == packed(source, family)


def test_a_store_gives_the_id_and_the_rest_is_as_in_the_repository(built: Path) -> None:
    whole = json.loads((CHECKOUT / "extension" / "manifest.json").read_text("utf-8"))
    chromium, firefox = (manifest_in(built / name) for name in reversed(NAMES))
    assert "key" in whole
    assert whole.keys() - chromium.keys() == {"key", "browser_specific_settings"}
    assert whole.keys() - firefox.keys() == {"key", "minimum_chrome_version"}
    assert firefox["browser_specific_settings"]["gecko"]["id"] == "rbutton@rbutton.org"
    assert chromium["background"] == {"service_worker": "background.js", "type": "module"}
    assert firefox["background"] == {"scripts": ["background.js"], "type": "module"}


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", str(tmp_path / "missing")]) == 3
    assert "cannot be written" in capsys.readouterr().err


def test_no_private_key_is_in_the_repository() -> None:
    """None that a store or a browser would take for the extension's; tests make their own."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    names = [CHECKOUT / name.decode() for name in listed.stdout.split(b"\0") if name]
    there = [path for path in names if path.is_file()]
    assert CHECKOUT / "extension" / "manifest.json" in there
    assert not [path for path in there if path.suffix in {".pem", ".crx", ".p12", ".pfx"}]
    begins = b"-----BEGIN " + b"PRIVATE KEY"
    kinds = [begins, *(begins.replace(b"PRIV", kind + b" PRIV") for kind in (b"RSA", b"EC"))]
    assert not [path for path in there if any(each in path.read_bytes() for each in kinds)]
