# Sourced by .ci/run: a PostgreSQL server of our own for as long as the script runs.
# start_postgres sets DATABASE_URL_POSTGRES, or POSTGRES_MISSING to the reason why there is none.

postgres_bin() {  # the folder that holds initdb and pg_ctl
    local found
    found=$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1 || true)
    [ -n "$found" ] && dirname "$found"
}

as_server_user() {  # initdb and postgres refuse to run as root
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid="$PG_USER" --regid="$(id -g "$PG_USER")" --clear-groups "$@"
    else
        "$@"
    fi
}

start_postgres() {
    local bin port
    if ! postgres_bin >/dev/null; then install_packages postgresql || true; fi
    if ! bin=$(postgres_bin); then POSTGRES_MISSING="no initdb here, and none could be installed"; return 0; fi
    PG_USER=$(id -un)
    if [ "$PG_USER" = root ]; then
        PG_USER=$(id -un postgres 2>/dev/null || echo nobody)
    fi
    PG_DATA=$(mktemp -d) PG_LOG=$(mktemp)
    [ "$(id -u)" != 0 ] || chown "$PG_USER" "$PG_DATA"
    port=$(.venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    (
        cd "$PG_DATA"
        as_server_user "$bin/initdb" -D "$PG_DATA/data" -U portal -A trust -E UTF8 --no-sync >"$PG_LOG" 2>&1
        # The kill tests kill our processes, never the machine: nothing to gain from waiting for the disk.
        as_server_user "$bin/pg_ctl" -D "$PG_DATA/data" -w -l "$PG_DATA/server.log" -o \
            "-p $port -k $PG_DATA -c listen_addresses=127.0.0.1 -c fsync=${PG_FSYNC:-off} -c max_connections=200" start >>"$PG_LOG" 2>&1
    ) || { POSTGRES_MISSING="the server did not start: $(cat "$PG_LOG" "$PG_DATA/server.log" 2>/dev/null | tail -n 1)"; return 0; }
    PG_BIN=$bin
    DATABASE_URL_POSTGRES="postgres://portal@127.0.0.1:$port/postgres"
}

stop_postgres() {
    [ -z "${PG_BIN:-}" ] || as_server_user "$PG_BIN/pg_ctl" -D "$PG_DATA/data" -m immediate stop >/dev/null 2>&1 || true
    [ -z "${PG_DATA:-}" ] || rm -rf "$PG_DATA" "$PG_LOG"
}
