"""The grammar of the steps that talk with the caller: prompts, play, menu, collect, consent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from ariroute.config.shapes import Identifier, Value, exactly_one, keys
from ariroute.flow.digits import KEYS, Pattern
from ariroute.values import Duration, Settings

if TYPE_CHECKING:
    from ariroute.config.steps import Way

SOUND = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./+-]{0,127}(?<!/)", re.ASCII)
FORMATS = re.compile(
    r".+\.(wav|wav16|wav49|WAV|gsm|ulaw|ul|pcm|mu|alaw|al|alw|sln[0-9]*|raw|g722|g729|g723|g726-[0-9]+|ilbc|ogg|opus"
    r"|siren7|siren14|mp3)"
)
"""Names that end as a sound file does; Asterisk adds that itself (``build_filename()`` in file.c)."""

TONE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Za-z]{2,4})?", re.ASCII)
DIGITS = re.compile(r"([0-9]{1,2})(?:-([0-9]{1,2}))?", re.ASCII)
MOST_DIGITS = 32
KEY = "[0-9*#]"


def _sound(name: str) -> str:
    if not SOUND.fullmatch(name):
        raise ValueError(
            f"'{name[:80]}' is not a sound file: write its name without a suffix, such as custom/welcome; "
            "a text to be spoken is {say: ...}"
        )
    if FORMATS.fullmatch(name):
        raise ValueError(
            f"'{name[:80]}' is never found, as Asterisk adds the suffix itself: write '{name.rpartition('.')[0][:80]}'"
        )
    return name


def spoken(text: str) -> str:
    """A text to be spoken. Raises ValueError for one in which nothing is said."""
    if not text.strip():
        raise ValueError("there is nothing to say: write a text")
    return text


def _tone(name: str) -> str:
    if not TONE.fullmatch(name):
        raise ValueError(f"'{name[:80]}' is not a tone: write a name of indications.conf, such as busy or ring")
    return name


def _language(name: str) -> str:
    if not LANGUAGE.fullmatch(name):
        raise ValueError(f"'{name[:80]}' is not a language as Asterisk names them: write such as sv or en_GB")
    return name


def _key(key: str) -> str:
    if key not in KEYS:
        raise ValueError(f"'{key[:80]}' is not a key of a telephone: write one of 0 to 9, * or #, in quotes")
    return key


def _key_text(key: object) -> object:
    """A digit without quotes is a key as well."""
    return str(key) if type(key) is int else key


def _terminator(key: str) -> str:
    if key not in ("#", "*", ""):
        raise ValueError(
            f'\'{key[:80]}\' cannot end the input: write "#", "*", or "" for none; digits are what is collected'
        )
    return key


def _digits(value: object) -> object:
    text = str(value) if type(value) is int else value
    if isinstance(text, str) and not (match := DIGITS.fullmatch(text)):
        raise ValueError(f"'{text[:80]}' is not a number of digits: write such as 6, or \"4-8\"")
    if isinstance(text, str) and match:
        least, most = int(match[1]), int(match[2] or match[1])
        if not 1 <= least <= most <= MOST_DIGITS:
            raise ValueError(f"'{text}' digits can never be: write 1 to {MOST_DIGITS}, the smaller number first")
    return text


def _pattern(text: object) -> object:
    written = str(text) if type(text) is int else text
    if isinstance(written, str):
        Pattern(written)
    return written


def _while_waiting(value: float) -> float:
    if not 0.1 <= value <= 60:
        raise ValueError("a wait for a key lies between 100ms and 60s")
    return value


def _at_most(value: float) -> float:
    if not 0.1 <= value <= 600:
        raise ValueError("a prompt takes between 100ms and 10m")
    return value


def _as_prompt(value: object) -> object:
    items = value if isinstance(value, list) else [value]
    return [{"sound": item} if isinstance(item, str) else item for item in items]


class PromptItem(Settings):
    """One thing that the caller hears; a text alone is short for sound."""

    KINDS: ClassVar[tuple[str, ...]] = ("sound", "tone", "number", "digits", "say")
    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    sound: Annotated[str, AfterValidator(_sound)] | None = Field(
        default=None, description="A sound file, without its suffix."
    )
    tone: Annotated[str, AfterValidator(_tone)] | None = Field(
        default=None, description="A tone of indications.conf, such as busy."
    )
    number: Value = Field(default=None, description="Said as a number; left out when it is not known.")
    digits: Value = Field(default=None, description="Said digit by digit; left out when they are not known.")
    say: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(spoken)] | None = Field(
        default=None, description="Text-to-speech; {crm.name} and the like are filled in."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> PromptItem:
        exactly_one(self, self.KINDS, "an item of a prompt")
        return self


Prompt = Annotated[
    list[PromptItem],
    BeforeValidator(_as_prompt, json_schema_input_type=str | PromptItem | list[str | PromptItem]),
    Field(min_length=1),
]
Key = Annotated[str, AfterValidator(_key), Field(json_schema_extra={"pattern": f"^{KEY}$"})]
OneKey = Annotated[
    str,
    BeforeValidator(_key_text, json_schema_input_type=str | int),
    AfterValidator(_key),
    Field(json_schema_extra={"pattern": f"^{KEY}$"}),
]
Wait = Annotated[Duration, AfterValidator(_while_waiting)]
AtMost = Annotated[Duration, AfterValidator(_at_most)]
Language = Annotated[str, AfterValidator(_language), Field(json_schema_extra={"pattern": f"^{LANGUAGE.pattern}$"})]
Tries = Annotated[int, Field(ge=1, le=10)]


class Spoken(Settings):
    """What everything has that a caller hears."""

    prompt: Prompt = Field(description="What the caller hears: a sound file's name, or a list of items.")
    at_most: AtMost = Field(default=30.0, description="The prompt is stopped after this time.")
    language: Language | None = Field(
        default=None, description="The language of sounds and numbers; without it the channel's."
    )


class PlayStep(Spoken):
    """A prompt that asks for nothing."""


class MenuStep(Spoken):
    """One key chooses the way."""

    keys: Annotated[dict[Key, Way], Field(min_length=1)] = Field(
        json_schema_extra=keys(KEY), description="The ways by key."
    )
    timeout: Wait = Field(default=5.0, description="The time for the key, from the prompt's end.")
    tries: Tries = Field(default=3, description="How often the prompt is played at most.")
    invalid: Prompt | None = Field(default=None, description="Played after a wrong key, before the prompt again.")
    on_no_input: Way | None = Field(default=None, description="Where it leads when no key came in the last try.")
    on_invalid: Way | None = Field(default=None, description="Where it leads when a wrong key came in the last try.")


class CollectStep(Spoken):
    """Digits into a variable."""

    into: Identifier = Field(description="The variable; a text, empty when nothing of use came.")
    digits: Annotated[str, BeforeValidator(_digits, json_schema_input_type=str | int)] = Field(
        description='How many: 6, or "4-8".'
    )
    terminator: Annotated[str, AfterValidator(_terminator)] = Field(
        default="#", description="The key that ends the input before all digits came; empty for none."
    )
    timeout: Wait = Field(default=5.0, description="The time for the first digit, from the prompt's end.")
    between: Wait = Field(default=3.0, description="The time for each further digit.")
    pattern: Annotated[str, BeforeValidator(_pattern, json_schema_input_type=str | int)] | None = Field(
        default=None, description="What the digits look like, as in extensions.conf: 4XXXXX."
    )
    tries: Tries = Field(default=2, description="How often the prompt is played at most.")
    invalid: Prompt | None = Field(default=None, description="Played after wrong input, before the prompt again.")
    on_no_input: Way | None = Field(default=None, description="Where it leads when no digit came in the last try.")
    on_invalid: Way | None = Field(default=None, description="Where it leads when the last input did not fit.")

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the most digits."""
        least, _, most = self.digits.partition("-")
        return int(least), int(most or least)

    @model_validator(mode="after")
    def _can_fit(self) -> CollectStep:
        if self.pattern is None:
            return self
        pattern, (least, most) = Pattern(self.pattern), self.bounds
        if not least <= pattern.length <= most:
            raise ValueError(
                f"the pattern {self.pattern} has {pattern.length} digits, and 'digits' asks for {self.digits}: "
                "nothing can fit both"
            )
        if self.terminator and self.terminator in self.pattern:
            raise ValueError(
                f"the pattern {self.pattern} holds {self.terminator}, which ends the input: nothing can fit; "
                "write another terminator"
            )
        return self


class ConsentStep(Spoken):
    """Yes or no into a variable."""

    yes: OneKey = Field(default="1", description="The key for yes.")
    no: OneKey = Field(default="2", description="The key for no.")
    into: Identifier = Field(description="The variable: true, false, or empty when no answer came.")
    record: bool = Field(default=False, description="With yes the call is recorded.")
    timeout: Wait = Field(default=5.0, description="The time for the key, from the prompt's end.")
    tries: Tries = Field(default=2, description="How often the prompt is played at most.")

    @model_validator(mode="after")
    def _two_keys(self) -> ConsentStep:
        if self.yes == self.no:
            raise ValueError(f"'yes' and 'no' are the same key, {self.yes}: write two")
        return self


def as_play(value: Any) -> Any:
    """The long form of ``play:``; a prompt alone is the short one."""
    if isinstance(value, PlayStep) or (isinstance(value, dict) and not value.keys() & set(PromptItem.KINDS)):
        return value
    return {"prompt": value}
