"""Ray: engines in workers of their own, on this machine or a cluster. Importing this imports no Ray."""

from chateval.engine.ray.cluster import Cluster, needs_ray, split_options
from chateval.engine.ray.engine import RayEngine
from chateval.engine.ray.pool import Pool, open_pool
from chateval.engine.ray.worker import Factory, OpenEngine

__all__ = ["Cluster", "Factory", "OpenEngine", "Pool", "RayEngine", "needs_ray", "open_pool", "split_options"]
