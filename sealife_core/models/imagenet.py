"""Where the published weights of an encoder lie on this machine, and where they come from. Imports no torch."""

import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from sealife_core.environment import TORCH_HOME, XDG_CACHE_HOME
from sealife_core.models.known import facts

ADDRESS = "https://download.pytorch.org/models"
# Version and file of each encoder, torchvision's best first.
FILES: dict[str, tuple[tuple[str, str], ...]] = {
    "resnet18": (("IMAGENET1K_V1", "resnet18-f37072fd.pth"),),
    "resnet34": (("IMAGENET1K_V1", "resnet34-b627a593.pth"),),
    "resnet50": (("IMAGENET1K_V2", "resnet50-11ad3fa6.pth"), ("IMAGENET1K_V1", "resnet50-0676ba61.pth")),
}
HUB_FILE = "model.safetensors"  # the only kind of file that is fetched from the hub
ASK_S = 2.0  # a person waits for the answer


def imagenet_files(name: str) -> Iterator[tuple[Path, str, str]]:
    """(path, version, address) of the published weights of encoder ``name``, the best first; none for a few of timm's.

    They may lie in a Python package, in torch's cache, in that of the hub of models, or nowhere yet.
    """
    if name in FILES:
        for version, file in FILES[name]:
            yield folder() / file, version, f"{ADDRESS}/{file}"
        return
    known = facts(name)
    if packaged := _in_package(known.package):
        yield packaged, known.package, ""
    if known.hub:
        from huggingface_hub import hf_hub_url, try_to_load_from_cache

        address = hf_hub_url(known.hub, HUB_FILE)
        yield folder() / f"{name}.safetensors", known.hub, address
        if known.torch_file:  # what torch.hub and older releases of timm left there; not fetched by that name
            yield folder() / known.torch_file, known.hub, ""
        if isinstance(kept := try_to_load_from_cache(known.hub, HUB_FILE), str):
            yield Path(kept), known.hub, address


def fetch_from_hub(name: str) -> Path:
    """Download the weights of encoder ``name`` into the cache of the hub of models. Raises OSError."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        return Path(hf_hub_download(facts(name).hub, HUB_FILE, etag_timeout=ASK_S))
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, HfHubHTTPError) as error:
        raise URLError(str(error)) from error


def _in_package(package: str) -> Path | None:
    """The weights file in an installed package, which is not imported."""
    found = importlib.util.find_spec(package) if package else None
    if found is None or found.origin is None:
        return None
    return next(iter(sorted(Path(found.origin).parent.glob("models/*.pth"))), None)


def folder() -> Path:
    """Where torch.hub keeps what it downloads, by TORCH_HOME or XDG_CACHE_HOME as it does."""
    home = Path(XDG_CACHE_HOME.text(default="~/.cache"), "torch")
    return Path(TORCH_HOME.text(default=str(home))).expanduser() / "hub" / "checkpoints"


def is_here(name: str) -> bool:
    """Whether some version of the weights of encoder ``name`` is on this machine."""
    return any(path.is_file() for path, _, _ in imagenet_files(name))


def by_hand(name: str) -> str:
    """How to get the weights of encoder ``name`` to a machine without internet: a sentence."""
    path, _, address = next((file for file in imagenet_files(name) if file[2]), (None, "", ""))
    if path is None:
        return f"There are no published weights for '{name}'. Set the weights to 'random' or 'file:PATH'."
    renamed = "" if address.endswith(path.name) else f" as {path.name}"
    return (
        f"Download {address} on a machine with internet access and put it into {path.parent}{renamed}, or set the"
        " weights to 'file:' and the path of the file."
    )


def reachable(name: str) -> bool | None:
    """Whether the weights of encoder ``name`` can be downloaded; None where nothing answers in ASK_S."""
    found: list[bool] = []

    def ask() -> None:
        address = next((address for _, _, address in imagenet_files(name) if address), "")
        if not address:
            return found.append(False)
        try:
            with urlopen(Request(address, method="HEAD"), timeout=ASK_S):
                found.append(True)
        except HTTPError as error:
            found.append(error.code < 400)
        except OSError as error:  # URLError among them: there is no such name, no route, nobody who answers
            if not isinstance(getattr(error, "reason", error), TimeoutError):
                found.append(False)

    # In a thread, since looking up a name ignores the timeout.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ASK_S + 0.5)
    return found[0] if found else None
