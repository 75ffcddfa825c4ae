"""The kernels of L4C against NumPy and against the same loop in C, and what the pieces of a live run save."""

import ctypes
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from models.kernel import POOL, THREADS
from models.l4c import column
from models.l4c.bplut import load_bplut
from models.l4c.litter import litter_schedule
from models.l4c.rows import pft_rows
from models.packing import LANES
from tests.benchmarks.timing import interleaved
from tests.models.l4c.worlds import packed_world

SLICES = 16
BLOCK = 2048  # cells of the NumPy version: its best


def _compiled() -> ctypes.CDLL | None:
    """Compile the C version with what optimisation a scientist would ask for."""
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        return None
    target = Path(tempfile.mkdtemp()) / "l4c.so"
    source = Path(__file__).with_name("l4c.c")
    # The last three let the compiler use vectors without changing the order of any sum, as ours may.
    flags = ["-O3", "-march=native", "-fopenmp-simd", "-fno-trapping-math", "-fno-math-errno", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(source), "-o", str(target), "-lm"], check=True)
    return ctypes.CDLL(str(target))


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def numpy_run(d: dict, p: dict, soc: np.ndarray, litter: np.ndarray) -> tuple:
    """L4C as a scientist writes it in NumPy: arrays (day, cell), a loop over days for the pools."""

    def ramp(x, low, slope):
        return np.clip((x - low) * slope, 0, 1)

    ft = np.where(d["frozen"] > 0, p["ft_min"], p["ft_max"])
    gpp = (
        p["light"] * d["par"] * d["fpar"] * np.clip((p["vpd_high"] - d["vpd"]) * p["vpd_slope"], 0, 1)
        * ramp(d["tmin"], p["tmin_low"], p["tmin_slope"]) * ramp(d["smrz"], p["smrz_low"], p["smrz_slope"]) * ft
    )  # fmt: skip
    t_mult = np.minimum(np.exp(p["beta0"] * (p["inverse_beta1"] - 1 / (d["t_soil"] + p["t_offset"]))), 1)
    km = t_mult * ramp(d["smsf"], p["smsf_low"], p["smsf_slope"])
    fast, med, slow = soc.copy()
    rh, total = np.empty_like(gpp), np.empty_like(gpp)
    to_fast, to_med, stays = p["f_fast"] * litter, (1 - p["f_fast"]) * litter, 1 - p["f_med"]
    for day in range(len(km)):
        total[day] = fast + med + slow
        out_fast, out_med, out_slow = (
            km[day] * p["k_fast"] * fast,
            km[day] * p["k_med"] * med,
            km[day] * p["k_slow"] * slow,
        )
        rh[day] = out_fast + stays * out_med + out_slow
        fast += to_fast - out_fast
        med += to_med - out_med
        slow += p["f_med"] * out_med - out_slow
    return gpp, rh, total


class Case:
    """One set of blocks and everything a kernel call takes."""

    def __init__(self, blocks):
        self.b = blocks
        self.n = blocks.n_tile // SLICES * SLICES
        self.part = self.n // SLICES
        self.days = len(blocks.time)
        self.tiles = np.arange(blocks.n_tile, dtype=np.int32)
        self.row_of = (blocks.pft - 1).astype(np.int32)
        self.rows = pft_rows(load_bplut(), blocks)
        kind = blocks.float_type
        self.kind = kind
        self.data = blocks.data.reshape(*blocks.data.shape[:2], -1)
        self.share, self.step = litter_schedule(blocks, "constant")
        self.daily = np.arange(self.days, dtype=np.int32)
        self.year = np.zeros(self.days, np.int32)
        self.month = np.minimum(self.daily // 31, 11).astype(np.int32)
        self.state = np.ones((self.part, 5 * LANES), kind)

    def bounds(self, part: int) -> tuple[int, int]:
        return part * self.part, (part + 1) * self.part

    def live(self, part: int, bins: np.ndarray, out: np.ndarray) -> None:
        b = self.b
        self.state[:] = 100
        column.run_live(
            *self.bounds(part), self.tiles, b.block_of, self.data, b.fpar, b.fpar_step, self.share, self.step,
            self.rows, self.row_of, bins, self.state, out,
        )  # fmt: skip

    def light(self, part: int, out: np.ndarray, year: np.ndarray) -> None:
        b = self.b
        column.light_use(
            *self.bounds(part), self.tiles, b.block_of, self.data, b.fpar, b.fpar_step, self.rows, self.row_of,
            self.month, out, year,
        )  # fmt: skip

    def temperature(self, part: int, out: np.ndarray) -> None:
        column.temperature(*self.bounds(part), self.tiles, self.b.block_of, self.data, self.rows, self.row_of, out)

    def factor_out(self, part: int, out: np.ndarray, scale: np.ndarray) -> None:
        b = self.b
        column.factor_out(
            *self.bounds(part), self.tiles, b.block_of, self.data, b.fpar, b.fpar_step, self.rows, self.row_of,
            column.VPD, np.empty((self.days, LANES), self.kind), out, scale,
        )  # fmt: skip

    def move_ramp(self, part: int, pairs: np.ndarray, scale: np.ndarray, out: np.ndarray) -> None:
        slope, at_zero = np.full(LANES, -5e-5, np.float32), np.full(LANES, 1.2, np.float32)
        column.move_ramp(*self.bounds(part), pairs, scale, slope, at_zero, self.month, out)

    def decompose(self, part: int, t: np.ndarray, out: np.ndarray) -> None:
        self.state[:] = 100
        column.decompose(
            *self.bounds(part), self.tiles, t, self.share, self.step, self.rows, self.row_of, self.month,
            self.state, out,
        )  # fmt: skip

    def equilibrium(self, part: int, t: np.ndarray, out: np.ndarray) -> None:
        out[:] = 0
        column.equilibrium(
            *self.bounds(part), self.tiles, t, self.share, self.step, self.rows, self.row_of, out,
        )  # fmt: skip

    def in_c(self, function, part: int, bins: np.ndarray, out: np.ndarray) -> None:
        b = self.b
        first, last = self.bounds(part)
        self.state[:] = 100
        function(
            first, last, self.days, _pointer(self.row_of), _pointer(b.block_of), _pointer(self.data), _pointer(b.fpar),
            _pointer(b.fpar_step), b.fpar.shape[1], _pointer(self.rows), _pointer(bins), out.shape[1],
            _pointer(self.state), _pointer(out),
        )  # fmt: skip


def _numpy_slice(case: Case, part: int) -> tuple:
    """The drivers of a slice's tiles as (day, cell) arrays."""
    first, last = case.bounds(part)
    x = case.b.data[case.b.block_of[first:last]].transpose(2, 1, 0, 3).reshape(7, case.days, -1)
    names = ("par", "tmin", "vpd", "smrz", "smsf", "t_soil", "frozen")
    d = {name: np.ascontiguousarray(values) for name, values in zip(names, x, strict=True)}
    fpar = case.b.fpar[first:last][:, case.b.fpar_step].transpose(1, 0, 2).reshape(case.days, -1)
    d["fpar"] = np.ascontiguousarray(fpar)
    rows = case.rows[case.row_of[first:last]].reshape(-1, 20, LANES).transpose(1, 0, 2).reshape(20, -1)
    p = dict(zip(column.PARAMETERS, np.ascontiguousarray(rows), strict=True))
    cells = rows.shape[1]
    return d, p, np.full((3, cells), 100, np.float32), np.full(cells, 100, np.float32)


def rows() -> list[tuple[str, float | str, str, str]]:
    """Ratios of CPU time within one run; larger is better for us."""
    packed = packed_world(BLOCK * 2, kinds=3)
    p, f = Case(packed), Case(packed.as_float(np.float32))
    library = _compiled()
    out_daily = np.zeros((f.part, f.days + 1, 3 * LANES), np.float32)
    out_year = np.zeros((f.part, 2, 3 * LANES), np.float32)
    out_light, year = np.zeros((f.part, 13, LANES), np.float32), np.zeros((f.part, 2 * LANES), np.float32)
    out_decay = np.zeros((f.part, 13, 2 * LANES), np.float32)
    map_of_year = np.zeros((f.part, 8 * LANES), np.float32)
    pairs, moving = (np.empty((p.n, p.days, 2 * LANES), np.uint16) for _ in range(2))
    scale = np.zeros((f.part, LANES), np.float32)
    written = [_numpy_slice(f, part) for part in range(SLICES)]
    cases = {
        "numpy": lambda k: numpy_run(*written[k]),
        "f32 daily": lambda k: f.live(k, f.daily, out_daily),
        "packed annual": lambda k: p.live(k, p.year, out_year),
        "light": lambda k: p.light(k, out_light, year),
        "temperature": lambda k: p.temperature(k, pairs[p.bounds(k)[0] : p.bounds(k)[1]]),
        "factor out": lambda k: p.factor_out(k, moving[p.bounds(k)[0] : p.bounds(k)[1]], scale),
        "ramp": lambda k: p.move_ramp(k, moving[p.bounds(k)[0] : p.bounds(k)[1]], scale, out_light),
        "decay": lambda k: p.decompose(k, pairs[p.bounds(k)[0] : p.bounds(k)[1]], out_decay),
        "equilibrium": lambda k: p.equilibrium(k, pairs[p.bounds(k)[0] : p.bounds(k)[1]], map_of_year),
    }
    if library is not None:
        cases["C f32 daily"] = lambda k: f.in_c(library.run_f32, k, f.daily, out_daily)
        cases["C packed annual"] = lambda k: p.in_c(library.run_u16, k, p.year, out_year)
    took = interleaved(cases, SLICES, 12)
    lanes = f.n * LANES * f.days / 1e6
    speed = {name: f"{lanes / seconds:.0f} M lane-days/s" for name, seconds in took.items()}
    table: list[tuple[str, float | str, str, str]] = [
        ("float32 daily GPP, RH, SOC against NumPy", took["numpy"] / took["f32 daily"], ">= 8", speed["f32 daily"]),
        ("packed annual against NumPy", took["numpy"] / took["packed annual"], ">= 9", speed["packed annual"]),
    ]
    if library is None:
        table.append(("against C", "no compiler", ">= 0.85", "gcc, cc or clang would be used"))
    else:
        c32, c16 = took["C f32 daily"] / took["f32 daily"], took["C packed annual"] / took["packed annual"]
        table.append(("float32 daily against the same loop in C", c32, ">= 0.85", speed["C f32 daily"]))
        table.append(("packed annual against the same loop in C", c16, ">= 0.75", speed["C packed annual"]))
    full = took["packed annual"]
    table.append(("GPP ramp dragged, against the whole packed model", full / took["ramp"], ">= 7", speed["ramp"]))
    table.append(("GPP alone, against the whole packed model", full / took["light"], "", speed["light"]))
    table.append(("RH ramp dragged, against the whole packed model", full / took["decay"], ">= 3.5", speed["decay"]))
    table.append(
        ("exact spin-up, against the whole packed model", full / took["equilibrium"], ">= 3", speed["equilibrium"])
    )
    table.append(_threads(p, out_year))
    return table


def _threads(case: Case, out: np.ndarray) -> tuple[str, float, str, str]:
    """Wall time of the packed model on one thread over all threads of the pool."""
    outs = [out.copy() for _ in range(THREADS)]
    states = [case.state.copy() for _ in range(THREADS)]

    def one(slot: int, part: int) -> None:
        b = case.b
        states[slot][:] = 100
        column.run_live(
            *case.bounds(part), case.tiles, b.block_of, case.data, b.fpar, b.fpar_step, case.share, case.step,
            case.rows, case.row_of, case.year, states[slot], outs[slot],
        )  # fmt: skip

    def alone(part: int) -> None:
        for slot in range(THREADS):
            one(slot, (part + slot) % SLICES)

    def together(part: int) -> None:
        list(POOL.map(one, range(THREADS), [(part + slot) % SLICES for slot in range(THREADS)]))

    took = interleaved({"alone": alone, "together": together}, SLICES, 20, time.perf_counter)
    ratio = took["alone"] / took["together"]
    return f"packed annual, {THREADS} threads against one", ratio, f">= {0.85 * THREADS:.1f}", "on idle cores"
