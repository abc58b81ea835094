"""Places of the invented bank: real city names with rough positions, synthetic region codes.

Positions are city centres rounded to a hundredth of a degree; they serve distances and speeds, no
more.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A city: where customers live, outlets stand and counterparties bank."""

    code: str
    en: str
    zh: str
    latitude: float
    longitude: float
    country: str = "CN"
    share: float = 0.0
    """Share of the bank's customers who live here; 0 for places where the bank has no outlet."""


def _place(code: str, en: str, zh: str, spot: tuple[float, float], share: float = 0.0) -> Place:
    return Place(code=code, en=en, zh=zh, latitude=spot[0], longitude=spot[1], share=share)


PLACES: tuple[Place, ...] = (
    _place("ZJ01", "Hangzhou", "杭州", (30.25, 120.17), 0.20),
    _place("ZJ02", "Ningbo", "宁波", (29.87, 121.55), 0.16),
    _place("ZJ03", "Wenzhou", "温州", (28.00, 120.67), 0.20),
    _place("ZJ04", "Jiaxing", "嘉兴", (30.75, 120.75), 0.07),
    _place("ZJ05", "Shaoxing", "绍兴", (30.00, 120.58), 0.07),
    _place("ZJ06", "Jinhua", "金华", (29.08, 119.65), 0.06),
    _place("ZJ07", "Taizhou", "台州", (28.66, 121.42), 0.06),
    _place("GS01", "Lanzhou", "兰州", (36.06, 103.83), 0.12),
    _place("GS02", "Tianshui", "天水", (34.58, 105.72), 0.04),
    _place("GS03", "Baiyin", "白银", (36.54, 104.14), 0.02),
    _place("GZ01", "Guiyang", "贵阳", (26.65, 106.63)),
    _place("GZ02", "Bijie", "毕节", (27.30, 105.29)),
    _place("SH01", "Shanghai", "上海", (31.23, 121.47)),
    _place("GD01", "Guangzhou", "广州", (23.13, 113.26)),
    _place("GD02", "Shenzhen", "深圳", (22.54, 114.06)),
    _place("SC01", "Chengdu", "成都", (30.57, 104.07)),
    _place("HB01", "Wuhan", "武汉", (30.59, 114.30)),
    _place("HN01", "Changsha", "长沙", (28.23, 112.94)),
    _place("HA01", "Zhengzhou", "郑州", (34.75, 113.62)),
    _place("FJ01", "Quanzhou", "泉州", (24.87, 118.68)),
    _place("JX01", "Nanchang", "南昌", (28.68, 115.86)),
    _place("AH01", "Hefei", "合肥", (31.82, 117.23)),
    _place("YN01", "Kunming", "昆明", (25.04, 102.71)),
    _place("BJ01", "Beijing", "北京", (39.90, 116.41)),
    Place(code="JP01", en="Osaka", zh="大阪", latitude=34.69, longitude=135.50, country="JP"),
    Place(code="TH01", en="Bangkok", zh="曼谷", latitude=13.76, longitude=100.50, country="TH"),
    Place(code="GB01", en="Leeds", zh="利兹", latitude=53.80, longitude=-1.55, country="GB"),
    Place(
        code="AU01", en="Melbourne", zh="墨尔本", latitude=-37.81, longitude=144.96, country="AU"
    ),
)
"""Every place, home places first."""

HOME_PLACES = sum(1 for place in PLACES if place.share > 0)
DOMESTIC_PLACES = sum(1 for place in PLACES if place.country == "CN")


def positions() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Latitudes and longitudes of `PLACES` in degrees."""
    return (
        np.array([place.latitude for place in PLACES]),
        np.array([place.longitude for place in PLACES]),
    )


def home_shares() -> npt.NDArray[np.float64]:
    """Shares of the home places, summing to one."""
    shares = np.array([place.share for place in PLACES[:HOME_PLACES]])
    return np.asarray(shares / shares.sum())
