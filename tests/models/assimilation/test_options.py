"""Choices of an assimilation run: defaults, text and back, one clear message for each bad setting."""

import pytest

from models.assimilation.observe import check_sensors
from models.assimilation.options import NUMBERS, SCALES, AssimilationChoices
from models.assimilation.perturbations import FORCING_PERTURBATIONS, STATE_PERTURBATIONS
from models.assimilation.sensor_choice import SensorChoice
from models.experiment import Experiment


def changed() -> AssimilationChoices:
    """Choices that differ from the defaults in every kind of field."""
    return AssimilationChoices(
        sensors={
            "ssm": {"error_std": 0.02, "updates": ["sm2", "sm1"], "masks": ["rain", "frozen"]},
            "lai": {"use": "monitor", "rescale": "seasonal"},
        },
        members=12,
        time_step=3,
        bias_correction="ryu",
        scales={"sm1": 2.0, "lai": 1.0},
        truth_parameters={"k_sat": 5e-6},
        cells=(7, 3, 7),
        warm_up=30,
    )


def test_choices_are_the_same_after_travelling_as_text():
    experiment = Experiment(model="assimilation", region="Iberia", assimilation=changed())
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    assert Experiment.from_query(experiment.to_query()) == experiment
    assert Experiment.from_attrs(experiment.to_attrs()) == experiment
    assert hash(Experiment.from_toml(experiment.to_toml())) == hash(experiment)


def test_defaults_leave_no_trace_in_an_address():
    assert Experiment(model="assimilation").to_query() == "model=assimilation"
    assert "assimilation" not in Experiment().to_mapping()


def test_a_run_without_sensors_travels_too():
    experiment = Experiment(model="assimilation", assimilation=AssimilationChoices(sensors=()))
    assert Experiment.from_query(experiment.to_query()) == experiment


def test_lists_are_brought_into_one_order():
    ours = changed()
    assert ours.sensor("ssm").updates == ("sm1", "sm2")
    assert ours.sensor("ssm").masks == ("frozen", "rain")
    assert ours.cells == (7, 3)
    assert ours.scales == (("sm1", 2.0),)


def test_every_perturbation_has_a_scale_and_every_number_a_source():
    assert list(SCALES) == [field.name for field in (*FORCING_PERTURBATIONS, *STATE_PERTURBATIONS)]
    assert all(declared.source and declared.long_name for declared in NUMBERS.values())


def test_the_noise_does_not_depend_on_sensors_and_the_truth_not_on_the_ensemble():
    ours = changed()
    assert ours.with_sensor("ssm", error_std=0.5).open_loop_key() == ours.open_loop_key()
    other = AssimilationChoices(members=24, time_step=3, truth_parameters={"k_sat": 5e-6}, warm_up=30)
    assert other.twin_key() == ours.twin_key()
    assert other.open_loop_key() != ours.open_loop_key()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"members": 1}, "assimilation.members = 1 must be a whole number within [4, 100]"),
        ({"sensors": {"ssm": {"error_std": -0.01}}}, "assimilation.sensors.ssm.error_std = -0.01"),
        ({"sensors": {"ssm": {"updates": ["sm9"]}}}, "it may be 'sm1', 'sm2', 'sm3', 'sm4', 'lai'"),
        ({"sensors": {"ssm": {"updates": []}}}, "name some of"),
        ({"sensors": {"ssm": {"colour": 1}}}, "has no setting 'colour'"),
        ({"sensors": ("ssm", "ssm")}, "has 'ssm' twice"),
        ({"sensors": {"ssm": {"use": "perhaps"}}}, "it may be 'assimilate', 'monitor', 'off'"),
        ({"time_step": 2}, "it may be 1.0 or 3.0 h"),
        ({"state_interval": 5}, "give 1, 3, 6, 12 or 24"),
        ({"scales": {"wind": 2}}, "'sw_down'"),
        ({"scales": {"sm1": -1}}, "assimilation.scales.sm1 = -1"),
        ({"method": "magic"}, "it may be 'stochastic', 'etkf', 'denkf'"),
        ({"warm_up": -3}, "must be within [0, 365] d"),
    ],
)
def test_a_bad_setting_gives_one_clear_message(settings, words):
    with pytest.raises(ValueError, match="assimilation") as caught:
        AssimilationChoices(**settings)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_sensors_and_masks_are_named_with_what_there_is():
    with pytest.raises(ValueError, match=r"no such sensor; there are ssm, lai"):
        check_sensors(AssimilationChoices(sensors=("sif",)))
    with pytest.raises(ValueError, match=r"no mask 'clouds'; there are"):
        check_sensors(AssimilationChoices(sensors={"ssm": {"masks": ["clouds"]}}))


def test_an_error_beyond_what_the_sensor_can_have_is_refused():
    with pytest.raises(ValueError, match=r"ssm.error_std = 5 m3 m-3 lies outside \[0.001, 0.2\]"):
        check_sensors(AssimilationChoices(sensors=(SensorChoice("ssm", error_std=5.0),)))
