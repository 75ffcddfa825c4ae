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
site = ""                    # for dataset = "tower": its name, as "CH-DAV"
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

EXAMPLES = {"carbon": CARBON}
"""Name of an example -> its text."""
