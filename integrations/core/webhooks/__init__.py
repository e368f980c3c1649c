"""The webhook inbox: what vendors send is stored first, answered, and worked off afterwards."""
