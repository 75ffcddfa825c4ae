"""An unconfined aquifer below the soil (Niu et al. 2007, J. Geophys. Res. 112, D07103): an option."""

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.layout import LANES
from models.mathematics import clip, exp, larger, power, smaller

__all__ = ["aquifer_flows", "aquifer_store", "base_flow", "saturated_fraction"]

DECAY = 6.0  # m-1, decay of flow with depth
SATURATED_MAX = 0.38  # fraction of the cell saturated when the water table is at 2 m
TOPOGRAPHY = 10.5  # grid-mean topographic index
BASE_FLOW_MAX = 5.0  # mm s-1, before the topographic factor
YIELD = 0.2  # m3 m-3, specific yield
MICROPORES = 0.2  # fraction of micropores in the suction that lifts water
SOIL_BOTTOM = 2.0  # m
AQUIFER_BOTTOM = 27.0  # m, where the aquifer is empty


@equation
def saturated_fraction(water_table):
    """Fraction of the cell that is saturated, for the depth of the water table [m] (Niu et al. 2007, Eq. 5)."""
    return clip(SATURATED_MAX * exp(-0.5 * DECAY * (water_table - SOIL_BOTTOM)), 0.0, 1.0)


@equation
def base_flow(water_table):
    """Return the base flow [mm s-1] for the depth of the water table [m] (Niu et al. 2007, Eq. 8)."""
    return BASE_FLOW_MAX * exp(-TOPOGRAPHY) * exp(-DECAY * (water_table - SOIL_BOTTOM))


@lane_kernel
def aquifer_flows(w, dt):
    """Recharge of the aquifer [m s-1] and the saturated fraction of the cell."""
    for i in range(LANES):
        table = w[at.WATER_TABLE + i]
        porosity = w[at.THETA_MAX + i]
        wet = clip((w[at.LIQUID_4 + i] + w[at.ICE_4 + i]) / porosity, 0.01, 1.0)
        suction = larger(w[at.PSI_SAT + i], 0.005) * power(wet, -larger(w[at.B + i], 1.0))
        suction = smaller(suction, 120.0)
        # From the middle of the last layer down to the water table: gravity less what the micropores lift.
        distance = larger(table - 1.5, 0.5)
        flow = w[at.K_4 + i] * (1.0 - MICROPORES * suction / distance)
        # No more than 10 mm a step, nor what the aquifer has or the layer holds above its least water.
        most = smaller(0.01, 0.5 * larger(w[at.LIQUID_4 + i] - 0.02, 0.0)) / dt
        least = -smaller(0.01, 0.0005 * w[at.AQUIFER + i]) / dt
        w[at.RECHARGE + i] = clip(flow, least, most)
        frozen = 1.0 - w[at.FROZEN_FACTOR + i]
        w[at.SATURATED_FRACTION + i] = (1.0 - frozen) * saturated_fraction(table) + frozen


@lane_kernel
def aquifer_store(w, dt):
    """Add what drained from the soil to the aquifer, let it flow out, and move the water table."""
    for i in range(LANES):
        store = w[at.AQUIFER + i] + w[at.BOTTOM_DRAINAGE + i]
        out = smaller(base_flow(w[at.WATER_TABLE + i]) * dt, larger(store, 0.0))
        store = store - out
        full = 1000.0 * YIELD * (AQUIFER_BOTTOM - SOIL_BOTTOM)
        over = larger(store - full, 0.0)
        store = store - over
        w[at.AQUIFER + i] = store
        w[at.WATER_TABLE + i] = AQUIFER_BOTTOM - store / (1000.0 * YIELD)
        w[at.BOTTOM_DRAINAGE + i] = out + over
