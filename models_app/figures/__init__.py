"""Figures for papers, as SVG and PNG; matplotlib without pyplot, no torch, no Django."""
