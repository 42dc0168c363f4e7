"""What checks annotations in the tests: the shapes of jaxtyping, and that an int will do for a float."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
