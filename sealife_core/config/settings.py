"""The one description of a setting from which validation, the form and the command line are made.

A field declared with :func:`setting` carries its title, unit, range, sentence and group. :func:`parse` turns a
dictionary into a config or reports *all* its problems; :func:`describe` lists the fields for a form.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, NamedTuple, Self, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from sealife_core.errors import ConfigError


class Settings(BaseModel):
    """A frozen config that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @classmethod
    def family(cls) -> type[Any]:
        """The class to parse with after settings were changed: a base class where that can change the kind."""
        return cls

    @classmethod
    def kind_for(cls, values: Mapping[str, Any]) -> type[Self]:
        """The class that ``values`` describe: this one, or the subclass that is meant."""
        return cls


class Range(NamedTuple):
    """The numbers from ``least`` to ``most``, both included; ``step`` is the form's."""

    least: float
    most: float
    step: float = 1
    unit: str = ""


def setting(
    default: Any, says: str, *, title: str, group: str, within: Range | None = None, simple: bool = False
) -> Any:
    """Declare a field. ``says`` is its one sentence; a number has a range; ``simple`` ones are shown unfolded."""
    least, most = within[:2] if within else (None, None)
    extra: dict[str, Any] = {"group": group, "within": within, "simple": simple}
    return Field(default, title=title, description=says, ge=least, le=most, json_schema_extra=extra)


@dataclass(frozen=True)
class Setting:
    """One field of a config, ready to be drawn. ``path`` is dotted: ``views.hue``; bounds and step are of numbers."""

    path: str
    title: str
    says: str
    group: str
    unit: str
    type: type
    optional: bool
    choices: tuple[Any, ...]
    minimum: float | None
    maximum: float | None
    step: float | None
    simple: bool
    default: Any

    def clipped(self, number: float) -> float:
        """The number in the range of this setting that is nearest to ``number``."""
        low = number if self.minimum is None else max(number, self.minimum)
        return low if self.maximum is None else min(low, self.maximum)


def describe(model: type[Settings], prefix: str = "") -> list[Setting]:
    """All fields of ``model`` declared with :func:`setting`, in order; nested configs are flattened.

    For a family: the fields of all its kinds, those that the kinds share first.
    """
    found: list[Setting] = []
    fields = dict(model.model_fields)
    for kind in model.__subclasses__():
        fields |= {name: info for name, info in kind.model_fields.items() if name not in fields}
    for name, info in fields.items():
        annotation, optional = _without_none(info.annotation)
        if isinstance(annotation, type) and issubclass(annotation, Settings):
            found += describe(annotation, f"{prefix}{name}.")
        elif isinstance(info.json_schema_extra, dict) and "group" in info.json_schema_extra:
            found.append(_described(f"{prefix}{name}", info, annotation, optional))
    return found


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """``{"views.hue": 0.1}`` → ``{"views": {"hue": 0.1}}``."""
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        *parents, leaf = path.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[leaf] = value
    return tree


def flattened(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The reverse of :func:`nested`."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= flattened(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


ModelT = TypeVar("ModelT", bound=Settings)


def parse(model: type[ModelT], values: dict[str, Any]) -> ModelT:
    """Validate ``values``. Raises ConfigError with one sentence for each problem, all of them at once."""
    try:
        return model.kind_for(values).model_validate(values)
    except ValidationError as error:
        known = {s.path: s for s in describe(model)}
        said = [_sentence(problem, known) for problem in error.errors()]
        raise ConfigError([line for sentences in said for line in sentences.splitlines()]) from None


def _described(path: str, info: FieldInfo, annotation: Any, optional: bool) -> Setting:
    extra: dict[str, Any] = info.json_schema_extra  # type: ignore[assignment]
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    least, most, step, unit = extra["within"] or (None, None, None, "")
    return Setting(
        path=path,
        title=info.title or path,
        says=info.description or "",
        group=extra["group"],
        unit=unit,
        type=type(choices[0]) if choices else annotation,
        optional=optional,
        choices=choices,
        minimum=least,
        maximum=most,
        step=step,
        simple=extra["simple"],
        default=info.default,
    )


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Split ``X | None`` into X and whether None is allowed."""
    members = get_args(annotation)
    return (members[0], True) if members[1:] == (NoneType,) else (annotation, False)


def _sentence(problem: Any, known: dict[str, Setting]) -> str:
    path = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        near = nearest(path, list(known))
        return f"There is no setting '{path}'." + (f" Did you mean '{near}'?" if near else " Remove it.")
    if problem["type"] == "missing":
        return f"The setting '{path}' is missing. Give it a value."
    said = problem["msg"].replace("Input should be", "a value that is")  # pydantic's words
    wanted = expected(known[path]) if path in known else said
    if problem["type"] == "value_error":
        wanted = str(problem["ctx"]["error"])
        if path not in known:  # two settings contradict each other
            return wanted
    return f"'{path}' is {problem['input']!r}; expected {wanted}."


def expected(field: Setting) -> str:
    """What a setting takes, in words: "a whole number from 1 to 5000 epochs"."""
    if field.choices:
        return "one of " + ", ".join(repr(c) for c in field.choices)
    kind = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}.get(field.type, "a value")
    if field.minimum is None or field.maximum is None:
        return kind
    return f"{kind} from {bound(field.minimum)} to {bound(field.maximum)} {field.unit}".strip()


def bound(value: float) -> str:
    """A bound of a range as people write it: 0.01, 200, 4,294,967,295."""
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


def nearest(name: str, names: list[str]) -> str | None:
    """The one of ``names`` that was probably meant, or None."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, names, n=1)), None)
