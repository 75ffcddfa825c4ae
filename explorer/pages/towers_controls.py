"""The left side of the page Towers: which tower, and the parameters of what grows there."""

import html

import panel as pn
import panel_material_ui as pmui

from explorer.controls import Control, controls_class, parameter_row
from explorer.pages.compare import Compare
from explorer.pages.page import put
from explorer.question import changes
from explorer.tower_runs import TowerSite
from explorer.towers.session import TowersSession
from models.l4c.bplut import load_bplut
from models.l4c.params import PFT_NAMES, PFTS, RAMPS, L4CParams

__all__ = ["TowersControls"]

Controls = controls_class(L4CParams, RAMPS)


def site_words(site: TowerSite) -> str:
    """Return what stands in lists of towers."""
    return f"{site.site} · {PFTS[site.pft - 1]}"


class TowersControls:
    """Widgets on one session; they follow it, and what a hand does goes to the session."""

    def __init__(self, session: TowersSession):
        self.session = session
        self._showing = False
        wide = {"size": "small", "sizing_mode": "stretch_width", "margin": (6, 8)}
        self.search = pmui.TextInput(label="Search", placeholder="site, name", **wide)
        self.group = pmui.Select(label="Plant functional type", options={"all": ""}, value="", **wide)
        self.site = pmui.Select(label="Tower", options={}, **wide)
        self.facts = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 10))
        self.search.param.watch(lambda event: self._choose(search=(event.new or "").strip()), "value")
        self.group.param.watch(lambda event: self._choose(group=event.new), "value")
        self.site.param.watch(lambda event: self._choose(site=event.new), "value")
        self.heading = pn.pane.HTML("", sizing_mode="stretch_width", margin=(6, 10, 0, 10))
        self.table = Controls(moved=self._on_moved)
        rows: dict[str, list] = {}
        for control in self.table.controls:
            rows.setdefault(control.group, []).append(parameter_row(self.table, control, self._on_reset))
        self.groups = pmui.Accordion(
            *((group, pmui.Column(*lines, sizing_mode="stretch_width", margin=0)) for group, lines in rows.items()),
            active=[0], disable_gutters=True, dynamic=True, title_variant="subtitle2", sizing_mode="stretch_width",
            margin=(2, 4), elevation=0, variant="outlined",
        )  # fmt: skip
        self.compare = Compare(session, changes)
        session.param.watch(self.show, ["a", "b", "selection", "sites"])
        self.show()

    @property
    def objects(self) -> list:
        """Everything, in its order from top to bottom."""
        return [
            *(self.search, self.group, self.site, self.facts, pmui.Divider(margin=(4, 0))),
            *(self.heading, self.groups, *self.compare.objects),
        ]

    def show(self, *_events) -> None:
        """Set every widget to the session's state."""
        session, chosen, site = self.session, self.session.selection, self.session.site
        self._showing = True
        try:
            put(self.search, chosen.search)
            counts = {pft: sum(one.pft == k + 1 for one in session.sites) for k, pft in enumerate(PFTS)}
            types = {f"{pft} · {PFT_NAMES[pft]}": pft for pft, n in counts.items() if n or pft == chosen.group}
            groups = {"all": "", **types}
            if self.group.options != groups:
                self.group.param.update(options=groups, value=chosen.group)
            put(self.group, chosen.group)
            shown = session.shown if site is None or site in session.shown else (site, *session.shown)
            options = {site_words(one): one.site for one in sorted(shown, key=lambda one: (one.pft, one.site))}
            code = site.site if site is not None else chosen.site or None
            if site is None and chosen.site:
                options = {f"{chosen.site} · not open yet": chosen.site, **options}
            if self.site.options != options:
                # The words of the chosen one may have changed, which the entry shows only if its value does.
                self.site.param.update(options=options, value=None)
            put(self.site, code)
        finally:
            self._showing = False
        pft = session.pft
        count = f"{len(session.shown)} of {len(session.sites)} towers are listed."
        self.facts.object = f"<div style='font-size:12px;opacity:.85'>{count} {self._facts()}</div>"
        self.heading.object = f"<div style='font-size:13px'><b>{pft}</b> · {PFT_NAMES[pft]}: parameters in B</div>"
        self.table.show(session.parameters, load_bplut(session.b.l4c.bplut)[pft])
        self.compare.show()

    def _facts(self) -> str:
        """Say what the tower is, and whose data these are."""
        site, wanted = self.session.site, self.session.selection.site
        if site is None:
            return f"{wanted} is not open yet." if wanted else "None is open yet."
        attrs = site.observed.attrs
        words = [site.title, attrs.get("citation", ""), attrs.get("licence", "")]
        return " · ".join(html.escape(str(word)[:300]) for word in words if word)

    def _choose(self, **changed) -> None:
        if self._showing or None in changed.values():
            return
        try:
            self.session.select(**changed)
        except ValueError as error:
            self.session.tell(str(error), "warning")

    def _on_moved(self, fields: dict[str, float]) -> None:
        """Take what a hand has moved into B."""
        try:
            self.session.move(fields)
        except ValueError:
            self.show()
            raise

    def _on_reset(self, control: Control) -> None:
        """Put one control back to the table's values."""
        self.session.move(dict.fromkeys(control.fields))
