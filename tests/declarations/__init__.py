"""Tests of the declarations room."""
