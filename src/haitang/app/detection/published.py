"""What others reached on the public data sets, each with where the figure comes from.

Figures are quoted from the notes that lie beside the sets. Most of them are of learned models; ours
are of two or three policies written by hand and untrained, so the two say different things.
"""

from __future__ import annotations

import msgspec

from haitang.data.features.specs import TextPair


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """The protocol of a set, and what others reached under it."""

    protocol: TextPair
    others: TextPair
    source: TextPair


def _pair(en: str, zh: str) -> TextPair:
    return TextPair(en=en, zh=zh)


_BESIDE = _pair(
    "baselines run for the notes beside the sets (`README.md` of the data folder)",
    "数据集说明（数据目录的 `README.md`）中运行的基线",
)

PUBLISHED: dict[str, Published] = {
    "handbook_cards": Published(
        protocol=_pair(
            "payments; mean of four test weeks (two weeks after 25 July, 1, 8 and 15 August 2018);"
            " customers known to be compromised leave the test; labels seven days late",
            "交易；四个测试周的平均（分别在 2018 年 7 月 25 日、8 月 1、8、15 日之后两周）；"
            "已知被盗客户移出测试；标签滞后七天",
        ),
        others=_pair(
            "AP 0.694, AUC 0.879, CP@100 0.305 (published); 0.733, 0.887, 0.313 (70 training days)",
            "AP 0.694、AUC 0.879、CP@100 0.305（已发表）；0.733、0.887、0.313（70 天训练）",
        ),
        source=_pair(
            "Le Borgne et al., Fraud Detection Handbook (ULB, Worldline); the second line from the"
            " notes beside the sets",
            "Le Borgne 等，Fraud Detection Handbook（ULB、Worldline）；后者见数据集说明",
        ),
    ),
    "sffsd": Published(
        protocol=_pair(
            "labelled rows; the last 30 % in order (causal)",
            "有标签的行；按顺序最后 30%（因果划分）",
        ),
        others=_pair(
            "AUC 0.897, AP 0.795 (causal 70–30); RGTAN, random 30 %: AUC 0.846, AP 0.694",
            "AUC 0.897、AP 0.795（因果 70–30）；RGTAN，随机 30%：AUC 0.846、AP 0.694",
        ),
        source=_pair(
            "RGTAN as published; causal from the notes beside the sets",
            "RGTAN 为已发表结果；因果划分见数据集说明",
        ),
    ),
    "amlsim_samples": Published(
        protocol=_pair(
            "accounts of the sample with fan-in and cycles; ours has nothing to train, so all of"
            " them are judged (others: stratified 5-fold)",
            "扇入与循环样本的账户；本方无需训练，故全部参与评判（他人：分层 5 折）",
        ),
        others=_pair(
            "AP 0.809 (graph features and LightGBM), 0.780 without a graph",
            "AP 0.809（图特征加 LightGBM），无图 0.780",
        ),
        source=_BESIDE,
    ),
    "amlgentex_dev": Published(
        protocol=_pair("transactions from day 75 on", "第 75 天起的交易"),
        others=_pair(
            "AP 0.250 (graph features and LightGBM), 0.030 from row columns",
            "AP 0.250（图特征加 LightGBM），仅用行内字段 0.030",
        ),
        source=_BESIDE,
    ),
    "tide_dev": Published(
        protocol=_pair("transfers; the last 20 % in order of time", "仅转账；按时间最后 20%"),
        others=_pair(
            "AP 0.603 (graph features and LightGBM), 0.110 from row columns",
            "AP 0.603（图特征加 LightGBM），仅用行内字段 0.110",
        ),
        source=_BESIDE,
    ),
    "synccfd_dev": Published(
        protocol=_pair(
            "payments from day 70 on; labels seven days late", "第 70 天起的交易；标签滞后七天"
        ),
        others=_pair("AP 0.651, AUC 0.862 (LightGBM)", "AP 0.651、AUC 0.862（LightGBM）"),
        source=_BESIDE,
    ),
}
