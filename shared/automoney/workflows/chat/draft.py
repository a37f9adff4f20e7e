"""An answer in the making: sentences of ours over facts, each of which is cited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from automoney.workflows.chat import chinese, english
from automoney.workflows.chat.asked import Language
from automoney.workflows.chat.fact import Fact, Unit

_SENTENCES: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: english.SENTENCES,
    Language.CHINESE: chinese.SENTENCES,
}
_WORDS: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: english.WORDS,
    Language.CHINESE: chinese.WORDS,
}
_JOINT: Mapping[Language, str] = {Language.ENGLISH: " ", Language.CHINESE: ""}


@dataclass(slots=True)
class Draft:
    """Sentences so far, in paragraphs, and every fact that they hold, once each."""

    language: Language
    paragraphs: list[list[str]] = field(default_factory=lambda: [[]])
    cited: list[Fact] = field(default_factory=list)

    def say(self, sentence: str, **places: Fact | str) -> None:
        """Add a sentence.

        A place that is no fact holds a word or name, never a number; one that the sentence does
        not have is left out.
        """
        self.paragraphs[-1].append(self.phrase(sentence, **places))
        for name, place in places.items():
            used = f"{{{name}}}" in _SENTENCES[self.language][sentence]
            if used and isinstance(place, Fact) and place not in self.cited:
                self.cited.append(place)

    def phrase(self, sentence: str, **places: Fact | str) -> str:
        """The sentence alone."""
        filled = {name: self._written(place) for name, place in places.items()}
        return _SENTENCES[self.language][sentence].format(**filled)

    def end_paragraph(self) -> None:
        if self.paragraphs[-1]:
            self.paragraphs.append([])

    @property
    def text(self) -> str:
        joint = _JOINT[self.language]
        return "\n".join(joint.join(sentences) for sentences in self.paragraphs if sentences)

    @property
    def citations(self) -> Sequence[Fact]:
        return tuple(self.cited)

    def word(self, name: str) -> str:
        """A name of ours in the answer's language, or itself without its underscores."""
        return _WORDS[self.language].get(name, name.replace("_", " "))

    def _written(self, place: Fact | str) -> str:
        if isinstance(place, str):
            return place
        if place.unit is Unit.AGE:
            number, _, unit = place.text.partition(" ")
            return f"{number} {self.word(unit)}"
        known = place.unit is Unit.WORD and place.text in _WORDS[self.language]
        return self.word(place.text) if known else place.text
