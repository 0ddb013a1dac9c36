"""Programmes as data: who they are for, what they offer, when a worry is urgent. Pure; adapters read the files."""
