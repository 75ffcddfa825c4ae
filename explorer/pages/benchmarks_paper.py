"""The tab The paper of the page Benchmarks: Jones et al. 2017 figure by figure, and its printed numbers beside ours."""

import html

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.benchmarks.paper import HERE, Place, address_of, rows
from explorer.benchmarks.question import BenchmarkAnswer
from explorer.benchmarks.session import BenchmarkSession
from explorer.pages.page import card, heading, heading_html
from explorer.style import number
from explorer.views.towers import TABLE_CSS, frame_html
from models.studies import jones2017
from models.studies.jones2017 import Answers, Figure

__all__ = ["PaperTab"]

CONSTRAINTS = {"smrz": "SMRZ", "vpd": "VPD", "smsf": "SMSF", "tmin": "Tmin", "ft": "F/T"}


class PaperTab:
    """Links to every view of the paper, and what a run here gives for the numbers that it prints."""

    def __init__(self, session: BenchmarkSession):
        self.session = session
        self._of: tuple | None = None
        self._elsewhere: list[tuple[Place, pmui.Button]] = []
        self.views = pmui.Column(sizing_mode="stretch_width", margin=(0, 4, 8, 4))
        self.title = heading("Printed and here")
        self.button = pmui.Button(
            label="Compute ours", icon="play_arrow", size="small", variant="contained", margin=8,
            description="Compute ours: error of NEE in every cell, a year without each constraint; B's parameters",
            on_click=lambda _event: self.run(),
        )  # fmt: skip
        self.printed = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.changed = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        why = "".join(f"<li>{html.escape(text[:1].upper() + text[1:])}.</li>" for text in jones2017.WHY)
        lacking = "".join(f"<li>{html.escape(text[:1].upper() + text[1:])}.</li>" for text in jones2017.NOT_AT_HAND)
        style = "font-size:13px;margin:2px 0;padding-left:20px"
        self.pane = pmui.Grid(
            pmui.Grid(
                card(heading("Figures, tables, equations", jones2017.CITATION), self.views), size={"xs": 12, "lg": 6.5}
            ),
            pmui.Grid(
                pmui.Column(
                    card(self.title, self.printed, self.button, self.changed),
                    card(
                        heading("Why they need not agree"),
                        pn.pane.HTML(f"<ul style='{style}'>{why}</ul>", margin=(4, 12)),
                        heading("Not laid beside ours"),
                        pn.pane.HTML(f"<ul style='{style}'>{lacking}</ul>", margin=(4, 12)),
                    ),
                    sizing_mode="stretch_width",
                    margin=0,
                ),
                size={"xs": 12, "lg": 5.5},
            ),
            container=True,
            sizing_mode="stretch_width",
        )
        self._show(None)

    def update(self, answer: BenchmarkAnswer) -> None:
        """Let the links carry A and B, and drop numbers that are of another run."""
        question = answer.question
        self._link()
        if self._of is not None and self._of != (question.b.l4c, question.b.region, answer.world):
            self._of = None
            self._show(None)

    def _link(self) -> None:
        """Lay out a line for each view, once; let the ways to other pages carry the experiments of now."""
        from explorer.pages import PAGES  # which list this page

        if not len(self.views):
            self.views[:] = [self._line(figure, place) for figure, place in rows(page.slug for page in PAGES)]
        for place, button in self._elsewhere:
            put_address(button, address_of(place, self.session.carried))

    def _line(self, figure: Figure, place: Place) -> pmui.Row:
        text = pn.pane.HTML(
            f"<div style='font-size:13px'><b>{html.escape(figure.name)}</b> · {html.escape(figure.shows)}<br>"
            f"<span style='opacity:.75'>{html.escape(place.words)}</span></div>",
            sizing_mode="stretch_width",
            margin=(5, 8),
        )
        label = f"Open {figure.name}"
        look = {
            "label": label,
            "icon": "open_in_new",
            "size": "small",
            "variant": "outlined",
            "margin": (6, 8),
            "width": 160,
        }
        if place.page == HERE:
            button = pmui.Button(
                **look | {"icon": "arrow_forward"}, on_click=lambda _event: self.session.select(**place.query)
            )
        else:
            button = pmui.Button(**look, href=address_of(place, self.session.carried))
            self._elsewhere.append((place, button))
        return pmui.Row(text, button, sizing_mode="stretch_width", margin=0)

    def run(self) -> None:
        """Compute what the paper prints, on the grid and in the region that are shown."""
        session, world = self.session, self.session.world
        if world is None:
            session.tell("The world is still being prepared; try again when the plots are there.", "info")
            return
        b = session.b
        mask = world.mask(b.region)
        vegetated = world.area * world.pft_fraction.sum(axis=1)
        area = vegetated if mask is None else np.where(mask, vegetated, 0.0)
        blocks = world.run(b.l4c.smrz_range)[0].blocks

        def work(progress, cancelled) -> Answers:
            return jones2017.answer(
                blocks, area, world.latitude, b.l4c, progress=progress, cancelled=cancelled
            )  # fmt: skip

        def done(answers: Answers) -> None:
            self._of = (b.l4c, b.region, world)
            self._show(answers)

        session.slowly("Computing the paper's numbers", work, done, key="paper")

    def _show(self, answers: Answers | None) -> None:
        """Show printed numbers, ours beside them once they were computed."""
        ours = dict.fromkeys(jones2017.PRINTED, float("nan"))
        if answers is not None:
            ours = dict(jones2017.compare(answers))
        frame = pd.DataFrame(
            {
                "what": [printed.what for printed in ours],
                "printed [%]": [100.0 * printed.value for printed in ours],
                "here, B [%]": [100.0 * mine for mine in ours.values()],
            }
        )
        self.printed.object = frame_html(frame, "Shares of the vegetated area of the region. – : not computed yet.")
        region = self.session.b.region
        where = "the world" if region.whole else region.name
        note = "press Compute ours" if answers is None else f"{where}, synthetic weather, {self.session.b.grid}"
        self.title.object = heading_html("Printed and here", note)
        self.changed.object = "" if answers is None else frame_html(_changed(answers), _CHANGED)


def put_address(button: pmui.Button, address: str) -> None:
    """Let a button lead elsewhere, if that is another place than now."""
    if button.href != address:
        button.href = address


_CHANGED = (
    "Fig. 8: share of the vegetated area where annual GPP or RH changes by 5 % and by 30 % or more when one constraint "
    "is removed; soils keep their carbon."
)


def _changed(answers: Answers) -> pd.DataFrame:
    lines = []
    for name, fluxes in answers.changed.items():
        line = {"without": CONSTRAINTS[name]}
        for flux, words in (("gpp", "GPP"), ("rh", "RH")):
            for limit, share in zip((5, 30), fluxes[flux], strict=True):
                line[f"{words} ≥ {limit} %"] = f"{number(100.0 * share, 3, 1)} %"
        lines.append(line)
    return pd.DataFrame(lines)
