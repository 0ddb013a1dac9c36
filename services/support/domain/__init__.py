"""Support's rules, without IO, clock or chance; one folder per thing it looks after."""
