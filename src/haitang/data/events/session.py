"""Sessions and authentication: who is on the line, on which device, and how it was proved."""

from __future__ import annotations

from haitang.data.events.envelope import OwnSide
from haitang.data.events.kinds import Count, Flag, Id, Milliseconds, Number, Text


class SessionEvent(OwnSide, frozen=True, kw_only=True):
    """A session begins, ends or changes its circumstances."""

    login_method: Text | None = None
    failure_reason: Text | None = None
    active: Flag | None = None
    app_name: Text | None = None


class Login(SessionEvent, frozen=True, kw_only=True):
    """A session began."""


class Logout(SessionEvent, frozen=True, kw_only=True):
    """A session ended."""


class LoginFail(SessionEvent, frozen=True, kw_only=True):
    """A login was refused."""


class ScreenShareState(SessionEvent, frozen=True, kw_only=True):
    """Screen sharing began or ended; `active` says which."""


class CallState(SessionEvent, frozen=True, kw_only=True):
    """A phone or voice call began or ended during the session; `active` says which."""


class RemoteControlState(SessionEvent, frozen=True, kw_only=True):
    """Remote control of the device began or ended; `active` says which."""


class Authentication(OwnSide, frozen=True, kw_only=True):
    """A proof of identity was asked for, given or failed."""

    result: Text | None = None
    match_score: Number | None = None
    liveness_score: Number | None = None
    attempts: Count | None = None
    elapsed_ms: Milliseconds | None = None
    failure_reason: Text | None = None
    otp_channel: Text | None = None
    face_token: Id | None = None
    virtual_camera: Flag | None = None


class OtpIssued(Authentication, frozen=True, kw_only=True):
    """A one-time code was sent."""


class OtpVerified(Authentication, frozen=True, kw_only=True):
    """A one-time code was entered correctly."""


class OtpFailed(Authentication, frozen=True, kw_only=True):
    """A one-time code was entered wrongly or too late."""


class FaceCheck(Authentication, frozen=True, kw_only=True):
    """A face was compared; `result`, `match_score` and `liveness_score` say how it went."""


class VideoCheck(Authentication, frozen=True, kw_only=True):
    """A person checked the customer by video."""
