"""What is shipped: the wheel and the source distribution, built from the checkout without a network."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
SHIPPED = ("vecsearch", "cli", "tests", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")
BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"

pytestmark = pytest.mark.slow


def setuptools_version() -> int:
    try:
        return int(version("setuptools").split(".")[0])
    except PackageNotFoundError:
        return 0


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, Path]:
    """The wheel and the source distribution."""
    if setuptools_version() < 77:
        pytest.skip("building needs setuptools 77 or newer in this environment: pip install 'setuptools>=77'")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in SHIPPED:
        place = HOUSE / name
        if place.is_dir():
            shutil.copytree(place, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif place.exists():
            shutil.copy(place, source / name)
    for step in ("build_wheel", "build_sdist"):
        command = [sys.executable, "-c", BUILD, step, str(out)]
        run = subprocess.run(command, cwd=source, check=False, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
    [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, sdist


def sources_of(package: str) -> set[str]:
    return {path.relative_to(HOUSE).as_posix() for path in (HOUSE / package).rglob("*.py")}


def test_the_wheel_holds_the_library_and_its_command_and_nothing_else(built):
    with zipfile.ZipFile(built[0]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    expected = sources_of("vecsearch") | {f"vecsearch/{name}" for name in sources_of("cli")} | {"vecsearch/py.typed"}
    mapping = HOUSE / "vecsearch/analysis/mapping"
    page = [path for suffix in ("html", "css", "js") for path in mapping.glob(f"*.{suffix}")]
    expected |= {path.relative_to(HOUSE).as_posix() for path in page}
    assert names == expected


def test_the_wheel_carries_the_licence_the_command_and_the_requirements(built):
    with zipfile.ZipFile(built[0]) as wheel:
        texts = {
            name.split(".dist-info/")[1]: wheel.read(name).decode() for name in wheel.namelist() if "dist-info" in name
        }
    assert texts["licenses/LICENSE"] == (HOUSE / "LICENSE").read_text()
    assert "vecsearch = vecsearch.cli.main:main" in texts["entry_points.txt"]
    assert "Requires-Dist: faiss-cpu" in texts["METADATA"]
    assert "Requires-Dist: torch" not in texts["METADATA"]


def test_the_source_distribution_holds_what_the_wheel_is_built_from(built):
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"pyproject.toml", "README.md", "LICENSE", "vecsearch/py.typed"}
    assert needed | sources_of("vecsearch") | sources_of("cli") <= names


def test_the_wheel_works_where_the_checkout_is_not(built, tmp_path):
    with zipfile.ZipFile(built[0]) as wheel:
        wheel.extractall(tmp_path)
    code = (
        "import vecsearch, vecsearch.cli.main, vecsearch.index; print(vecsearch.__file__, vecsearch.cli.main.__file__)"
    )
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert [Path(name).is_relative_to(tmp_path) for name in run.stdout.split()] == [True, True]
