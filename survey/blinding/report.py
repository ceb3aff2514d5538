"""An audit as a table of 100 columns, and as JSON."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from survey.blinding.audit import Audit, Finding

NAME, NAMED, SHARE, P, RULE = 38, 10, 20, 7, 20


def table(audit: Audit, *, repeats: int) -> Iterator[str]:
    """Give the lines: what must be at chance, what is information, what never differs.

    `repeats` is how often a session may show a photo.
    """
    tested = [f for f in audit.findings if f.p_holm is not None]
    known = [f for f in audit.findings if f.reason and f.telling.differs]
    same = [f for f in audit.findings if not f.telling.differs]
    yield _("%(pairs)d pairs, %(people)d participants (marked as tests), seed %(seed)d.") % {
        "pairs": audit.pairs,
        "people": audit.participants,
        "seed": audit.seed,
    }
    yield _("Best rule on %(learned)d pairs, tried on the other %(tried)d.") % {
        "learned": audit.learned,
        "tried": audit.tried,
    }
    yield ""
    yield _("Must be at chance, a half:")
    yield from _rows(tested)
    yield ""
    yield _("Information, cannot be at chance or is no participant's to see:")
    yield from _rows(known)
    yield ""
    yield _("The same for both pictures, or in all pairs:")
    yield from _wrapped(finding.name for finding in same)
    yield ""
    yield from _conclusion(audit)
    if repeats > 1:
        yield _(
            "With photo_repeats %(n)d, a picture seen before in a session is the original more "
            "often."
        ) % {"n": repeats}


def _rows(findings: Iterable[Finding]) -> Iterator[str]:
    yield _row(_("feature"), _("named"), _("share (exact, 95%)"), _("p Holm"), _("rule"))
    for finding in findings:
        telling = finding.telling
        share = "–"
        if telling.share:
            low, high = 100 * telling.share.low, 100 * telling.share.high
            share = f"{100 * telling.share.value:5.1f} [{low:.1f}, {high:.1f}]"
        yield _row(
            ("! " if finding.leak else "") + finding.name,
            f"{telling.named}/{telling.decided}",
            share,
            "" if finding.p_holm is None else p_text(finding.p_holm),
            rule_text(finding),
        )


def _row(name: str, named: str, share: str, p: str, rule: str) -> str:
    return " ".join(
        (
            f"{_cut(name, NAME):<{NAME}}",
            f"{named:>{NAMED}}",
            f"{share:>{SHARE}}",
            f"{p:>{P}}",
            _cut(rule, RULE),
        )
    ).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def p_text(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def _wrapped(names: Iterable[str], width: int = 96) -> Iterator[str]:
    line = ""
    for name in names:
        if line and len(line) + len(name) + 2 > width:
            yield f"  {line},"
            line = ""
        line = f"{line}, {name}" if line else name
    if line:
        yield f"  {line}."


def _conclusion(audit: Audit) -> Iterator[str]:
    if not audit.leaks:
        yield _(
            "No feature names the original more often than chance (%(n)d tests, Holm, %(alpha)g)."
        ) % {"n": audit.tests, "alpha": audit.alpha}
        return
    for finding in audit.leaks:
        telling = finding.telling
        yield _(
            "LEAK %(name)s: the rule “%(rule)s” names the original in %(k)d of %(n)d pairs."
        ) % {
            "name": finding.name,
            "rule": rule_text(finding),
            "k": telling.named,
            "n": telling.decided,
        }


def rule_text(finding: Finding) -> str:
    """Say in words which picture the rule takes for the original."""
    telling = finding.telling
    if not telling.kind:
        return _("none decides")
    mark = f"{telling.mark:.4g}" if isinstance(telling.mark, float) else str(telling.mark)
    straight, reversed_ = {
        "greater": (_("the greater"), _("the smaller")),
        "later": (_("later in the alphabet"), _("earlier in the alphabet")),
        "by": (_("greater by > %(mark)s"), _("smaller by > %(mark)s")),
        "above": (_("left if > %(mark)s"), _("right if > %(mark)s")),
        "present": (_("has it"), _("lacks it")),
        "longer": (_("the longer"), _("the shorter")),
        "digits": (_("more digits"), _("fewer digits")),
        "capitals": (_("more capitals"), _("fewer capitals")),
        "is": (_("is %(mark)s"), _("is not %(mark)s")),
        "starts": (_("starts with %(mark)s"), _("not: starts with %(mark)s")),
        "ends": (_("ends with %(mark)s"), _("not: ends with %(mark)s")),
        "contains": (_("contains %(mark)s"), _("not: contains %(mark)s")),
        "table": (_("learned by value"), _("learned by value")),
    }[telling.kind]
    return (reversed_ if telling.reverse else straight) % {"mark": mark}


def facts(audit: Audit, *, survey: str, repeats: int) -> dict[str, Any]:
    """Everything as JSON; shares 0..1."""
    return {
        "survey": survey,
        "pairs": audit.pairs,
        "participants": audit.participants,
        "learned_on": audit.learned,
        "tried_on": audit.tried,
        "seed": audit.seed,
        "alpha": audit.alpha,
        "tests": audit.tests,
        "photo_repeats": repeats,
        "leaks": [finding.name for finding in audit.leaks],
        "features": [_fact(finding) for finding in audit.findings],
    }


def _fact(finding: Finding) -> dict[str, Any]:
    telling = finding.telling
    share = telling.share
    return {
        "family": finding.family,
        "name": finding.name,
        "must_be_at_chance": not finding.reason,
        "reason": finding.reason,
        "differs": telling.differs,
        "rule": rule_text(finding) if telling.differs else "",
        "named": telling.named,
        "decided": telling.decided,
        "share": share.value if share else None,
        "low": share.low if share else None,
        "high": share.high if share else None,
        "p": telling.p,
        "p_holm": finding.p_holm,
        "leak": finding.leak,
    }
