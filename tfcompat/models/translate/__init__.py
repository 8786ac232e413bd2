"""What the configurations of Keras 2 and Keras 3 call otherwise: tables, one for each topic.

A table says nothing of releases. An argument is written under whichever of its names the
installed class takes, and left out where the class lacks it and its value changes nothing.
"""
