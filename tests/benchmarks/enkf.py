"""The filter's update of 10,000 cells x 24 members x 5 states: against NumPy, and against the same loop in C."""

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from models.assimilation.enkf_kernels import STOCHASTIC, update_cells, update_pairs
from models.assimilation.perturbed_observations import observation_noise
from tests.benchmarks.timing import interleaved

CELLS, MEMBERS, STATES = 10_000, 24, 5
SLICES = 20
PART = CELLS // SLICES
LOOPED = 20  # cells a slice of the naive loop takes; its time is scaled up
# The middle flags let the compiler take sums in another order, as our kernel may.
FLAGS = ["-O3", "-march=native", "-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math", "-freciprocal-math"]


def _compiled() -> ctypes.CDLL | None:
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        return None
    target = Path(tempfile.mkdtemp()) / "enkf.so"
    source = Path(__file__).with_name("enkf.c")
    subprocess.run([compiler, *FLAGS, "-shared", "-fPIC", str(source), "-o", str(target), "-lm"], check=True)
    return ctypes.CDLL(str(target))


class Case:
    """Ensembles and observations, and where an update writes."""

    def __init__(self, obs: int):
        rng = np.random.default_rng(1)
        self.obs = obs
        self.E = rng.normal(0.25, 0.03, (CELLS, STATES, MEMBERS))
        self.HE = self.E[:, :obs].copy()
        self.y = rng.normal(0.27, 0.02, (CELLS, obs))
        self.r = np.full((CELLS, obs), 4e-4)
        self.R = self.r[:, :, None] * np.eye(obs)
        self.D = rng.normal(0, 0.02, (CELLS, obs, MEMBERS))
        self.D -= self.D.mean(axis=2, keepdims=True)
        self.rows, self.used = np.ones((obs, STATES), bool), np.ones((CELLS, obs), bool)
        self.increment, self.gain = np.empty((CELLS, STATES)), np.empty((CELLS, STATES, obs))
        self.hph, self.innovation = np.empty((CELLS, 3 if obs == 2 else 1)), np.empty((CELLS, obs))

    def kernel(self, part: int) -> None:
        first, last = part * PART, (part + 1) * PART
        rows, used = self.rows, self.used
        if self.obs == 1:
            update_cells(
                first, last, self.E, self.HE[:, 0], self.y[:, 0], self.r[:, 0], self.D[:, 0], rows[0], used[:, 0],
                STOCHASTIC, self.increment, self.gain[:, :, 0], self.hph[:, 0], self.innovation[:, 0],
            )  # fmt: skip
        else:
            update_pairs(
                first, last, self.E, self.HE, self.y, self.R, self.D, rows, used,
                self.increment, self.gain, self.hph, self.innovation,
            )  # fmt: skip

    def naive(self, part: int) -> None:
        """One cell after another, as a paper's equations are written in NumPy."""
        for c in range(part * PART, part * PART + LOOPED):
            A = self.E[c] - self.E[c].mean(1, keepdims=True)
            H = self.HE[c] - self.HE[c].mean(1, keepdims=True)
            W = H @ H.T / (MEMBERS - 1) + self.R[c]
            b = np.linalg.solve(W, self.y[c][:, None] + self.D[c] - self.HE[c])
            self.E[c] += A @ (H.T @ b) / (MEMBERS - 1)

    def batched(self, part: int) -> None:
        """All cells of a slice at once in NumPy: matmul and solve (closed form for one observation)."""
        s = slice(part * PART, (part + 1) * PART)
        A = self.E[s] - self.E[s].mean(2, keepdims=True)
        H = self.HE[s] - self.HE[s].mean(2, keepdims=True)
        W = H @ H.transpose(0, 2, 1) / (MEMBERS - 1) + self.R[s]
        P = A @ H.transpose(0, 2, 1) / (MEMBERS - 1)
        d = self.y[s, :, None] + self.D[s] - self.HE[s]
        self.E[s] += P @ (d / W if self.obs == 1 else np.linalg.solve(W, d))

    def in_c(self, function, part: int) -> None:
        arrays = (self.E, self.HE, self.y, self.r if self.obs == 1 else self.R, self.D)
        out = (self.increment, self.gain, self.hph, self.innovation)
        numbers = (ctypes.c_int64(n) for n in (part * PART, (part + 1) * PART, STATES, MEMBERS))
        function(*numbers, *(ctypes.c_void_p(a.ctypes.data) for a in (*arrays, *out)))


def rows() -> list[tuple[str, float | str, str, str]]:
    """Ratios of CPU time within one run; larger is better for us."""
    library = _compiled()
    table: list[tuple[str, float | str, str, str]] = []
    for obs, floor in ((1, ">= 100"), (2, ">= 75")):
        case = Case(obs)
        cases = {"kernel": case.kernel, "batched": case.batched, "naive": case.naive}
        if library is not None:
            function = library.update_cells if obs == 1 else library.update_pairs
            cases["C"] = lambda part, case=case, function=function: case.in_c(function, part)
        noise, names, sd = np.empty((CELLS, MEMBERS)), np.arange(CELLS), np.full(CELLS, 0.02)

        def draw(part, noise=noise, names=names, sd=sd, obs=obs):
            for stream in range(obs):
                observation_noise(part * PART, (part + 1) * PART, names, 1, stream, 7, sd, False, False, noise)

        cases["noise"] = draw
        took = interleaved(cases, SLICES, 15)
        loop, ours = took["naive"] * PART / LOOPED, took["kernel"]
        speed = f"{CELLS / ours / 1e6:.1f} M updates/s"
        name = f"m = {obs}: "
        table.append((name + "update against a NumPy loop over cells", loop / ours, floor, speed))
        table.append((name + "update against batched NumPy", took["batched"] / ours, ">= 7", ""))
        if library is None:
            table.append((name + "update against the same loop in C", "no compiler", ">= 0.7", ""))
        else:
            table.append((name + "update against the same loop in C", took["C"] / ours, ">= 0.7", ""))
        table.append((name + "cost of the noise, in updates", took["noise"] / ours, "", "drawn for every update"))
    return table
