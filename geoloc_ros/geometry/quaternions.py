# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Unit quaternions in ROS order (x, y, z, w), which turn vectors of ``b`` into ``a``.

``transforms3d`` and much of the literature write (w, x, y, z): convert with ``quat_wxyz`` and
``quat_xyzw_from_wxyz`` at that border and nowhere else.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import MeasurementError, ShapeError
from geoloc_ros.types import FloatArray

#: How far from one the length of a quaternion in a message may be before it is refused.
LENGTH_TOLERANCE = 0.01


def checked_quat(quat_xyzw: npt.ArrayLike) -> FloatArray:
    """The quaternion scaled to length one, shape (4,).

    Raises:
        MeasurementError: not finite, or its length differs from one by more than
            ``LENGTH_TOLERANCE`` (an unset ROS orientation is all zeros).
        ShapeError: not of shape (4,).
    """
    quat = np.asarray(quat_xyzw, dtype=np.float64)
    if quat.shape != (4,):
        raise ShapeError(f'quat_xyzw has shape {quat.shape}; expected (4,)')
    length = math.sqrt(float(quat @ quat))
    if not abs(length - 1.0) <= LENGTH_TOLERANCE:
        raise MeasurementError(
            f'quaternion (x, y, z, w) = {quat.tolist()} has length {length}; expected 1 within '
            f'{LENGTH_TOLERANCE}; set the orientation in its sender, (0, 0, 0, 1) for none'
        )
    return quat / length


def quat_wxyz(quat_xyzw: FloatArray) -> FloatArray:
    """The same quaternion with its scalar first, as ``transforms3d`` wants it."""
    return np.roll(quat_xyzw, 1)


def quat_xyzw_from_wxyz(quat_wxyz: FloatArray) -> FloatArray:
    """The same quaternion with its scalar last, as ROS wants it."""
    return np.roll(quat_wxyz, -1)


def quat_from_yaw(yaw_rad: float) -> FloatArray:
    """A turn about z by ``yaw_rad`` (level vehicle), shape (4,), with w >= 0 for |yaw| <= pi."""
    return np.array((0.0, 0.0, math.sin(0.5 * yaw_rad), math.cos(0.5 * yaw_rad)))


def yaw_from_quat(quat_xyzw: npt.ArrayLike) -> float:
    """Yaw of a z-y-x (yaw, pitch, roll) turn: direction of the body's x seen from above, rad.

    At a pitch of 90 degrees yaw is not defined and the result says nothing.

    Raises:
        MeasurementError: not a rotation (``checked_quat``).
        ShapeError: not of shape (4,).
    """
    x, y, z, w = checked_quat(quat_xyzw)
    yaw_rad = math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    return math.pi if yaw_rad == -math.pi else yaw_rad


def rotation_from_quat(quat_xyzw: npt.ArrayLike) -> FloatArray:
    """Rotation matrix, shape (3, 3), with v_a = R v_b.

    Raises:
        MeasurementError: not a rotation (``checked_quat``).
        ShapeError: not of shape (4,).
    """
    x, y, z, w = checked_quat(quat_xyzw)
    return np.array(
        (
            (1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)),
            (2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)),
            (2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)),
        )
    )


def quat_from_rotation(rotation: npt.ArrayLike) -> FloatArray:
    """Unit quaternion of a rotation matrix, shape (4,), with w >= 0.

    The largest of the four components is found first, so that none is lost to cancellation.

    Args:
        rotation: shape (3, 3), orthonormal with determinant 1.

    Raises:
        MeasurementError: the matrix is not a rotation to 1e-6.
        ShapeError: not of shape (3, 3).
    Source: Shepperd (1978), "Quaternion from rotation matrix"; key ``shepperd1978``.
    """
    r = np.asarray(rotation, dtype=np.float64)
    if r.shape != (3, 3):
        raise ShapeError(f'rotation has shape {r.shape}; expected (3, 3)')
    determinant = float(np.cross(r[0], r[1]) @ r[2])
    if not np.allclose(r @ r.T, np.eye(3), rtol=0.0, atol=1e-6) or not determinant > 0.0:
        raise MeasurementError(
            f'matrix {r.tolist()} (determinant {determinant}) is no rotation; expected '
            'orthonormal rows and determinant 1; check handedness and row order'
        )
    trace = r[0, 0] + r[1, 1] + r[2, 2]
    # Four times the outer product of (x, y, z, w) with itself; the row of its largest diagonal
    # entry is the quaternion, scaled.
    outer = np.empty((4, 4))
    outer[:3, :3] = r + r.T
    np.fill_diagonal(outer, (*(1.0 - trace + 2.0 * np.diag(r)), 1.0 + trace))
    outer[3, :3] = outer[:3, 3] = (r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1])
    row = outer[int(np.argmax(np.diag(outer)))]
    quat: FloatArray = row / np.linalg.norm(row)
    return -quat if quat[3] < 0.0 else quat


def quat_multiply(left_xyzw: FloatArray, right_xyzw: FloatArray) -> FloatArray:
    """Hamilton product: first the turn ``right``, then the turn ``left``; shape (4,)."""
    x1, y1, z1, w1 = left_xyzw
    x2, y2, z2, w2 = right_xyzw
    return np.array(
        (
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
        )
    )


def slerp(start_xyzw: FloatArray, end_xyzw: FloatArray, fraction: float) -> FloatArray:
    """Turn at a steady rate along the shorter way from one attitude to another, shape (4,).

    Args:
        start_xyzw: unit quaternion at fraction 0.
        end_xyzw: unit quaternion at fraction 1.
        fraction: outside [0, 1] it extrapolates.

    Source: Shoemake (1985), "Animating rotation with quaternion curves"; key ``shoemake1985``.
    """
    cosine = float(start_xyzw @ end_xyzw)
    end = -end_xyzw if cosine < 0.0 else end_xyzw
    # The angle from its sine and cosine, both accurate; acos alone loses small angles.
    across = end - abs(cosine) * start_xyzw
    sine = float(np.linalg.norm(across))
    if sine == 0.0:
        return start_xyzw.copy()
    angle_rad = math.atan2(sine, abs(cosine)) * fraction
    quat: FloatArray = math.cos(angle_rad) * start_xyzw + math.sin(angle_rad) * (across / sine)
    return quat / np.linalg.norm(quat)
