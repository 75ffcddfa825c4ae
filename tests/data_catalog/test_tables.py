"""Archives that would leave their place, unpack without end, or were cut."""

import gzip
import io
import zipfile

import pytest

from data_catalog.datasets.fluxnet import choose_table, read_fluxnet
from data_catalog.datasets.tables import MAX_BYTES, Table, open_tables
from tests.data_catalog.test_fluxnet import NAME, as_bytes, table, zipped


@pytest.mark.parametrize("member", ["../evil.csv", "a/../../evil.csv", "/etc/evil.csv", "..\\evil.csv", "C:\\evil.csv"])
def test_members_that_leave_the_archive_are_refused(member):
    with pytest.raises(ValueError, match="points outside the archive"):
        read_fluxnet(zipped(**{member: as_bytes(table())}), name="x.zip")


def test_a_link_in_an_archive_is_refused():
    info = zipfile.ZipInfo(NAME)
    info.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ValueError, match="points outside"):
        read_fluxnet(buffer.getvalue(), name="x.zip")


def test_an_archive_that_unpacks_beyond_belief_is_refused():
    bomb = zipped(**{NAME: b"0" * 50_000_000})
    assert len(bomb) < 100_000
    with pytest.raises(ValueError, match=r"unpacks \d+-fold"):
        read_fluxnet(bomb, name="x.zip")


def test_a_declared_size_beyond_the_limit_is_refused():
    with pytest.raises(ValueError, match=r"would unpack to .* at most 1,000 are read"):
        Table(zipped(**{NAME: as_bytes(table())}), "x.zip", max_bytes=1000)


def test_gzip_that_unpacks_beyond_the_limit_is_refused():
    data = gzip.compress(b"0" * 100_000)
    with pytest.raises(ValueError, match="unpacks to more than 10,000 bytes"):
        open_tables(data, "x.csv.gz", max_bytes=10_000)[0].text()
    assert MAX_BYTES > 1e9


@pytest.mark.parametrize("keep", [30, 400, -40])
def test_cut_archives_say_that_they_are_cut(keep):
    data = zipped(**{NAME: as_bytes(table())})[:keep]
    with pytest.raises(ValueError, match="cut off or damaged"):
        read_fluxnet(data, name="x.zip")


def test_a_cut_gzip_says_that_it_is_cut():
    with pytest.raises(ValueError, match="cut off or damaged"):
        read_fluxnet(gzip.compress(as_bytes(table()))[:-30], name=NAME + ".gz")


def test_an_archive_without_a_flux_table_says_what_it_holds():
    with pytest.raises(ValueError, match=r"No FLUXNET table is in this archive.*readme\.txt"):
        choose_table(open_tables(zipped(**{"readme.txt": "a", "other.csv": "b"}), "x.zip"))
