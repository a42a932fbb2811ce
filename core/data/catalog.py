"""Which data sets there are, and what is known of each before it is read."""

from __future__ import annotations

from dataclasses import dataclass

_DIGITS = tuple("0123456789")


@dataclass(frozen=True, slots=True)
class DataSpec:
    """A data set by name.

    `shape` is channels, height, width in pixels; `train` and `test` count examples.
    `torchvision_name` is its class in torchvision.datasets, `options` what that class is told
    besides root, train and download.
    """

    name: str
    title: str
    train: int
    test: int
    torchvision_name: str
    shape: tuple[int, int, int] = (1, 28, 28)
    classes: tuple[str, ...] = _DIGITS
    options: tuple[tuple[str, str], ...] = ()

    @property
    def features(self) -> int:
        channels, height, width = self.shape
        return channels * height * width


DATA_SETS = {
    spec.name: spec
    for spec in (
        DataSpec("mnist", "MNIST", 60_000, 10_000, "MNIST"),
        DataSpec(
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
        DataSpec(
            "kmnist",
            "KMNIST",
            60_000,
            10_000,
            "KMNIST",
            classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        ),
        DataSpec(
            "emnist-digits",
            "EMNIST digits",
            240_000,
            40_000,
            "EMNIST",
            options=(("split", "digits"),),
        ),
        DataSpec("qmnist", "QMNIST", 60_000, 60_000, "QMNIST"),
        DataSpec(
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
