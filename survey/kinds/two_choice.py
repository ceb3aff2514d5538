"""Two-alternative forced choice: left or right, no tie."""

from django.utils.translation import gettext as _

from survey.errors import SurveyInvalid


class TwoChoice:
    template_name = "survey/pair.html"
    answers = ("left", "right")

    def answer_check(self, answer: str) -> str:
        if answer not in self.answers:
            raise SurveyInvalid(
                _("The answer is %(answer)r; allowed are: left, right.") % {"answer": answer}
            )
        return answer

    def original_preferred(self, answer: str, original_side: str) -> bool:
        return answer == original_side
