"""A simulated company: a year of backups, the accidents in it, and what is true of each.

Pure: arguments in, texts of files out. No files, no clock; of the program it uses nothing but the model's terms. Everything is drawn from
one seed, so the same arguments give the same bytes. The truth names the controls that must find each accident, and never asks the
program that it tests.
"""
