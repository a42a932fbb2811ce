"""Runs and races without a screen: driven, told in lines or bars, summed up in tables."""
