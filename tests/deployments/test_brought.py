"""What is brought in pieces comes whole or not at all: a piece that is missing, cut or another's is one error that names it."""

import shutil
from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tests.bench import brought
from tests.bench.brought import READY, cut, install, join, lacking

MOST = 20_000


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A model cut into pieces: a file of several pieces' size, one in a folder, and a link as the hub's cache has them."""
    model = tmp_path / "source"
    (model / "more").mkdir(parents=True)
    (model / "model.safetensors").write_bytes(bytes(range(250)) * 200)
    (model / "more" / "config.json").write_text("{}")
    (model / "link.json").symlink_to(model / "more" / "config.json")
    cut(model, tmp_path / "brought", "model", MOST)
    return tmp_path / "brought"


def test_a_folder_comes_back_as_it_was(place: Path, tmp_path: Path) -> None:
    pieces = sorted(place.glob("model.tar.*"))
    assert len(pieces) >= 3 and all(piece.stat().st_size <= MOST for piece in pieces)
    join(place, "model", tmp_path / "model")
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == bytes(range(250)) * 200
    assert (tmp_path / "model" / "link.json").read_text() == "{}" and not (tmp_path / "model" / "link.json").is_symlink()


def test_what_is_whole_is_not_joined_again_and_what_changed_is(place: Path, tmp_path: Path) -> None:
    join(place, "model", tmp_path / "model")
    (tmp_path / "model" / "mark").touch()
    join(place, "model", tmp_path / "model")
    assert (tmp_path / "model" / "mark").exists()
    cut(tmp_path / "source" / "more", place, "model", MOST)  # another model, of fewer pieces
    join(place, "model", tmp_path / "model")
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [READY, "config.json"]


def test_a_missing_piece_is_named(place: Path, tmp_path: Path) -> None:
    (place / "model.tar.001").unlink()
    with pytest.raises(InputError, match=r"model\.tar\.001 is not there: it is in the list .*model\.sha256; bring it, too$"):
        join(place, "model", tmp_path / "model")
    assert not (tmp_path / "model" / READY).exists()


@pytest.mark.parametrize("piece", [0, 1, -1])
def test_a_piece_that_was_cut_off_is_named(place: Path, tmp_path: Path, piece: int) -> None:
    broken = sorted(place.glob("model.tar.*"))[piece]
    broken.write_bytes(broken.read_bytes()[:-1])
    with pytest.raises(InputError, match=rf"{broken.name} is not as it was cut \([\d,]+ bytes, another checksum\); bring it again$"):
        join(place, "model", tmp_path / "model")


def test_pieces_in_each_other_s_places_are_an_error(place: Path, tmp_path: Path) -> None:
    shutil.copy(place / "model.tar.000", place / "model.tar.001")
    with pytest.raises(InputError, match=r"model\.tar\.001 is not as it was cut"):
        join(place, "model", tmp_path / "model")


def test_pieces_without_their_list_and_a_folder_that_is_none_are_errors(place: Path, tmp_path: Path) -> None:
    (place / "model.sha256").unlink()
    with pytest.raises(InputError, match=r"model\.sha256 is not there, the list of the pieces model\.tar\.\*; make both by"):
        join(place, "model", tmp_path / "model")
    with pytest.raises(InputError, match="nowhere is no folder"):
        cut(tmp_path / "nowhere", place, "model")


def test_a_folder_without_wheels_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no wheel \(\*\.whl\)"):
        install(tmp_path, tmp_path / "venv")


def test_packages_that_are_not_installed_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text(
        '[project]\ndependencies = ["polars>=1", "no-such-one"]\noptional-dependencies = {vllm = ["nor-this[x]>=0.31,<1"]}\n'
    )
    monkeypatch.setattr(brought, "PYPROJECT", project)
    assert (lacking(), lacking(["vllm"])) == (["no-such-one"], ["no-such-one", "nor-this"])
