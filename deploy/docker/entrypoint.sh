#!/bin/sh
# Makes the keys that a volume lacks, readable by this user only, then becomes the service or the command it was given.
set -eu
umask 077
make_key() { [ -s "$1" ] || { head -c 32 /dev/urandom > "$1.partial" && mv -n "$1.partial" "$1"; }; }

[ ! -w /webhook ] || make_key /webhook/key # without its volume the folder is read-only
if [ -z "${SERVICE:-}" ]; then
    exec "$@"
fi
make_key "/keys/$SERVICE.key"
if [ -s /webhook/key ] && [ -z "${SAFEGUARDING_WEBHOOK_SECRET:-}" ]; then
    SAFEGUARDING_WEBHOOK_SECRET="whsec_$(base64 -w 0 < /webhook/key)"
    export SAFEGUARDING_WEBHOOK_SECRET
fi
exec python -m "services.$SERVICE" "$@"
