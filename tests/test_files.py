from __future__ import annotations

import errno
import hashlib
import os
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from tests.helpers.failing import Failing
from vecsearch import files

OLD, NEW = b"old content", b"new content that is longer"


def replace(path: Path) -> None:
    with files.replacing(path) as stream:
        stream.write(NEW)


def create(path: Path) -> None:
    files.create(path, NEW)


def leftovers(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.name.startswith(files.TEMPORARY)]


def test_a_file_is_created_with_its_content(tmp_path):
    create(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == NEW
    assert leftovers(tmp_path) == []


def test_creating_refuses_a_file_that_is_there(tmp_path):
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(FileExistsError):
        create(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == OLD
    assert leftovers(tmp_path) == []


def test_of_many_that_create_a_file_one_succeeds(tmp_path):
    won: list[int] = []
    together = threading.Barrier(8)

    def work(number: int) -> None:
        together.wait()
        try:
            files.create(tmp_path / "file", b"%d" % number)
        except FileExistsError:
            return
        won.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tmp_path / "file").read_bytes()] == [b"%d" % number for number in won]
    assert leftovers(tmp_path) == []


def test_replacing_makes_or_replaces_the_file(tmp_path):
    for _ in range(2):
        replace(tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == NEW
    assert leftovers(tmp_path) == []


def test_a_block_that_raises_changes_nothing(tmp_path):
    (tmp_path / "file").write_bytes(OLD)

    def interrupted() -> None:
        with files.replacing(tmp_path / "file") as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (tmp_path / "file").read_bytes() == OLD
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(("action", "before"), [(create, None), (replace, None), (replace, OLD)])
def test_whichever_operation_fails_the_file_is_old_or_new_and_nothing_else_stays(tmp_path, action, before):
    failed = []
    for number in count():
        place = tmp_path / str(number)
        place.mkdir()
        path = place / "file"
        if before is not None:
            path.write_bytes(before)
        with Failing(number).installed() as failing, suppress(OSError):
            action(path)
        assert (path.read_bytes() if path.exists() else None) in (before, NEW)
        if failing.failed is None:
            break
        failed.append(failing.failed)
        if failing.failed != "unlink":
            assert leftovers(place) == []
    assert path.read_bytes() == NEW
    assert {"open", "fsync"} < set(failed)
    assert {"link", "rename", "replace"} & set(failed)


@pytest.mark.skipif(os.name == "nt", reason="Windows renames")
@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV])
def test_where_files_cannot_be_linked_they_are_renamed(tmp_path, code):
    with Failing(0, ("link",), code).installed():
        create(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == NEW
    with Failing(0, ("link",), code).installed(), pytest.raises(FileExistsError):
        files.create(tmp_path / "file", OLD)
    assert (tmp_path / "file").read_bytes() == NEW
    assert leftovers(tmp_path) == []


def test_a_temporary_name_is_beside_the_file_and_gone_afterwards(tmp_path):
    with files.temporary_beside(tmp_path / "file") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(files.TEMPORARY)
        temporary.write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_something_else_wrote_can_be_flushed(tmp_path):
    (tmp_path / "file").write_bytes(OLD)
    files.flush_file(tmp_path / "file")
    files.flush_folder(tmp_path)
    assert (tmp_path / "file").read_bytes() == OLD
    with pytest.raises(FileNotFoundError):
        files.flush_file(tmp_path / "none")


def test_a_tree_is_removed_whether_it_is_there_or_not(tmp_path):
    (tmp_path / "tree" / "below").mkdir(parents=True)
    (tmp_path / "tree" / "below" / "file").write_bytes(OLD)
    files.remove_tree(tmp_path / "tree")
    files.remove_tree(tmp_path / "tree")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_the_hash_is_that_of_the_content(tmp_path, size):
    content = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "file").write_bytes(content[:size])
    assert files.sha256(tmp_path / "file") == hashlib.sha256(content[:size]).hexdigest()


def test_files_and_folders_are_flushed_together_and_one_that_cannot_be_raises(tmp_path):
    (tmp_path / "file").write_bytes(OLD)
    files.flush_all([tmp_path / "file", tmp_path])
    with pytest.raises(FileNotFoundError, match="none"):
        files.flush_all([tmp_path / "file", tmp_path / "none", tmp_path])
    with Failing(1, ("fsync",)).installed() as failing, pytest.raises(OSError, match="made to fail"):
        files.flush_all([tmp_path / "file", tmp_path])
    assert failing.calls == 2


def test_an_error_of_the_disk_that_names_no_file_gets_one(tmp_path):
    with pytest.raises(OSError, match=r"No space left on device.*file") as raised, files.naming(tmp_path / "file"):
        raise OSError(errno.ENOSPC, "as Arrow says it")
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(tmp_path / "file"))
    with pytest.raises(FileNotFoundError, match="other"), files.naming(tmp_path / "file"):
        (tmp_path / "other").read_bytes()


def test_an_error_about_a_temporary_file_names_the_file_that_was_meant(tmp_path):
    path = tmp_path / "missing" / "file"
    with pytest.raises(FileNotFoundError) as raised, files.replacing(path):
        pass
    assert raised.value.filename == str(path)
