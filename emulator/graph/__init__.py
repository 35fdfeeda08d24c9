"""The picture of a state machine: what is drawn, where it stands, and as what (SVG, Mermaid, HTML, PNG).

``outline`` reads a definition into boxes and transitions, ``layout`` places them, ``svg`` draws them. The same picture
serves the command line, coverage reports and the console.
"""
