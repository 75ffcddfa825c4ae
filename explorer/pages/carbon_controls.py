"""The left side of the page Carbon: where, what kind of plant, its biome properties, switches, options, A and B."""

import io

import panel_material_ui as pmui

from explorer.controls import Control, controls_class, parameter_row
from explorer.pages.compare import Compare
from explorer.pages.page import COMPACT, put
from explorer.pages.where import Where
from explorer.question import changes
from explorer.session import Session
from explorer.worlds import GRIDS
from models.l4c.bplut import BPLUTS, BplutFile, load_bplut
from models.l4c.params import PFT_NAMES, PFTS, RAMPS, L4CParams
from models.options import CONSTRAINTS, L4C_CHOICES

__all__ = ["LARGEST_BPLUT", "CarbonControls"]

LARGEST_BPLUT = 1_000_000
"""Bytes of an uploaded table; a real one has 4,000."""

CONSTRAINT_WORDS = {"vpd": "VPD", "tmin": "Tmin", "smrz": "SMRZ", "ft": "F/T", "t_soil": "Tsoil", "smsf": "SMSF"}

OPTION_HELP = {
    "bplut": "Table of biome properties that the sliders start from",
    "frozen_gpp": "GPP of a day with frozen ground: FT_min times the thawed one, or none",
    "smrz_range": "Limits between which root-zone wetness is rescaled (Eq. 1-2): observed minimum and maximum, wilting "
    "point and observed maximum, or observed minimum and saturation",
    "litterfall": "Spread evenly over the year, or by the 8-day schedule",
    "soc_start": "Exact periodic steady state, or the closed form for mean conditions",
    "spin_up": "Whose parameters make the starting soil carbon and the litterfall: the unedited table's (fluxes "
    "answer, the soil remembers), or the experiment's (as if it had always run so)",
}
OPTION_LABELS = {
    "bplut": "BPLUT version",
    "frozen_gpp": "GPP of frozen days",
    "smrz_range": "SMRZ rescaled between",
    "litterfall": "Litterfall",
    "soc_start": "Starting soil carbon",
    "spin_up": "Spin-up with",
}
CHOICE_WORDS = {
    "ft_min": "FT_min x thawed",
    "zero": "none",
    "observed": "observed minimum and maximum",
    "wilting_point": "wilting point and maximum",
    "minimum_100": "minimum and 100 %",
    "constant": "constant",
    "schedule": "8-day schedule",
    "auto": "automatic (periodic)",
    "periodic": "periodic steady state",
    "analytical": "analytical",
    "table": "unedited table",
    "experiment": "the experiment (re-equilibrated)",
}
Controls = controls_class(L4CParams, RAMPS)


class CarbonControls:
    """Widgets on one session; they follow it, and what a hand does goes to `Session.edit`."""

    def __init__(self, session: Session):
        self.session = session
        self._showing = False
        self.where = Where(session, "Totals, densities and zonal means are of this region")
        self._parameters()
        self._switches()
        self._options()
        self.compare = Compare(session, changes)
        session.param.watch(self.show, ["a", "b", "selection"])
        session.param.watch(lambda _event: self._show_soil(), "answer")
        self.show()

    @property
    def objects(self) -> list:
        """Everything, in its order from top to bottom."""
        return [
            *(*self.compare.objects, pmui.Divider(margin=(4, 0))),
            *(self.pft, self.groups, self.switches, pmui.Divider(margin=(4, 0))),
            *(self.where.region, self.place_groups),
        ]

    # -- parameters ---------------------------------------------------------------------------------------------
    def _parameters(self) -> None:
        self.pft = pmui.Select(
            label="Plant functional type",
            options={f"{code} · {PFT_NAMES[code]}": code for code in PFTS},
            size="small",
            sizing_mode="stretch_width",
            margin=(8, 8, 4, 8),
        )
        self.pft.param.watch(self._on_pft, "value")
        self.table = Controls(moved=self._on_moved)
        rows: dict[str, list] = {}
        for control in self.table.controls:
            rows.setdefault(control.group, []).append(parameter_row(self.table, control, self._on_reset))
        self.groups = pmui.Accordion(
            *((group, pmui.Column(*lines, sizing_mode="stretch_width", margin=0)) for group, lines in rows.items()),
            active=[0],
            disable_gutters=True,
            dynamic=True,
            title_variant="subtitle2",
            sizing_mode="stretch_width",
            margin=(2, 4),
            elevation=0,
            variant="outlined",
        )

    def _on_pft(self, event) -> None:
        if not self._showing:
            self.session.select(pft=event.new)

    def _on_moved(self, fields: dict[str, float]) -> None:
        """Take what a hand has moved into B."""
        try:
            self.move(self.session.selection.pft, fields)
        except ValueError:
            self.show()
            raise

    def move(self, pft: str, fields: dict[str, float]) -> None:
        """Set parameters of a plant type in B."""
        self.session.edit(dragged=(pft, *fields), b=self.session.b.with_parameters(pft, **fields))

    def _on_reset(self, control: Control) -> None:
        """Put one control back to the table's values."""
        pft = self.session.selection.pft
        self.session.edit(b=self.session.b.with_parameters(pft, **dict.fromkeys(control.fields)))

    # -- switches and options -----------------------------------------------------------------------------------
    def _switches(self) -> None:
        self.switches = pmui.CheckButtonGroup(
            label="Constraints in force (click one to remove it)",
            options={CONSTRAINT_WORDS[name]: name for name in CONSTRAINTS},
            value=list(CONSTRAINTS),
            size="small",
            sx=COMPACT,
            margin=(4, 8, 8, 8),
            sizing_mode="stretch_width",
            description="GPP: VPD, Tmin, SMRZ, freeze/thaw. Decomposition: Tsoil, SMSF",
        )
        self.switches.param.watch(self._on_switches, "value")

    def _on_switches(self, event) -> None:
        if not self._showing:
            self.session.options(without=tuple(name for name in CONSTRAINTS if name not in event.new))

    def _options(self) -> None:
        self.choices = {}
        for name, label in OPTION_LABELS.items():
            accepted = BPLUTS if name == "bplut" else [c for c in L4C_CHOICES[name] if c != "given"]
            select = pmui.Select(
                label=label,
                options={CHOICE_WORDS.get(choice, choice): choice for choice in accepted},
                description=OPTION_HELP[name],
                size="small",
                sizing_mode="stretch_width",
                margin=(8, 8, 2, 8),
            )
            select.param.watch(self._on_option, "value")
            self.choices[name] = select
        self.grid = pmui.Select(
            label="Grid", options={g.replace("km", " km"): g for g in GRIDS}, size="small",
            sizing_mode="stretch_width", margin=(8, 8, 2, 8),
            description="36 km is made on first start; 108 km answers meanwhile",
        )  # fmt: skip
        self.grid.param.watch(self._on_grid, "value")
        self.soil = pmui.Typography("", variant="caption", sizing_mode="stretch_width", margin=(0, 8))
        self.run_soil = pmui.Button(
            label="Run the land model on this grid (minutes)", size="small", variant="outlined", visible=False,
            margin=(4, 8), on_click=lambda _event: self.session.run_soil(),
        )  # fmt: skip
        self.upload = pmui.FileInput(
            label="Load a BPLUT (.csv)", accept=".csv", multiple=False, size="small", margin=(8, 8, 2, 8),
            description="Your own table in the mission's format; it becomes experiment B",
        )  # fmt: skip
        self.upload.param.watch(lambda event: self.session.attempt(self._load_table, event.new), "value")
        self.save = pmui.FileDownload(
            callback=self._bplut, filename="bplut_b.csv", label="Save B as BPLUT", size="small", variant="outlined",
            margin=(8, 8),
        )  # fmt: skip
        options = pmui.Column(
            self.choices["bplut"],
            pmui.Row(self.upload, self.save, margin=0),
            *(select for name, select in self.choices.items() if name != "bplut"),
            self.grid,
            self.soil,
            self.run_soil,
            sizing_mode="stretch_width",
            margin=0,
        )
        self.place_groups = pmui.Accordion(
            ("Selected cell: latitude, longitude", self.where.cell),
            ("Model options", options),
            active=[],
            disable_gutters=True,
            dynamic=True,
            title_variant="subtitle2",
            sizing_mode="stretch_width",
            margin=(2, 4),
            elevation=0,
            variant="outlined",
        )

    def _on_option(self, event) -> None:
        if self._showing:
            return
        name = next(name for name, select in self.choices.items() if select is event.obj)
        self.session.options(**{name: event.new})

    def _on_grid(self, event) -> None:
        if self._showing:
            return
        session = self.session
        if session.worlds.get(event.new) is None:
            session.prepare(event.new)
            session.tell(f"The {event.new.replace('km', '-km')} world is being made; the page turns to it.", "info")
            self.show()
        else:
            session.wanted = event.new
            session.where(grid=event.new)

    def _load_table(self, data: bytes | None) -> None:
        """Take a table from a file; it is read by the checked reader and replaces B's parameters."""
        if not data:
            return
        if len(data) > LARGEST_BPLUT:
            msg = f"The file has {len(data):,} bytes; a BPLUT has fewer than {LARGEST_BPLUT:,}. Choose the .csv table."
            raise ValueError(msg)
        base = self.session.b.l4c.bplut
        self.session.options(parameters=BplutFile.read(data).overrides(base))
        self.upload.value = None  # so that the same file can be chosen again
        self.session.tell("The table is loaded into experiment B.", "success")

    def _bplut(self):
        """Return B's parameters in the mission's format."""
        options = self.session.b.l4c
        file = BplutFile.shipped(options.bplut).with_table(options.table())
        return io.BytesIO(file.write().encode("utf-8"))

    def _show_soil(self) -> None:
        """Say where the soil of the grid comes from, and offer its own run where there is none."""
        world = self.session.world
        text = f"Soil: {world.soil}" if world is not None and world.soil else ""
        if self.soil.object != text:
            self.soil.object = text
        self.run_soil.visible = world is not None and not world.own_soil

    # -- following the session ----------------------------------------------------------------------------------
    def show(self, *_events) -> None:
        """Set every widget to the session's state."""
        session = self.session
        b, selection = session.b, session.selection
        self.where.show()
        self._showing = True
        try:
            put(self.pft, selection.pft)
            put(self.switches, [name for name in CONSTRAINTS if name not in b.l4c.without])
            for name, select in self.choices.items():
                put(select, getattr(b.l4c, name))
            put(self.grid, b.grid)
            self._show_soil()
        finally:
            self._showing = False
        self.table.show(b.l4c.table()[selection.pft], load_bplut(b.l4c.bplut)[selection.pft])
        self.compare.show()
