"""Files that should not be: each gives one message that says what is wrong, and the page lives on."""

import pytest

HOSTILE = "<img src=x onerror=alert(1)>.csv"


def still_works(visitor) -> None:
    """A slider still moves the numbers."""
    number = visitor.number("LUE max")
    visitor.press("LUE max", "ArrowRight", 4)
    visitor.until(lambda: visitor.number("LUE max") > number)
    visitor.until(lambda: "against A" in visitor.kpis()["GPP"])


def give(visitor, nth: int, name: str, data: bytes, tmp_path) -> None:
    """Choose a file in the last file entry that is on screen."""
    path = tmp_path / name
    path.write_bytes(data)
    visitor.page.locator("input[type=file]").nth(nth).set_input_files(path)


def message(visitor, *words: str) -> str:
    """Wait for a message with these words; there is one, and it is text."""
    found = visitor.until(
        lambda: [text for text in visitor.messages() if all(word in text for word in words)], f"a message with {words}"
    )
    assert len(found) == 1
    assert visitor.page.locator("img[src='x']").count() == 0
    return found[0]


@pytest.fixture
def dialogs(visit):
    """A visitor on whose page no script of a file may open a dialog."""
    visitor = visit("grid=108km&tab=runs")
    opened: list[str] = []
    visitor.page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    yield visitor
    assert not opened


BAD_EXPERIMENTS = (
    (b'model = "l4c"\n[l4c]\nbplut = "V99"\n', ["bplut", "V99", "V7"]),
    (b"this is no TOML <script>alert(1)</script>", ["TOML"]),
    (b'dataset = "<img src=x onerror=alert(1)>"\n', ["dataset"]),
    (b"[l4c.parameters.GRS]\nvpd_low = 3000.0\nvpd_high = 2000.0\n", ["vpd_low", "3000", "2000"]),
    (b"\xff\xfe\x00\x01" * 50, ["UTF-8"]),
)


def test_bad_experiment_files_are_refused_one_after_the_other(dialogs, tmp_path):
    for number, (text, words) in enumerate(BAD_EXPERIMENTS):
        give(dialogs, -1, f"<b>carbon{number}.toml", text, tmp_path)
        message(dialogs, *words)
    still_works(dialogs)


def test_a_bad_biome_table_is_refused(dialogs, tmp_path):
    dialogs.click("Model options")
    dialogs.button("Save B as BPLUT").wait_for()
    dialogs.page.locator("input[type=file]").first.wait_for(state="attached")
    give(dialogs, 0, HOSTILE, b"a,b,c\n1,2,3\n", tmp_path)
    message(dialogs)
    still_works(dialogs)


def open_towers(visitor) -> None:
    """Bring the entry for a tower file to the screen."""
    visitor.tab("Towers")
    visitor.click("Your own tower")
    visitor.page.get_by_text("Your tower file").first.wait_for()


def test_a_tower_file_with_a_missing_column_is_refused(dialogs, tmp_path):
    open_towers(dialogs)
    give(dialogs, -1, HOSTILE, b"TIMESTAMP,<img src=x onerror=alert(1)>\n20150101,5\n20150102,5\n", tmp_path)
    message(dialogs)
    still_works(dialogs)


def test_a_file_of_sixty_megabytes_is_refused_and_the_session_lives(dialogs, tmp_path):
    open_towers(dialogs)
    give(dialogs, -1, "large.csv", b"TIMESTAMP,TA_F\n" + b"20150101,5.0\n" * 4_800_000, tmp_path)
    message(dialogs, "60 MB", "50 MB")
    still_works(dialogs)
