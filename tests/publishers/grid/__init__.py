"""Tests of publishers/grid."""
