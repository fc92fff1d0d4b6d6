"""The exemplar fill: large holes filled with patches of what lies around them, from a small picture to the full one."""

import cv2
import numpy as np

from engine.filling import guidance, harmonic, patches, peel, seam, turned
from engine.filling.patches import Features, Matches, Scene
from engine.filling.turned import Ground
from engine.progress import Progress

_COARSEST = 6  # px, half the width of the hole in the smallest picture
_TURNS = (10, 6, 4, 3)  # of search and vote in the smallest picture, the next and so on; the last goes on
_MOST = 400_000  # targets up to which patches are compared; beyond, those of the smaller picture are taken over
_NEARBY = 15  # px, side of the square in which texture is measured
_TEXTURE, _GUIDED_TEXTURE = 18.0, 5.0  # how much its likeness counts beside that of colour, without and with a guide
_SPREAD, _GUIDED_SPREAD = 80, 50  # of 100 patches so many differ less than what it takes to be trusted little
_FADING = 1.8  # how much less a patch is trusted for each px from the hole's rim (after Wexler et al. 2007)


def fill(
    image: np.ndarray,
    unknown: np.ndarray,
    seed: int,
    progress: Progress,
    guide: np.ndarray | None = None,
    rotation: bool = False,
) -> np.ndarray:
    """A copy of `image` (H, W, C), float32 in 0..1, with the pixels of `unknown` (H, W), bool, filled.

    Patches and pixels are matched by turns, from coarse to fine (Wexler, Shechtman and Irani 2007; Newson et al. 2014);
    in the end each pixel is copied from one patch, so that texture stays as sharp as it is, borders between copies are
    moved to where they show least (Kwatra et al. 2003) and blended (Perez, Gangnet and Blake 2003). Another `seed`
    starts from other patches that fit about as well. Where no patch is free of unknown pixels the harmonic fill steps
    in; at least one pixel must be known. Raises Cancelled.

    `guide` (H, W, 1 or 3), float32 in 0..1, is a coarse picture of what the hole shall hold; what it holds elsewhere is
    not looked at. The smallest picture begins with it, and larger ones prefer patches whose vague colours are like its,
    the less the larger they are (as in Hertzmann et al. 2001, Image analogies); its fine detail is not followed.

    With `rotation`, patches turned by 90, 180 and 270 degrees are candidates too: some four times the work. A guide is
    followed without.
    """
    progress(0.0)
    depth = _depth(unknown)
    ground = turned.spread(image, unknown, depth) if rotation and guide is None else turned.alone(image, unknown)
    planes = _add_texture(ground.image, ground.hole | ground.barred, guide is not None, progress.part(0.0, 0.02))
    if guide is not None:
        planes = np.concatenate([planes, guidance.add(image, unknown, guide, depth)], axis=2)
    fixed = 0 if guide is None else image.shape[2]
    scenes = _pyramid(ground._replace(image=planes), depth + 1, fixed, progress.part(0.02, 0.04))
    if not scenes:
        return harmonic.fill(image, unknown, progress)
    if fixed:
        guidance.weigh(scenes)
    random = np.random.default_rng(seed)
    work = np.cumsum([0.0] + [len(scene.targets) + 500.0 for scene in reversed(scenes)])
    stops = [0.04 + 0.86 * float(stop / work[-1]) for stop in work]
    matches = Matches(np.zeros(0, np.int64), np.zeros(0, np.float32))
    for depth, scene in enumerate(reversed(scenes)):
        part = progress.part(stops[depth], stops[depth + 1])
        coarse = scenes[-depth] if depth else None
        matches = _carry_over(scene, coarse, matches, random) if coarse else _begin(scene, random, part.part(0, 0.2))
        if not depth or len(scene.targets) <= _MOST:
            _settle(scene, matches, _TURNS[min(depth, len(_TURNS) - 1)], depth == 0, random, part.part(0.2, 1.0))
    result = seam.copy(scenes[0], matches.source, image.shape[2], progress.part(0.9, 1.0))
    return result[: image.shape[0], : image.shape[1]]


def _add_texture(image: np.ndarray, unknown: np.ndarray, guided: bool, progress: Progress) -> np.ndarray:
    """The image with two more channels: how much it changes from pixel to pixel, down and across, on average nearby
    (Newson et al. 2014, section 3.3). Small pictures would else take smooth ground for a likeness of a rough one."""
    known = (~unknown).astype(np.float32)
    grey = image.mean(axis=2)
    planes = [image]
    for axis in progress.each((0, 1)):
        both = known * np.roll(known, 1, axis)  # what rolls over from the other end weighs little
        change = np.abs(grey - np.roll(grey, 1, axis)) * both
        mean = _smooth(change) / np.maximum(_smooth(both), 1e-3)
        planes.append((_GUIDED_TEXTURE if guided else _TEXTURE) * mean[..., None])
    return np.concatenate(planes, axis=2)


def _smooth(plane: np.ndarray) -> np.ndarray:
    return cv2.blur(plane, (_NEARBY, _NEARBY), borderType=cv2.BORDER_REFLECT)


def _depth(unknown: np.ndarray) -> int:
    """How many times the picture is halved until the hole is small."""
    radius = cv2.distanceTransform(np.pad(unknown, 1).astype(np.uint8), cv2.DIST_L2, 3).max()
    return max(0, round(float(np.log2(radius / _COARSEST))))


def _pyramid(ground: Ground, count: int, fixed: int, progress: Progress) -> list[Scene]:
    """Scenes of the picture at full, half, a quarter ... of its size, `count` of them at most; as far down as there
    are patches to copy."""
    scenes: list[Scene] = []
    ground = ground._replace(image=ground.image.copy())
    while len(scenes) < count and min(ground.size) >= patches.SIDE:
        progress(len(scenes) / count)
        scene = patches.look(ground.image, ground.hole, fixed, ground.size, ground.barred)
        if np.count_nonzero(scene.usable) < (64 if scenes else 1):
            break
        scenes.append(scene)
        ground = _halve(ground, fixed)
    return scenes


def _halve(ground: Ground, fixed: int) -> Ground:
    """All of it at half the size; the last `fixed` channels are known everywhere."""
    small, unclear = harmonic.halve(ground.image, ground.hole | ground.barred)
    if fixed:
        small[..., -fixed:] = harmonic.halve(ground.image[..., -fixed:], np.zeros_like(ground.hole))[0]
    hole = unclear if not ground.barred.any() else harmonic.halve(ground.image[..., :1], ground.hole)[1]
    barred = unclear & ~hole
    return Ground(small, hole, barred, ((ground.size[0] + 1) // 2, (ground.size[1] + 1) // 2))


def _begin(scene: Scene, random: np.random.Generator, progress: Progress) -> Matches:
    """Fills the hole of the smallest picture and returns a match for each of its targets."""
    if not scene.fixed:
        return peel.fill(scene, random, progress)
    guidance.draw(scene)
    return peel.redraw(scene, random, progress)


def _carry_over(scene: Scene, coarse: Scene, matches: Matches, random: np.random.Generator) -> Matches:
    """What the targets of the picture of half the size found, as matches of this one: the same way, twice as far."""
    height, width = scene.hole.shape
    y, x = np.divmod(scene.targets, width)
    low, reach = np.array(coarse.size) - 1 - patches.REACH, patches.REACH
    above = np.clip(y // 2, reach, low[0]) * coarse.hole.shape[1] + np.clip(x // 2, reach, low[1])
    parent = coarse.index[above]
    away = np.stack(np.divmod(matches.source[parent], coarse.hole.shape[1])) - np.stack(
        np.divmod(above, coarse.hole.shape[1])
    )
    new_y = np.clip(y + 2 * away[0], reach, height - 1 - reach)
    new_x = np.clip(x + 2 * away[1], reach, width - 1 - reach)
    source = new_y * width + new_x
    lost = np.flatnonzero(~scene.usable[source] | (parent < 0))
    source[lost] = random.choice(np.flatnonzero(scene.usable), len(lost))
    return Matches(source, np.zeros(len(source), np.float32))


def _settle(
    scene: Scene, matches: Matches, turns: int, coarsest: bool, random: np.random.Generator, progress: Progress
) -> None:
    """Search and vote by turns, in place."""
    features = Features(scene, progress.part(0.0, 0.1))
    progress = progress.part(0.1, 1.0)
    distance = cv2.distanceTransform(scene.hole.astype(np.uint8), cv2.DIST_L2, 5).ravel()[scene.targets]
    inner = _FADING ** -np.minimum(distance, 40)
    trust = inner
    radius = max(scene.hole.shape) if coarsest else 16
    for turn in range(turns):
        part = progress.part(turn / turns, (turn + 1) / turns)
        if turn or not coarsest:
            patches.vote(scene, matches, trust, part.part(0.0, 0.4))
        patches.search(scene, features, matches, radius, random, part.part(0.4, 1.0))
        spread = max(float(np.percentile(matches.cost, _GUIDED_SPREAD if scene.fixed else _SPREAD)), 1e-9)
        trust = inner * np.exp(-matches.cost / (2 * spread)) + 1e-12
