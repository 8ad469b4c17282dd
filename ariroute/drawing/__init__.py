"""Flows as pictures: one outline of boxes and ways, drawn as a text tree, Mermaid, Graphviz dot or SVG. Pure."""
