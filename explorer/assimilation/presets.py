"""Experiments by name, and in words how one differs from another."""

from collections.abc import Callable
from dataclasses import fields, replace

from explorer.style import number, unit_text
from models.assimilation.options import NUMBERS, AssimilationChoices
from models.assimilation.sensor_choice import SensorChoice
from models.experiment import Experiment
from models.observation import sensor_named
from models.studies import heyvaert2024

__all__ = ["PRESETS", "changes", "preset_of"]

WORDS = {"OL": "OL · open loop", "SSM+LAI": "SSM + LAI", "SSM+VOD": "SSM + VOD"}


def _preset(name: str) -> Callable[[AssimilationChoices], AssimilationChoices]:
    """Return what turns choices into an experiment of the paper: its sensors, errors and filter; the size stays."""

    def choose(choices: AssimilationChoices) -> AssimilationChoices:
        return replace(heyvaert2024.choices_of(name, choices), members=choices.members)

    return choose


PRESETS = {WORDS.get(name, name): _preset(name) for name in heyvaert2024.EXPERIMENTS}
"""Title of one of the paper's six experiments -> what turns choices into it."""


def preset_of(choices: AssimilationChoices) -> str | None:
    """Return the title of the preset that choices are, whatever their ensemble; None if none."""
    for title, choose in PRESETS.items():
        wanted = choose(choices)
        if set(wanted.sensors) == set(choices.observed) and replace(wanted, sensors=choices.sensors) == choices:
            return title
    return None


def _sensor_words(choice: SensorChoice) -> str:
    """Say how a sensor is used."""
    sensor = sensor_named(choice.name)
    words = f"{choice.use} {sensor.title}"
    if choice.error_std is not None:
        words += f", error sd {number(choice.error_std)} {unit_text(sensor.unit)}".rstrip()
    if choice.updates is not None:
        words += f", updates {', '.join(choice.updates)}"
    return words


def changes(a: Experiment, b: Experiment) -> list[str]:
    """Say in words how B differs from A, one entry a difference."""
    words = []
    mine, other = a.assimilation, b.assimilation
    before = {sensor.name: sensor for sensor in mine.observed}
    after = {sensor.name: sensor for sensor in other.observed}
    for name, choice in after.items():
        if before.get(name) != choice:
            words.append(_sensor_words(choice))
    words += [f"without {sensor_named(name).title}" for name in before if name not in after]
    for field in fields(AssimilationChoices):
        old, new = getattr(mine, field.name), getattr(other, field.name)
        if field.name in ("sensors", "cells") or old == new:
            continue
        if field.name in ("scales", "truth_parameters"):
            was, now = dict(old), dict(new)
            for name in sorted(was.keys() | now.keys()):
                if was.get(name) != now.get(name):
                    title, plain = ("factor on the sd of", 1.0) if field.name == "scales" else ("true", "table")
                    words.append(f"{title} {name}: {was.get(name, plain)} → {now.get(name, plain)}")
            continue
        declared = NUMBERS.get(field.name)
        unit = "" if declared is None or declared.unit == "1" else f" {unit_text(declared.unit)}"
        title = declared.long_name if declared is not None else field.name.replace("_", " ")
        words.append(f"{title} {old} → {new}{unit}")
    if a.seed != b.seed:
        words.append(f"seed {a.seed} → {b.seed}")
    return words
