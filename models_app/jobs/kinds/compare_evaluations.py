"""Compare networks on the images of one split: differences with intervals, and tests."""

import json
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import JobInvalid
from models_app.findings import exports
from models_app.findings.comparisons import (
    comparison_csv,
    evaluations_compare,
    same_images_check,
    where_words,
)
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.models import Evaluation, Job
from models_app.selectors import evaluations as selectors

# As many as a page has columns for.
MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    evaluations: str = option(
        gettext_lazy("Evaluations"), gettext_lazy("Their numbers, separated by commas.")
    )
    baseline: int = option(
        gettext_lazy("Baseline"), gettext_lazy("The number of that which others are compared with.")
    )
    resamples: int = option(
        gettext_lazy("Resamples"),
        gettext_lazy("Of the bootstrap behind the intervals; publish no fewer than 1,000."),
        default=1000,
        low=100,
        high=100_000,
    )
    seed: int = option(
        gettext_lazy("Seed"), gettext_lazy("Of the bootstrap."), default=1, low=0, high=2**31 - 1
    )


class CompareEvaluations:
    config_type = Config
    # It draws for minutes at most, and would have to begin again.
    preemptible = False
    queues = (Job.Queue.CPU,)

    def plan(self, config: Config) -> Plan:
        found = _found(config)
        same_images_check(found)
        if config.baseline not in {each.pk for each in found}:
            raise JobInvalid(_("The baseline must be one of the evaluations."), "baseline")
        return Plan(
            label=_("Comparison of %(n)d networks on %(where)s")
            % {"n": len(found), "where": where_words(found[0])},
            seed=config.seed,
            dataset=found[0].label_set.dataset,
        )

    def run(self, config: Config, context: Context) -> None:
        context.stage(_("drawing images again"))
        evaluations = _found(config)
        found = evaluations_compare(
            evaluations,
            config.baseline,
            resamples=config.resamples,
            seed=config.seed,
            asked=context.check,
        )
        context.check()
        content = json.dumps(found, indent=1, allow_nan=False).encode()
        context.artifact(selectors.COMPARISON, content, "application/json")
        names = {str(each.pk): each.checkpoint.name for each in evaluations}
        with exports.file_of(comparison_csv(found, names)) as path:
            context.artifact("comparison.csv", path, "text/csv")
        context.result(n=found["n"], left_out=sum(found["left_out"].values()))


def _found(config: Config) -> list[Evaluation]:
    """Return the evaluations. Raises JobInvalid for what are none."""
    texts = [text.strip() for text in config.evaluations.split(",")]
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):
        raise JobInvalid(
            _("evaluations is %(value)r; write numbers separated by commas, as in 3,5.")
            % {"value": config.evaluations[:80]},
            "evaluations",
        )
    pks = list(dict.fromkeys(int(text) for text in texts))
    if len(pks) > MOST:
        raise JobInvalid(
            _("These are %(n)d evaluations; a comparison takes %(most)d: leave some out.")
            % {"n": len(pks), "most": MOST},
            "evaluations",
        )
    found = selectors.evaluations_chosen(pks)
    gone = sorted(set(pks) - {each.pk for each in found})
    if gone:
        raise JobInvalid(
            _("There is no evaluation %(pk)d; it may have been deleted.") % {"pk": gone[0]},
            "evaluations",
        )
    return found
