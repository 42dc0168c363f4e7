"""Where torchvision's ImageNet weights lie on this machine, and where they come from; told without loading torch."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ADDRESS = "https://download.pytorch.org/models"
# Version and file of each encoder, torchvision's best first.
FILES: dict[str, tuple[tuple[str, str], ...]] = {
    "resnet18": (("IMAGENET1K_V1", "resnet18-f37072fd.pth"),),
    "resnet34": (("IMAGENET1K_V1", "resnet34-b627a593.pth"),),
    "resnet50": (("IMAGENET1K_V2", "resnet50-11ad3fa6.pth"), ("IMAGENET1K_V1", "resnet50-0676ba61.pth")),
}
ASK_S = 2.0  # a person waits for the answer


def imagenet_files(name: str) -> Iterator[tuple[Path, str, str]]:
    """(path, version, address) of the weights that torchvision has for encoder ``name``, its best first."""
    for version, file in FILES[name]:
        yield folder() / file, version, f"{ADDRESS}/{file}"


def folder() -> Path:
    """Where torch.hub keeps what it downloads, by TORCH_HOME or XDG_CACHE_HOME as it does."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(os.environ.get("TORCH_HOME", Path(cache) / "torch")).expanduser() / "hub" / "checkpoints"


def is_here(name: str) -> bool:
    """Whether some version of the weights of encoder ``name`` is on this machine."""
    return any(path.is_file() for path, _, _ in imagenet_files(name))


def by_hand(name: str) -> str:
    """How to get the weights of encoder ``name`` to a machine without internet: a sentence."""
    path, _, address = next(imagenet_files(name))
    return (
        f"Download {address} on a machine with internet access and put it into {path.parent}, or set the weights to"
        " 'file:' and the path of the file."
    )


def reachable(timeout_s: float = ASK_S) -> bool | None:
    """Whether the weights can be downloaded from here; None where nothing has answered after ``timeout_s``."""
    found: list[bool] = []

    def ask() -> None:
        first = next(iter(FILES.values()))[0][1]
        try:
            with urlopen(Request(f"{ADDRESS}/{first}", method="HEAD"), timeout=timeout_s):
                found.append(True)
        except HTTPError as error:
            found.append(error.code < 400)
        except OSError as error:  # URLError among them: there is no such name, no route, nobody who answers
            if not isinstance(getattr(error, "reason", error), TimeoutError):
                found.append(False)

    # In a thread, for looking up a name heeds no timeout.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(timeout_s + 0.5)
    return found[0] if found else None
