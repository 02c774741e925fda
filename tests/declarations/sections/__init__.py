"""Tests of declarations/sections."""
