# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Transforms between frames over time: a graph, with interpolation; knows no middleware.

Used where ``tf2_ros`` is not installed; its errors carry the names of that library's.
"""

from __future__ import annotations

import bisect
import dataclasses

from geoloc_ros.errors import FrameError
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.types import NANOSECONDS_PER_SECOND

_MAX_DEPTH = 1000


class TransformException(FrameError):  # noqa: N818 - the names of tf2
    """Root of what a look-up raises."""


class LookupException(TransformException):
    """A frame was never heard of."""


class ConnectivityException(TransformException):
    """Two frames are known but belong to different trees."""


class ExtrapolationException(TransformException):
    """The stamp lies outside the time a transform is known for."""


class InvalidArgumentException(TransformException):
    """A transform or a frame name makes no sense."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Link:
    """How a frame hangs on its parent over time; one stamp of zero for ever when static."""

    parent: str
    is_static: bool
    stamps_ns: list[int]
    poses: list[Pose3]


class TransformGraph:
    """A tree of frames, each with the history of its pose in its parent.

    Args:
        cache_s: how long a history is kept behind its newest transform.
    """

    def __init__(self, cache_s: float = 10.0) -> None:
        self._cache_ns = round(cache_s * NANOSECONDS_PER_SECOND)
        self._links: dict[str, _Link] = {}
        self._frames: set[str] = set()

    def clear(self) -> None:
        """Forget everything."""
        self._links.clear()
        self._frames.clear()

    def insert(
        self, parent: str, child: str, stamp_ns: int, pose: Pose3, *, is_static: bool = False
    ) -> bool:
        """Take ``parent_from_child`` at a stamp; a new parent replaces the old one.

        Returns:
            Whether it was taken; one older than the history kept is not.

        Raises:
            InvalidArgumentException: an empty frame name, or a frame in itself.
        """
        parent, child = _bare(parent), _bare(child)
        if not parent or not child or parent == child:
            raise InvalidArgumentException(
                f'transform from {child!r} to {parent!r}; expected two different frames with names'
            )
        self._frames.update((parent, child))
        link = self._links.get(child)
        if link is None or link.parent != parent or link.is_static != is_static:
            link = self._links[child] = _Link(parent, is_static, [], [])
        if is_static:
            link.stamps_ns[:], link.poses[:] = [0], [pose]
            return True
        return _insert_in_time(link, stamp_ns, pose, self._cache_ns)

    def lookup(self, target: str, source: str, stamp_ns: int = 0) -> tuple[int, Pose3]:
        """``target_from_source`` at a stamp, or at the latest common one for stamp zero.

        Returns:
            The stamp it holds at (zero when every link is static), and the pose.

        Raises:
            LookupException: a frame is unknown.
            ConnectivityException: no path joins the frames.
            ExtrapolationException: the stamp is outside what is known.
        """
        target, source = _bare(target), _bare(source)
        for name in (target, source):
            if name not in self._frames:
                raise LookupException(
                    f'frame {name!r} does not exist; known: {", ".join(sorted(self._frames))}'
                )
        up_source, up_target = self._ancestors(source), self._ancestors(target)
        common = next((frame for frame in up_source if frame in up_target), None)
        if common is None:
            raise ConnectivityException(
                f'{target!r} and {source!r} are not connected: they hang on {up_target[-1]!r} '
                f'and {up_source[-1]!r}; publish the transform between those'
            )
        source_chain = up_source[: up_source.index(common)]
        target_chain = up_target[: up_target.index(common)]
        at_ns = stamp_ns or self._latest_common_ns([*source_chain, *target_chain])
        root_from_source = self._compose(source_chain, at_ns)
        root_from_target = self._compose(target_chain, at_ns)
        return at_ns, root_from_target.inverse() @ root_from_source

    def _ancestors(self, frame: str) -> list[str]:
        chain = [frame]
        while chain[-1] in self._links:
            chain.append(self._links[chain[-1]].parent)
            if len(chain) > _MAX_DEPTH:
                raise InvalidArgumentException(f'the frames above {frame!r} form a loop')
        return chain

    def _latest_common_ns(self, chain: list[str]) -> int:
        moving = [self._links[name] for name in chain if not self._links[name].is_static]
        return min((link.stamps_ns[-1] for link in moving), default=0)

    def _compose(self, chain: list[str], stamp_ns: int) -> Pose3:
        pose = Pose3.identity()
        for frame in chain:
            pose = self._pose_at(frame, stamp_ns) @ pose
        return pose

    def _pose_at(self, frame: str, stamp_ns: int) -> Pose3:
        link = self._links[frame]
        if link.is_static:
            return link.poses[0]
        first_ns, last_ns = link.stamps_ns[0], link.stamps_ns[-1]
        if not first_ns <= stamp_ns <= last_ns:
            raise ExtrapolationException(
                f'{link.parent!r} from {frame!r} is known from {first_ns} to {last_ns} ns; '
                f'{stamp_ns} ns was asked for'
            )
        index = bisect.bisect_left(link.stamps_ns, stamp_ns)
        if link.stamps_ns[index] == stamp_ns:
            return link.poses[index]
        before_ns, after_ns = link.stamps_ns[index - 1], link.stamps_ns[index]
        fraction = (stamp_ns - before_ns) / (after_ns - before_ns)
        return link.poses[index - 1].interpolate(link.poses[index], fraction)


def _insert_in_time(link: _Link, stamp_ns: int, pose: Pose3, cache_ns: int) -> bool:
    if link.stamps_ns and stamp_ns < link.stamps_ns[-1] - cache_ns:
        return False
    index = bisect.bisect_left(link.stamps_ns, stamp_ns)
    if index < len(link.stamps_ns) and link.stamps_ns[index] == stamp_ns:
        link.poses[index] = pose
        return True
    link.stamps_ns.insert(index, stamp_ns)
    link.poses.insert(index, pose)
    keep_from = bisect.bisect_left(link.stamps_ns, link.stamps_ns[-1] - cache_ns)
    del link.stamps_ns[:keep_from], link.poses[:keep_from]
    return True


def _bare(frame: str) -> str:
    return frame.lstrip('/')
