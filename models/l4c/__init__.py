"""SMAP Level-4 Carbon (L4C): light-use efficiency and three soil carbon pools (Jones et al. 2017)."""
