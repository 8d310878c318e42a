"""What the center may ask of this box: who judges, who remembers, and one file for each verb."""
