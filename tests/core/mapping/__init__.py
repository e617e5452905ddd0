"""Tests of mapping documents."""
