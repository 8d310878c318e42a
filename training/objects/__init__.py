"""How the street detector is made: from public pictures to a full-int8 TFLite file.

Read in this order: recipe, corpus, teachers, labels, augmentation, network, loss, training,
export, evaluate; stages strings them together.
"""
