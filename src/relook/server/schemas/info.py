"""What a server says of itself."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

__all__ = ["Health", "Info", "Limits", "Login"]


class Health(BaseModel):
    """The server lives."""

    status: Literal["ok"] = "ok"


class Limits(BaseModel):
    """What one upload may be."""

    bytes: int = Field(description="Of one picture.")
    pixels: int = Field(description="Of one picture.")
    files: int = Field(description="Pictures of one request that adds some.")
    request_bytes: int = Field(description="Of one request that adds pictures, altogether.")


class Info(BaseModel):
    """What the collection holds, and what the server allows."""

    name: str = Field(description="Of the collection.")
    images: int = Field(description="Different pictures that can be searched.")
    quarantined: int = Field(description="Files that cannot be searched.")
    labels: int = Field(description="Different labels.")
    labelled: int = Field(description="Pictures that have a label.")
    geotagged: int = Field(description="Pictures that say where they were taken.")
    dated: int = Field(description="Pictures that say when they were taken.")
    recipe: str = Field(description="Name of the recipe that describes pictures.")
    kind: Literal["local", "global", "both"] = Field(description="What a search compares.")
    readonly: bool = Field(description="Whether the server refuses changes.")
    version: str = Field(description="Of relook.")
    login: bool = Field(description="Whether the server asks for a token.")
    limits: Limits


class Login(BaseModel):
    """What a client proves itself by."""

    token: str = Field(description="As the server was given it.", min_length=1, max_length=1024)
