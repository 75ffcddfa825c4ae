"""Data assimilation: perturbed ensembles, the ensemble Kalman filter, rescaling of observations, diagnostics.

A run goes from a value to a result in three calls::

    experiment = Experiment(model="assimilation", region="Iberia", assimilation=AssimilationChoices(sensors=("ssm",)))
    twin = prepare_twin(experiment, twin_world("108km"))  # cells, spin-up, truth; kept while its settings stay
    result = run_assimilation(twin, experiment.assimilation)  # open loop (kept with the twin), then analysis
    result.field("rzsm", "r_anom", "difference"), result.diagnostics("ssm").verdict, result.series(7)

`models.assimilation.command` does the same for a file, `models.coupling` drives carbon with it.
"""
