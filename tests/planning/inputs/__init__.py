"""Tests of planning/inputs."""
