"""Breaking the glass: reaching beyond one's row inside one's own provider, for a reason, a short time, not unseen."""
