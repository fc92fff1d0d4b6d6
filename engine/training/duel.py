"""Adversarial training: a generator against a critic, with a relativistic loss and penalties on the critic's slope."""

import math
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from engine import resources
from engine.training.critic import Critic
from engine.training.loop import Budget, Run, begin_with
from engine.training.recipe import Batch, Recipe

_LAZY = 4  # steps between penalties, which cost as much as all else
_BETAS = (0.0, 0.99)


class Duel(Recipe):
    """A recipe whose net is trained against a critic; its batches hold "real" (B, C, H, W), and "classes" if any."""

    rate = 5e-4
    critic_rate: ClassVar[float] = 5e-4
    gamma: ClassVar[tuple[float, float]] = (0.2, 0.06)  # of the penalties, at the beginning and at the end: with less
    # of them, critics that learn from some hundred photos soon know these by heart
    classes: ClassVar[int] = 0
    critic_planes: ClassVar[int] = 0  # that the critic sees beside the picture

    @abstractmethod
    def fake(self, net: nn.Module, batch: Batch) -> Tensor:
        """What the net makes for the batch, as the critic sees it: (B, C, H, W), with random numbers of its own."""

    @abstractmethod
    def augment(self, *pictures: Tensor) -> list[Tensor]:
        """Pictures as the critic sees them: moved and recoloured at random, all in the same way (Zhao et al. 2020)."""

    def more(self, net: nn.Module, batch: Batch, fake: Tensor) -> Tensor:
        """What the net is to lower beside what the critic says. Scalar"""
        return fake.new_zeros(())

    def critic(self) -> Critic:
        """A critic with the encoder of our denoiser."""
        critic = Critic(self.classes, self.critic_planes)
        begin_with(critic, load_file(resources.folder() / "weights" / "denoise-u24.safetensors"))
        return critic.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def optimizer(self, net: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(net.parameters(), lr=self.rate, betas=_BETAS)

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        raise TypeError("a duel has no loss of its own: see DuelRun")


class DuelRun(Run):
    """A run of a `Duel`: each step trains the critic once, then the net once. The loss it tells is the critic's."""

    recipe: Duel

    def __init__(self, recipe: Duel, folder: Path, device: torch.device, budget: Budget) -> None:
        super().__init__(recipe, folder, device, budget)
        self.critic = recipe.critic().to(device)
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), lr=recipe.critic_rate, betas=_BETAS)

    def state(self) -> dict[str, Any]:
        mine = {"critic": self.critic.state_dict(), "critic_optimizer": self.critic_optimizer.state_dict()}
        return super().state() | mine

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        self.critic.load_state_dict(state["critic"])
        self.critic_optimizer.load_state_dict(state["critic_optimizer"])

    def diverged(self, mean: float) -> bool:
        """Only where it is no number: a critic may do well or badly."""
        return not math.isfinite(mean)

    def _one_step(self) -> Tensor:
        fraction = self.fraction
        fade = self.slower * min(1.0, (self.step + 1) / self.recipe.warm_up) * min(1.0, 4 * (1 - fraction) + 0.02)
        self._pace(self.optimizer, self.recipe.rate * fade)
        self._pace(self.critic_optimizer, self.recipe.critic_rate * fade)
        loss = self._train_critic(self.recipe.batch(), fraction)
        self._train_net(self.recipe.batch())
        self.step += 1
        self._follow()
        return loss

    def _train_critic(self, batch: Batch, fraction: float) -> Tensor:
        classes = batch.get("classes")
        with torch.autocast(self.device.type, torch.bfloat16):
            with torch.no_grad():
                fake = self.recipe.fake(self.net, batch).float()
            real, fake = self.recipe.augment(batch["real"], fake)
            penalized = self.step % _LAZY == 0
            seen = torch.cat((real, fake)).requires_grad_(penalized)
            twice = None if classes is None else torch.cat((classes, classes))
            scores = self.critic(seen, twice)
            of_real, of_fake = scores.chunk(2)
            loss = F.softplus(of_fake - of_real).mean()
            total = loss
            if penalized:
                (slope,) = torch.autograd.grad(scores.sum(), seen, create_graph=True)
                early, late = self.recipe.gamma
                gamma = late * (early / late) ** (0.5 + 0.5 * math.cos(math.pi * fraction))
                # the mean over real and fake ones, twice: R1 + R2 (Mescheder et al. 2018)
                total = loss + _LAZY * gamma * slope.float().square().sum((1, 2, 3)).mean()
        self.critic_optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.critic.parameters(), 10.0)
        self.critic_optimizer.step()
        return loss.detach()

    def _train_net(self, batch: Batch) -> None:
        self.critic.requires_grad_(False)
        with torch.autocast(self.device.type, torch.bfloat16):
            fake = self.recipe.fake(self.net, batch).float()
            real_seen, fake_seen = self.recipe.augment(batch["real"], fake)
            with torch.no_grad():
                of_real = self.critic(real_seen, batch.get("classes"))
            loss = F.softplus(of_real - self.critic(fake_seen, batch.get("classes"))).mean()
            loss = loss + self.recipe.more(self.net, batch, fake)
        self.critic.requires_grad_(True)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.optimizer.step()


def recolour_and_move(pictures: list[Tensor], generator: torch.Generator, most: int) -> list[Tensor]:
    """Each picture of all batches (B, C, H, W) with the same random light, contrast, saturation, and shift of up to
    `most` px with zeros beyond the border (Zhao et al. 2020, DiffAugment); planes after the third are only moved."""
    count = len(pictures[0])
    draw = torch.rand((3, count, 1, 1, 1), generator=generator).to(pictures[0].device)
    y, x = torch.randint(2 * most + 1, (2,), generator=generator).tolist()
    result: list[Tensor] = []
    for batch in pictures:
        photo, planes = batch[:, :3], batch[:, 3:]
        photo = photo + (draw[0] - 0.5) * 0.2
        mean = photo.mean(1, keepdim=True)
        photo = mean + (photo - mean) * (0.7 + 0.6 * draw[1])
        mean = photo.mean((1, 2, 3), keepdim=True)
        photo = mean + (photo - mean) * (0.7 + 0.6 * draw[2])
        batch = torch.cat((photo, planes), dim=1)
        padded = F.pad(batch, (most, most, most, most))
        result.append(padded[:, :, y : y + batch.shape[2], x : x + batch.shape[3]])
    return result


def start(recipe: Recipe, folder: Path, device: torch.device, budget: Budget) -> Run:
    """The run that a recipe needs."""
    return DuelRun(recipe, folder, device, budget) if isinstance(recipe, Duel) else Run(recipe, folder, device, budget)
