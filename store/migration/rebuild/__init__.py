"""Columns that another hand declared, declared anew."""
