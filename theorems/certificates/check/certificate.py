"""Re-verifies a certificate from its record alone, with code apart from what wrote it."""

import hashlib
import json
from collections.abc import Callable
from fractions import Fraction
from math import inf
from typing import Any

from flint import ctx

from .claims import NEEDED, conclusion
from .curves import Curves, Pair, encloses, pair
from .instance import Laws, Refused, rational, require

_KEYS = [
    *(
        "format",
        "version",
        "instance",
        "precision",
        "laws",
        "levels",
        "log_odds",
        "peaks",
        "limits",
    ),
    *("cross_entropy", "sweet_spots", "common_sweet_spot", "claims", "sha256"),
]
_CLAIM_KEYS = {"id", "verdict", "unmet", "conclusion", "witness"}


def check_certificate(
    record: Any, progress: Callable[[float, str], None] | None = None
) -> dict[str, str]:
    """The verdicts of a certificate, claim by claim, if every step of it is confirmed.

    Raises `ValueError`, in one line, for a record that is not of the format, is altered, or says
    more than its balls prove.

    >>> from theorems import FINDINGS
    >>> from theorems.certificates import certify, check_certificate
    >>> from theorems.tables.exact import read_exact
    >>> record = certify(read_exact(FINDINGS[0].counterexample)).record
    >>> print(check_certificate(record)["thm-3.3.peak-order"])
    holds
    """
    try:
        return _Check(record, progress).verdicts
    except Refused:
        raise
    except (
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        ValueError,
        ZeroDivisionError,
    ) as error:
        reason = f"{type(error).__name__}: {error}"
        raise Refused(f"the record is not of the format of a certificate ({reason})") from None


class _Check:
    """One pass over a record; each step requires what the next builds on."""

    def __init__(self, record: Any, progress: Callable[[float, str], None] | None):
        require(isinstance(record, dict), "the certificate is not a JSON object")
        is_instance = "in_concept" in record or "next_token_probs" in record
        require(
            not is_instance, "this is an instance; `ufm certify FILE --out` makes its certificate"
        )
        require(list(record) == _KEYS, f"the keys are not {', '.join(_KEYS)}")
        require(record["format"] == "ufm certificate", "the format is not 'ufm certificate'")
        version = record["version"]
        require(type(version) is int and version == 1, f"version {version!r} is not known; it is 1")
        require(_hash(record) == record["sha256"], "sha256 does not match: the record was altered")
        _no_floats(record, "certificate")
        is_precision = type(record["precision"]) is int and 128 <= record["precision"] <= 4096
        require(is_precision, "precision is not a number of bits")
        self.record, self.progress = record, progress or (lambda share, what: None)
        self.laws = Laws(record["instance"])
        self.laws.reduce(record["laws"])
        self._check_levels()
        self.curves = Curves(self.laws, self.levels)
        self._check_log_odds()
        self.peaks = [self._check_peaks(c) for c in range(len(self.laws.kept))]
        self._check_limits()
        self.strengths = self._check_cross_entropy()
        self._check_sweet_spots()
        self.verdicts = self._check_claims()

    def _check_levels(self) -> None:
        self.levels = self.record["levels"]
        vocabulary = len(self.laws.target)
        every = [z for group in self.levels for z in group]
        require(sorted(every) == list(range(vocabulary)), "levels do not partition the tokens")
        require(all(group for group in self.levels), "a level is empty")
        for group in self.levels:
            for z in group[1:]:
                require(
                    self.laws.sign(group[0], z) == 0, f"tokens {group[0]} and {z} do not tie in M"
                )
        first = [group[0] for group in self.levels]
        odds = self.laws.odds(first, 256)
        for k in range(len(first) - 1):
            is_less = odds[k] < odds[k + 1] or self.laws.sign(first[k], first[k + 1]) < 0
            require(is_less, f"level {k} is not below level {k + 1}")
        self.level = [0] * vocabulary
        for k, group in enumerate(self.levels):
            for z in group:
                self.level[z] = k
        self.top = len(self.levels) - 1

    def _check_log_odds(self) -> None:
        entries = self.record["log_odds"]
        require(len(entries) == self.top + 1, "log_odds needs one interval a level")
        intervals = [pair(e, f"log_odds[{k}]") for k, e in enumerate(entries)]
        largest = max(abs(end) for interval in intervals for end in interval)
        for k, interval in enumerate(intervals):

            def value(k: int = k) -> Any:
                return self.laws.odds([self.levels[k][0]], ctx.prec)[0]

            encloses(interval, value, largest / 2**40, f"log_odds[{k}]")
        # a lower bound of 1/R, to measure widths of brackets by
        self.unit = 1 / (intervals[-1][1] - intervals[0][0]) if self.top else Fraction(1)

    def _check_peaks(self, law: int) -> list[Any]:
        self.progress(law / len(self.laws.kept), f"peaks, law {law + 1} of {len(self.laws.kept)}")
        require(len(self.record["peaks"]) == len(self.laws.kept), "peaks needs one list a law")
        entries, found = self.record["peaks"][law], []
        require(len(entries) == self.top + 1, f"peaks[{law}] needs one entry a level")
        last: Fraction | None = None
        for k, entry in enumerate(entries):
            where = f"peaks[{law}][{k}]"
            if k in (0, self.top):
                require(entry == (["inf"] * 2 if k else ["-inf"] * 2), f"{where} is not infinite")
                found.append(inf if k else -inf)
                continue
            if entry is None:
                found.append(None)
                last = None
                continue
            low, high = pair(entry, where)
            size = max(abs(low), abs(high)) + self.unit
            require(high - low <= size / 2**18, f"{where} is wider than a certificate's")
            require(last is None or last < low, f"{where} is not after the peak before it")
            require(self.curves.slope_sign(law, k, low) > 0, f"{where}: not rising at its start")
            require(self.curves.slope_sign(law, k, high) < 0, f"{where}: not falling at its end")
            found.append((low, high))
            last = high
        return found

    def _check_limits(self) -> None:
        limits = self.record["limits"]
        require(set(limits) == {"plus", "minus"}, "limits needs plus and minus")
        for name, level, beside in (("plus", self.top, self.top - 1), ("minus", 0, 1)):
            end, where = limits[name], f"limits.{name}"
            require(set(end) == {"masses", "factors", "gap"}, f"{where} has other keys")
            masses = [row[level] for row in self.curves.masses]
            require(end["masses"] == [str(p) for p in masses], f"{where}.masses are wrong")
            factors = [str((1 - p) / p) for p in masses]
            require(end["factors"] == factors, f"{where}.factors are wrong")
            if self.top == 0:
                require(end["gap"] is None, f"{where}.gap: M is constant")
                continue
            gap = rational(end["gap"], f"{where}.gap")
            high, low = max(level, beside), min(level, beside)
            interval = (gap, gap * (1 + Fraction(1, 2**20)))
            require(gap > 0, f"{where}.gap is not positive")
            encloses(
                interval,
                lambda high=high, low=low: self.curves.gap(high, low),
                gap,
                f"{where}.gap",
            )

    def _check_cross_entropy(self) -> list[Fraction]:
        entry = self.record["cross_entropy"]
        require(set(entry) == {"variance", "samples"}, "cross_entropy has other keys")
        variance = pair(entry["variance"], "variance")
        encloses(variance, self.curves.variance, variance[1] / 2**30, "variance")
        strengths = []
        for i, sample in enumerate(entry["samples"]):
            require(set(sample) == {"strength", "increase"}, f"samples[{i}] has other keys")
            strength = rational(sample["strength"], f"samples[{i}].strength")
            increase = pair(sample["increase"], f"samples[{i}].increase")
            encloses(
                increase,
                lambda strength=strength: self.curves.increase(strength),
                increase[1] / 2**30,
                f"samples[{i}].increase",
            )
            strengths.append(strength)
        signs = [s > 0 for s in strengths]
        is_full = len(set(strengths)) == 6 and signs.count(True) == 3 and 0 not in strengths
        require(is_full if self.top else not strengths, "ΔCE needs six different strengths")
        return strengths

    def _check_sweet_spots(self) -> None:
        spots = self.record["sweet_spots"]
        on = [k for k, flag in zip(self.level, self.laws.target, strict=True) if flag]
        off = [k for k, flag in zip(self.level, self.laws.target, strict=True) if not flag]
        self.low, self.high = min(on), max(off)
        self.windows: list[Pair | None] = []
        for peaks in self.peaks:
            start, stop = peaks[self.high], peaks[self.low]
            is_open = self.low <= self.high or start is None or stop is None
            self.windows.append(None if is_open else (_end(start, 1), _end(stop, 0)))
        texts = [None if w is None else [str(w[0]), str(w[1])] for w in self.windows]
        require(spots == texts, "sweet_spots do not follow from the peaks")
        common = self.record["common_sweet_spot"]
        require(common == self._common(), "common_sweet_spot does not follow from the peaks")

    def _common(self) -> Any:
        if self.low <= self.high:
            return "empty"
        windows = [w for w in self.windows if w is not None]
        if len(windows) < len(self.windows):
            return None
        start, stop = max(w[0] for w in windows), min(w[1] for w in windows)
        if start < stop:
            return [str(start), str(stop)]
        latest = max(_end(peaks[self.high], 0) for peaks in self.peaks)
        return "empty" if latest >= min(_end(peaks[self.low], 1) for peaks in self.peaks) else None

    def _check_claims(self) -> dict[str, str]:
        claims = self.record["claims"]
        require([claim["id"] for claim in claims] == list(NEEDED), "the claims are not those known")
        missing = self.laws.unmet(self.level, self.top)
        self.bounds = (
            set.intersection(*(self.curves.bounds(s) for s in self.strengths))
            if self.strengths
            else set()
        )
        found = {}
        for claim in claims:
            name = claim["id"]
            require(set(claim) == _CLAIM_KEYS, f"{name} has other keys")
            unmet = sorted(missing & set(NEEDED[name]))
            require(claim["unmet"] == unmet, f"{name}: the unmet hypotheses are {unmet}")
            outcome = conclusion(name, self, claim["witness"])
            says = claim["conclusion"]
            require(says == outcome, f"{name}: says {says!r}, where the evidence is {outcome!r}")
            verdict = "hypotheses unmet" if unmet else outcome
            require(claim["verdict"] == verdict, f"{name}: the verdict is {verdict!r}")
            require(outcome == "fails" or claim["witness"] is None, f"{name}: a witness of nothing")
            found[name] = verdict
        return found


def _end(peak: Any, side: int) -> Any:
    return peak[side] if isinstance(peak, tuple) else peak


def _hash(record: dict[str, Any]) -> str:
    body = dict(record)
    body.pop("sha256")
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _no_floats(value: Any, where: str) -> None:
    require(not isinstance(value, float), f"{where} holds the rounded number {value}")
    if isinstance(value, dict):
        for key, item in value.items():
            _no_floats(item, key)
    elif isinstance(value, list):
        for item in value:
            _no_floats(item, where)
