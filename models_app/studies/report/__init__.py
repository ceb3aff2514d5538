"""From the predictions of a study's networks to numbers, tables and figures; pure."""
