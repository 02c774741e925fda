"""Tests of reporting/sections."""
