"""Groups of LFW's people, read off their names: a table for `--attributes`.

    pip install gender-guesser          # only for this: first names, and whose they are
    python -m benchmarks.lfw_groups ../shared/testdata/annotations/lfw_pairs_share.txt > groups.csv

LFW publishes no attributes that may be passed on, so two are read off names: sex off the first
name, and `names east_asian` where the family name is a common Chinese, Korean, Japanese or
Vietnamese one that is rare elsewhere. Both are approximate (adopted, married and stage names), say
nothing about any one person, and are left blank in doubt. No table of names is part of the project.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from edgeverify.evaluation.images.pairs import Pair, read_pairs

_LISTED = """
Ahn Aoki Arai Araki Azuma Bae Baek Bao Byun Cai Cao Chae Chan Chang Chao Chen Cheng Cheung
Chiang Chien Chin Chiu Cho Choi Chong Chou Chow Chu Chua Chun Chung Cui Dang Deng Ding Doan
Duong Endo Fang Feng Fujii Fujita Fukuda Fukushima Gao Goh Gong Goto Han Hara Hasegawa Hashimoto
Hayashi Heo Hirai Hirano Ho Hoang Hong Hou Hsiao Hsieh Hsu Hu Huang Huynh Hwang Ikeda Inoue
Ishii Ishikawa Ito Iwasaki Jang Jeong Ji Jia Jiang Jin Jo Joo Kaneko Kang Kato Kawaguchi Kikuchi
Kim Kimura Kobayashi Koh Koizumi Kondo Kong Koo Kubo Kwak Kwan Kwok Kwon Lai Lam Lau Leong Leung
Li Liang Liao Lim Lin Liu Loh Lu Luo Lyu Ma Maeda Matsuda Matsui Matsumoto Meng Min Mishima
Miura Miyazaki Mok Moon Mori Murakami Na Nagai Nakagawa Nakajima Nakamura Nakano Nam Ng Ngo
Nguyen Nishimura Noh Nomura Ogawa Oh Okada Okamoto Ong Ono Ota Paek Pak Pan Peng Pham Phan Qian
Qin Qiu Roh Ryu Saito Sakai Sakamoto Sasaki Sato Seo Shen Shi Shih Shim Shimizu Shin Sim Song
Sugiyama Suh Sun Suzuki Tae Takagi Takahashi Takeda Tan Tanaka Tang Tao Teo Tian Tokuyama Tong
Tran Trinh Truong Tsai Tsang Tse Tseng Tsui Uchida Ueda Vo Vu Wada Wan Wang Watanabe Wei Wen
Wong Woo Wu Xia Xiao Xie Xu Xue Yamada Yamaguchi Yamamoto Yamashita Yan Yang Yao Yasuda Ye Yeh
Yeo Yeung Yi Yim Yin Yoo Yoon Yoshida You Yu Yuan Yun Zeng Zhang Zhao Zheng Zhong Zhou Zhu
Zhuang
"""

FAMILY_NAMES = frozenset(_LISTED.split())
"""Not among them: those that are as common elsewhere (Lee, Park, Long, Young)."""

_FIRST_NAMES_TOO = frozenset({"Chan", "Kim", "Min", "Wan"})


def family_group(person: str) -> str:
    """Return `east_asian` where the first or last part of a person's name says so, else nothing."""
    parts = person.split("_")
    if len(parts) < 2:
        return ""
    comes_first = parts[0] in FAMILY_NAMES and (
        parts[0] not in _FIRST_NAMES_TOO or len(parts) > 2 or "-" in person
    )
    return "east_asian" if comes_first or parts[-1] in FAMILY_NAMES else ""


def write_table(pairs: Sequence[Pair], file: TextIO) -> None:
    """Write the table of everybody whom the pairs name. ImportError without gender-guesser."""
    import gender_guesser.detector  # noqa: PLC0415 - needed here alone

    guess = gender_guesser.detector.Detector(case_sensitive=False).get_gender
    said = {"female": "woman", "mostly_female": "woman", "male": "man", "mostly_male": "man"}
    people = sorted({key.person for pair in pairs for key in (pair.probe, pair.reference)})
    table = csv.writer(file)
    table.writerow(("person", "sex", "names"))
    for person in people:
        names = family_group(person)
        # Family names come first there, and the list of first names is mostly a Western one.
        sex = "" if names else said.get(guess(person.split("_")[0]), "")
        table.writerow((person, sex, names))


def main() -> int:
    """Write the table to standard output."""
    write_table(read_pairs(Path(sys.argv[1])), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
