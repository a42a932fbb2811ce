"""Which data sets have a name of their own, and what is known of each before it is read."""

from __future__ import annotations

from core.data.spec import DataSpec

_DIGITS = tuple("0123456789")


def _listed(
    name: str,
    title: str,
    train: int,
    test: int,
    torchvision_name: str,
    *,
    shape: tuple[int, int, int] = (1, 28, 28),
    classes: tuple[str, ...] = _DIGITS,
    options: tuple[tuple[str, str], ...] = (),
) -> DataSpec:
    """A set of pictures, normalised as in the chapter: black is -1, white is 1."""
    return DataSpec(
        name,
        title,
        train,
        test,
        shape,
        classes,
        levels=(-1.0, 1.0),
        torchvision_name=torchvision_name,
        options=options,
    )


DATA_SETS = {
    spec.name: spec
    for spec in (
        _listed("mnist", "MNIST", 60_000, 10_000, "MNIST"),
        _listed(
            "fashion-mnist",
            "Fashion-MNIST",
            60_000,
            10_000,
            "FashionMNIST",
            classes=(
                "T-shirt",
                "trousers",
                "pullover",
                "dress",
                "coat",
                "sandal",
                "shirt",
                "sneaker",
                "bag",
                "boot",
            ),
        ),
        _listed(
            "kmnist",
            "KMNIST",
            60_000,
            10_000,
            "KMNIST",
            classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        ),
        _listed(
            "emnist-digits",
            "EMNIST digits",
            240_000,
            40_000,
            "EMNIST",
            options=(("split", "digits"),),
        ),
        _listed("qmnist", "QMNIST", 60_000, 60_000, "QMNIST"),
        _listed(
            "cifar10",
            "CIFAR-10",
            50_000,
            10_000,
            "CIFAR10",
            shape=(3, 32, 32),
            classes=(
                "airplane",
                "car",
                "bird",
                "cat",
                "deer",
                "dog",
                "frog",
                "horse",
                "ship",
                "truck",
            ),
        ),
    )
}
