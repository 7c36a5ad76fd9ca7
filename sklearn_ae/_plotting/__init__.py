"""Displays of losses, codes, reconstructions and errors."""

from .components_error import ComponentsErrorDisplay
from .latent_space import LatentSpaceDisplay
from .loss_curve import LossCurveDisplay
from .reconstruction import ReconstructionDisplay
