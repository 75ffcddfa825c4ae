"""Experiment files to start from, with a word on every setting."""

__all__ = ["EXAMPLES"]

CARBON = """\
# An experiment of Land Carbon Explorer: the SMAP Level-4 Carbon model (L4C; Jones et al. 2017).
# Run it:                      python launch.py run carbon.toml --out OUT.nc
# Run it on drivers of yours:  python launch.py run carbon.toml --drivers DRIVERS.nc --out OUT.nc
# Every setting may be left out; the values here are the defaults.

model = "l4c"
dataset = "reference-earth"  # the embedded world (synthetic weather, real climate) | "tower", see site | "file"
grid = "108km"               # of the embedded world: "108km" | "36km"
site = ""                    # for dataset = "tower": its name, as "FR-Hes"
region = "world"             # a name, as "Iberia" or "US Southern Plains"; or a box, see the end
period = ["", ""]            # first and last day to report, as ["2015-03-01", "2015-08-31"]; "" is the record's own.
                             # Starting SOC and litterfall always come from the whole record.
output = "daily"             # "daily" | "monthly" (means) | "annual" (sums of fluxes, means of the rest)
per_pft = false              # true: also every plant functional type of a cell, beside their mean
precision = "float64"        # "float64" | "float32"
seed = 1                     # of the weather generator

[l4c]
bplut = "V7"                 # biome properties: "V7" | "V5" | "V4" | "V7-rounded" (as other public readers round it)
frozen_gpp = "ft_min"        # GPP of a frozen day: "ft_min" times the thawed one | "zero"
litterfall = "constant"      # "constant" over the year | "schedule" (8-day)
without = []                 # constraints to remove, of "vpd", "tmin", "smrz", "ft" (GPP), "t_soil", "smsf" (RH)

# Root-zone wetness is rescaled logarithmically between two limits of each cell:
#   "observed"       the long-term minimum and maximum, smrz_min and smrz_max of the drivers. Drivers without
#                    them take what other public programs take: minimum_100;
#   "wilting_point"  the wilting point (smrz_wilting) and the long-term maximum;
#   "minimum_100"    the lowest value of the record, and 100 %.
smrz_range = "observed"

# Soil carbon at the start of the record:
#   "auto"        as the drivers give it (soc_fast, soc_med, soc_slow; or SOC_init), else periodic;
#   "periodic"    exact steady state: the pools end the year as they began it, so the annual NEE is 0;
#   "analytical"  closed form for the mean conditions of the year; some g C m-2 yr-1 off balance;
#   "given"       by the drivers, or the run is refused.
soc_start = "auto"

# Whose parameters make the starting SOC and the litterfall:
#   "table"       those of the table (or of the drivers' file), without the changes below: fluxes answer at once;
#   "experiment"  with the changes below: the soil as if it had always been so.
spin_up = "table"

# Changed parameters, by plant functional type (ENF EBF DNF DBF SHR GRS CCR BCR). Take off the # to change grassland:
# [l4c.parameters.GRS]
# lue_max = 1.9              # gC MJ-1
# vpd_high = 5000.0          # Pa

# A region of your own, in degrees; west > east crosses the antimeridian. (Then take out region = "world" above.)
# [region]
# name = "my box"
# west = -10.0
# south = 35.0
# east = 4.0
# north = 44.0
"""

LAND = """\
# An experiment of Land Carbon Explorer: the land surface model, with water, energy, snow and living vegetation.
# Run it on weather of yours: python launch.py run land.toml --forcing FORCING.nc --out OUT.nc
# With a second file that says what each column is:        ... --forcing FORCING.nc --columns COLUMNS.nc --out OUT.nc
# On a half-hourly flux tower: ... --forcing FLX_..._HH_....csv --out OUT.nc, a FLUXNET table; an AmeriFlux BASE
# table, AMF_..._BASE_HH_....csv; or the Bondville text file of the Noah models, bondville.dat
# On the embedded world (hourly synthetic weather, real climate): dataset = "reference-earth", grid and region;
# at a tower by its name: dataset = "tower", site, and --data FOLDER for towers of yours.
# Every setting may be left out; the values here are the defaults.
#
# FORCING.nc (or .zarr) holds, on (time) or on (climate, time), (site, time), (column, time):
#   T [K], q [kg kg-1], P [Pa], wind [m s-1], SW [W m-2], LW [W m-2], PR [kg m-2 s-1],
#   or under our names: t_air, q_air, pressure, wind, sw_down, lw_down, precip_rate (or precip, in mm d-1),
# without gaps, evenly spaced, for whole days. It, or COLUMNS.nc on (column), may also say what the columns are:
#   veg and soil (classes), shdmax [%], tbot [K], latitude, longitude, forcing_height [m], soil_colour,
#   and in COLUMNS.nc climate (column): the name or number (from 0) of the weather that a column takes. Without it,
#   the name of a column may begin with that of its climate, as in "IL:veg12:soil4".
# OUT.nc holds daily means on (column, time) and (column, layer, time): soil_moisture, soil_temperature, ssm, rzsm,
# lai, gpp, npp, nee, et, transpiration, soil_evaporation, runoff, drainage, swe and more, and the balances' residuals.

model = "land"
dataset = "file"             # "file": the weather comes from --forcing | "reference-earth" | "tower"
grid = "108km"               # of the embedded world: "108km" | "36km"
site = ""                    # for dataset = "tower": its name, as "US-ARM"
output = "daily"             # "daily" | "monthly" (means; carbon pools at the end of the month)
region = "world"             # columns to run: a name, as "Iberia"; or a box of [region] west, south, east, north
period = ["", ""]            # first and last day to report, as ["2015-03-01", "2015-08-31"]; "" is the forcing's own

[land]
time_step = 1.0              # h: 0.5 | 1.0 | 3.0
hydraulics = "clapp_hornberger"  # "clapp_hornberger" | "van_genuchten"
drainage = "free"            # "free" | "groundwater" (an aquifer below the soil)
output = "daily"             # "daily" means | "native": every step

# From a cold start the forcing is run over and over, and the last cycle is reported.
cycles = 10                  # passes through the forcing, the reported one included; 1 is without spin-up
stop_when_settled = false    # true: report as soon as soil water and LAI repeat from cycle to cycle, within
                             # 0.001 m3 m-3 and 0.01 m2 m-2; `cycles` is then the most
soil_carbon = "given"        # "given": as the cycles left it | "balanced": fast soil carbon put where it repeats
soil_moisture = 0.28         # m3 m-3, of all layers at the cold start
lai = 2.0                    # m2 m-2, at the cold start

# The clock of the forcing. A tower's table says its own.
stamp = "auto"               # the time of a record is the "end" or the "start" of its interval; "auto": the end,
                             # unless the forcing has an attribute stamp
utc_offset = 0.0             # h by which the clock is ahead of UTC
start = ""                   # for a forcing without times: that of its first record, as "1998-01-01T00:00",
record_step = 0.5            # and the time from record to record, in h

# What the columns are; this stands above what the files say. Each setting is one value for all columns,
# a list with a value for each column, or a table by vegetation class. Vegetation, soil, latitude and longitude are
# needed, here or in a file.
[land.columns]
# vegetation = 12            # MODIS-IGBP class 1 to 20, or its name, as "cropland"
# soil = 4                   # STAS class 1 to 19, or its name, as "silt loam"
# vegetation_fraction = 0.9  # share of the ground under vegetation (shdmax / 100), 0.9 if nothing says otherwise
# vegetation_fraction = {1 = 0.90, 4 = 0.95, 5 = 0.95, 7 = 0.50, 10 = 0.90, 12 = 0.96, 14 = 0.95}  # or by class
# t_bottom = 285.0           # K, of the deep soil (tbot)
# latitude = 40.01           # degrees north
# longitude = -88.37         # degrees east
# forcing_height = 10.0      # m, of wind and temperature above the canopy's displacement
# soil_colour = 4            # 1 bright to 8 dark
# sand = 0.4                 # 1, with clay: hydraulic parameters by Cosby et al. (1984) instead of the soil class's,
# clay = 0.2                 # 1, for clapp_hornberger hydraulics
# climate = ["IL", "MED"]    # whose weather each column takes: name, or number from 0

# Parameters that differ from the tables of vegetation and soil, for all columns. Take off the # to change them:
[land.parameters]
# vcmax25 = 60.0             # umol m-2 s-1
# coupling = 1.5             # 1, strength of the water flow between surface and root zone
"""

ASSIMILATION = """\
# An experiment of Land Carbon Explorer: assimilation of synthetic observations into the land surface model.
# Run it: python launch.py run assimilation.toml --out OUT.nc (or OUT.zarr)
# Every setting may be left out; the values here are the defaults unless a line says otherwise.
#
# A truth lives through the embedded world's weather times errors that the experimenter does not know; sensors sample
# it; an ensemble that is given the weather alone takes in what they saw. OUT.nc holds, on (cell, time), truth, open
# loop and analysis, every update on (cell, overpass), and monthly diagnostics of each sensor.

model = "assimilation"
grid = "108km"               # of the embedded world: "108km" | "36km"
region = "Iberia"            # a name, or a box of [region] west, south, east, north; the whole world is too large
period = ["2015-03-01", "2015-08-31"]  # first and last day; "" is the world's first year
seed = 1                     # of every random draw: equal seeds share their noise

[assimilation]
members = 24                 # 4 to 100
time_step = 1.0              # h: 1.0 | 3.0, for a preview
method = "stochastic"        # "stochastic" (perturbed observations) | "etkf" | "denkf"
bounds = "lis"               # members out of bounds: the rule of LIS | "clip" | "none"
bias_correction = "none"     # "none" | "ryu": one member is kept unperturbed and the mean is held to it
centering = "rescaled"       # noise of the members: centred and rescaled | "lis" (centred) | "none"
observation_draws = "rescaled"  # perturbed observations, likewise: "rescaled" | "lis"
adaptive = "off"             # "off" | "geosldas": scale HPH' and R by what innovations say of them
precipitation_quality = "model"  # of the experimenter: "perfect" | "gauged" | "model" | "satellite" | "poor"

# Noise (Heyvaert et al. 2024, Table 2); its interval is not given there, LIS's examples have 1 h and 3 h.
correlation_time = 24.0      # h, of the weather's noise
forcing_interval = 1.0       # h, between draws for the weather
state_interval = 3.0         # h, between draws for the state
cap = 2.5                    # sds at which draws are cut
warm_up = 60.0               # days that the ensemble runs before the period

# The truth.
forcing_error = 1.0          # errors of the experimenter's radiation, as a share of Table 2
truth_state_error = 1.0      # random change of the true state, as a share of Table 2
spin_up = 4                  # years that every cell runs before

# Sensors: ssm, lai, vod, tb_h, tb_v, lvod, rzsm. What is left out is the sensor's own.
[assimilation.sensors.ssm]
use = "assimilate"           # "assimilate" | "monitor" (innovations alone) | "off"
# error_std = 0.0125         # error sd that the filter assumes, in the sensor's unit
# true_error_std = 0.0125    # and the one that the observations have
# updates = ["sm1", "sm2", "sm3", "sm4"]
# rescale = "none"           # "none" | "cdf" (by month) | "seasonal" (mean and sd by day of year) | "mean" | "anomaly"
# masks = ["frozen", "snow", "rain"]
# repeat_days = 2.75

# [assimilation.sensors.lai]
# use = "monitor"

# Factors on the noise's sd, by field: sw_down lw_down precip_rate sm1 sm2 sm3 sm4 lai
[assimilation.scales]
# precip_rate = 0.5

# Parameters of the land surface model that are other in the truth.
[assimilation.truth_parameters]
# k_sat = 5e-6
"""

EXAMPLES = {"carbon": CARBON, "land": LAND, "assimilation": ASSIMILATION}
"""Name of an example -> its text."""
