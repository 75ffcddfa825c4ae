"""The commands that search NASA Earthdata and fetch granules into a folder of the catalog."""

from pathlib import Path

import click

from explorer.command_line import progress_bar, say

__all__ = ["data"]

SHOWN = 10


def _asked(command):
    """Give a command the options of a search."""
    for option in (
        click.argument("short_name", metavar="PRODUCT"),
        click.option("--from", "first", required=True, metavar="DAY", help="First day, as 2015-04-01."),
        click.option("--to", "last", required=True, metavar="DAY", help="Last day."),
        click.option("--box", metavar="W,S,E,N", help="Region [degrees]; the whole Earth without it."),
        click.option("--version", metavar="VERSION", help="Of the product; the newest that the catalog knows without."),
        click.option("--debug", is_flag=True, hidden=True),
    ):
        command = option(command)
    return command


@click.group()
def data() -> None:
    """Search NASA Earthdata, and fetch files with your own login."""


@data.command("products")
def products() -> None:
    """List the collections that the catalog can read."""
    from data_catalog.earthdata import COLLECTIONS

    for one in COLLECTIONS.values():
        click.echo(f"{one.short_name:<18} {one.version:<8} {one.title} ({one.product})")


@data.command("search")
@_asked
def search_command(short_name: str, first: str, last: str, box: str | None, version: str | None, debug: bool) -> None:
    """Say how many files there are of PRODUCT (as SPL3SMP), and how large they are; needs no login."""
    from data_catalog.earthdata import edges_of, search

    found = search(short_name, first, last, edges_of(box), version=version)
    click.echo(found.words)
    for granule in found.granules[:SHOWN]:
        click.echo(f"    {granule.name}")
    if len(found.granules) > SHOWN:
        click.echo(f"    and {len(found.granules) - SHOWN:,} more")


@data.command("download")
@_asked
@click.option("--into", "folder", required=True, type=click.Path(file_okay=False), help="Folder, made if need be.")
@click.option("--yes", is_flag=True, help="Do not ask before fetching.")
def download_command(
    short_name: str, first: str, last: str, box: str | None, version: str | None, folder: str, yes: bool, debug: bool
) -> None:
    """Fetch the files of PRODUCT; says number and size first. Ctrl+C ends it, and it goes on when called again."""
    from data_catalog.earthdata import edges_of, fetch, search, sign_in

    found = search(short_name, first, last, edges_of(box), version=version)
    say(found.words)
    if not found.granules or not (yes or click.confirm(f"Fetch them into {folder}?", err=True)):
        return
    session = sign_in()
    with progress_bar("fetching") as progress:
        paths = fetch(found.granules, Path(folder), session=session, progress=lambda share, _name: progress(share))
    say(f"{folder}: {len(paths):,} files; `python launch.py catalog {folder}` says what they hold")
