"""Film grain put back after cleaning: like the photo's own, or of a strength, size and colour that is given."""

from dataclasses import dataclass, field, replace

from engine.filling import film as films
from engine.filling import film_measure
from engine.filling.film import Film
from engine.image import Image, Mask, bounds, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_MOST = 50.0  # /255


@dataclass(frozen=True)
class Grain(Operation):
    """Noise with the spectrum of grain, strongest at mid-grey; brightness stays the same on average."""

    title = "Film grain"
    group = "sample"
    recalls = True
    summary = "Puts grain on the photo: as much as it had before it was cleaned, or as you like."

    match: bool = param(
        True, "Match this photo", "Measures the grain of the photo as it was opened; off: use the three numbers below"
    )
    sigma: float = param(
        6.0,
        "Strength",
        "Standard deviation at mid-grey in steps of 8 bits, when not measured",
        low=0,
        high=_MOST,
        unit="/255",
        unless="match",
    )
    size: float = param(
        1.5,
        "Size",
        "Of the grains, when not measured",
        low=0.5,
        high=8,
        unit="px",
        slider="log",
        unless="match",
    )
    colour: float = param(
        0.2,
        "Colour",
        "0: light and dark only; 1: red, green and blue each for itself; when not measured",
        low=0,
        high=1,
        unless="match",
    )
    amount: float = param(1.0, "Amount", "1: as strong as measured or given.", low=0, high=2)
    seed: int = param(0, "Seed", "Another number puts other grains.", low=0, high=999999)
    # what was measured, finer than the three numbers tell, once `settle` has looked; no parameter
    film: Film | None = field(default=None, metadata={"settled": True})

    @property
    def context(self) -> None:
        return None  # the grains lie where they lie on the whole photo

    def settle(self, image: Image) -> "Grain":
        if not self.match or self.amount == 0 or self.film is not None:
            return self
        found = film_measure.measure(image)
        sigma, size, colour = films.describe(found)
        if sigma * 255 > _MOST:  # no grain is
            found, sigma = films.scaled(found, _MOST / 255 / sigma), _MOST / 255
        return replace(self, sigma=round(sigma * 255, 2), size=round(size, 2), colour=round(colour, 2), film=found)

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        film = self.settle(image)._film(is_grey(image)) if self.amount > 0 else films.NONE
        if not film:
            progress(1.0)
            return image
        box = bounds(mask) if mask is not None else None
        rows = slice(box.top, box.bottom) if box else slice(None)
        return films.put(image, films.scaled(film, self.amount), rows, self.seed, progress)

    def _film(self, grey: bool) -> Film:
        if not self.match:
            return films.plain(self.sigma / 255, self.size, 0.0 if grey else self.colour)
        film = self.film or films.NONE
        return films.greyed(film) if grey else film
