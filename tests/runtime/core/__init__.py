"""Tests of the heart: executor, stores, tail, timers, views."""
