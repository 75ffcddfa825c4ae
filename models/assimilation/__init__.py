"""Data assimilation: perturbed ensembles, the ensemble Kalman filter, rescaling of observations, diagnostics."""
