# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What can be chosen of a training run, and presets with the published numbers."""

from __future__ import annotations

import dataclasses
import math

from geoloc_ros.errors import SettingError
from geoloc_ros.networks.architectures import ARCHITECTURES
from geoloc_ros.settings import setting
from geoloc_training.losses import Decay, GeoWeight


@dataclasses.dataclass(frozen=True)
class LossSettings:
    """The soft-margin triplet loss and its weights."""

    gamma: float = setting(10.0, 'steepness of the soft margin', minimum=0.1)
    radius_m: float = setting(
        50.0,
        'r: largest error of the coarse position that the network will be used with',
        unit='m',
        minimum=1.0,
    )
    sigma_geo_m: float = setting(
        10.0, 'negatives nearer than about this count less', unit='m', minimum=0.0
    )
    decay: str = setting('step', 'p_r of equation 3', choices=('step', 'gaussian'))
    yaw_share: float = setting(
        0.5, 'weight of other headings at the right place; azimuth networks only', minimum=0.0
    )
    sigma_yaw_deg: float = setting(
        15.0, 'wrong headings nearer than about this count less', unit='deg', minimum=0.0
    )
    extra_share: float = setting(
        1.0, 'weight of the negatives without a ground image of their own', minimum=0.0
    )


@dataclasses.dataclass(frozen=True)
class SampleSettings:
    """What a minibatch is made of."""

    local: bool = setting(
        True, 'geo-local: neighbours meet and triplets are weighted; else geo-global training'
    )
    batch_size: int = setting(24, 'N, pairs in a minibatch', minimum=2)
    spacing_m: float = setting(5.0, 'way between two pairs of a drive', unit='m', minimum=0.0)
    offset_m: float = setting(
        3.0,
        'the reference of a pair is centred up to this far from the truth',
        unit='m',
        minimum=0.0,
        maximum=20.0,
    )
    turns: str = setting(
        'quarter',
        'how north-up references are turned while training: not, by multiples of 90 degrees, or '
        'by any angle',
        choices=('none', 'quarter', 'any'),
    )
    heading_jitter_deg: float = setting(
        5.0, 'standard deviation of the heading of aligned references', unit='deg', minimum=0.0
    )
    extras: int = setting(
        16, 'references without a ground image in each minibatch, on and off the road', minimum=0
    )
    extras_near: bool = setting(
        True,
        'they lie about pairs of the minibatch: negatives of the neighbourhood; else about any '
        'pair of the data, as geo-global training has it',
    )
    extra_nearest_m: float = setting(6.0, 'nearest of them to such a pair', unit='m', minimum=0.0)
    extra_farthest_m: float = setting(40.0, 'farthest of them', unit='m', minimum=1.0)
    photometric: float = setting(
        0.15, 'size of random changes of brightness, contrast and colour; 0 for none', minimum=0.0
    )


@dataclasses.dataclass(frozen=True)
class OptimizerSettings:
    """Adam, its schedule and what regularises."""

    rate: float = setting(3e-4, 'learning rate of the pretrained part', minimum=0.0)
    head_rate: float = setting(9e-4, 'learning rate of the heads', minimum=0.0)
    warm_up: float = setting(
        0.03, 'share of the run over which the rates rise', minimum=0.0, maximum=0.5
    )
    cosine: bool = setting(True, 'rates fall to 0 along a cosine; else they stay')
    weight_decay: float = setting(0.0, 'of Adam', minimum=0.0)
    frozen_blocks: int = setting(
        4, 'first blocks of EfficientNet that stay as ImageNet made them, with the stem; -1: none'
    )
    batch_norm: bool = setting(
        False, 'batch norm learns; else it keeps the statistics of ImageNet'
    )
    dropblock_size: int = setting(0, 'side of dropped squares of features; 0 for none', minimum=0)
    dropblock_keep: float = setting(0.8, 'share of features kept', minimum=0.05, maximum=1.0)
    precision: str = setting(
        'float32', 'arithmetic of both branches', choices=('float32', 'bfloat16', 'float16')
    )


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
    """A whole training run."""

    network: str = setting(
        'azimuth',
        'architecture, as geoloc_ros.networks.architectures has it',
        choices=tuple(ARCHITECTURES),
    )
    pretrained: bool = setting(True, 'start from ImageNet')
    seed: int = setting(0, 'of everything that is drawn', minimum=0)
    budget_s: float = setting(
        720.0, 'time for training; the schedule follows it', unit='s', minimum=1.0
    )
    epochs: float = setting(
        0.0,
        'train for so many epochs (as many pairs used as there are) in place of the time budget; '
        '0 for the budget',
        minimum=0.0,
    )
    threads: int = setting(0, 'of the processor; 0 for all', minimum=0)
    checkpoint_s: float = setting(120.0, 'time between checkpoints', unit='s', minimum=1.0)
    device: str = setting('auto', 'where it runs', choices=('auto', 'cpu', 'cuda'))
    loss: LossSettings = dataclasses.field(default_factory=LossSettings)
    sample: SampleSettings = dataclasses.field(default_factory=SampleSettings)
    optimizer: OptimizerSettings = dataclasses.field(default_factory=OptimizerSettings)

    def geo_weight(self) -> GeoWeight:
        """Equation 3; without radius and with full weights for geo-global training."""
        if not self.sample.local:
            return GeoWeight(math.inf, 0.0)
        return GeoWeight(self.loss.radius_m, self.loss.sigma_geo_m, Decay(self.loss.decay))


def _published(
    network: str, radius_m: float, size: int, rate: float, epochs: float, block: int
) -> TrainingSettings:
    """Xia et al., RA-L 2021, section IV-B and IV-D: SAFA, Adam, dropblock on RobotCar only."""
    return TrainingSettings(
        network=network,
        epochs=epochs,
        loss=LossSettings(radius_m=radius_m, extra_share=0.0, yaw_share=0.0),
        sample=SampleSettings(
            batch_size=size,
            spacing_m=0.0,
            offset_m=5.0 if block else 0.0,
            turns='quarter' if block else 'none',
            extras=0,
            photometric=0.0,
        ),
        optimizer=OptimizerSettings(
            rate=rate,
            head_rate=rate,
            warm_up=0.0,
            cosine=False,
            frozen_blocks=-1,
            dropblock_size=block,
            dropblock_keep=0.8,
        ),
    )


#: Presets by name: ``compact`` for a processor, and the paper's two experiments.
PRESETS: dict[str, TrainingSettings] = {
    'compact': TrainingSettings(),
    'paper_robotcar': _published('safa_camera', 50.0, 64, 5e-5, 1000.0, 11),
    'paper_cvact': _published('safa_panorama', 100.0, 16, 1e-5, 100.0, 0),
}


def preset(name: str) -> TrainingSettings:
    """A preset by its name.

    Raises:
        SettingError: there is none of that name.
    """
    if name not in PRESETS:
        raise SettingError(f'preset {name!r}; expected one of {", ".join(PRESETS)}')
    return PRESETS[name]
