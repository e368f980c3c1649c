# Sourced by .ci/run: a MariaDB server of our own for as long as the script runs.
# start_mariadb sets TEST_MARIADB_URL, or MARIADB_MISSING to the reason why there is none.

mariadb_server() {
    command -v mariadbd || ls /usr/sbin/mariadbd 2>/dev/null || true
}

start_mariadb() {
    local server port user
    if [ -z "$(mariadb_server)" ]; then install_packages mariadb-server || true; fi
    server=$(mariadb_server)
    if [ -z "$server" ]; then MARIADB_MISSING="no mariadbd here, and none could be installed"; return 0; fi
    user=$(id -un)
    if [ "$user" = root ]; then
        user=$(id -un mysql 2>/dev/null || echo nobody)
    fi
    MARIADB_DATA=$(mktemp -d)
    [ "$(id -u)" != 0 ] || chown "$user" "$MARIADB_DATA"
    port=$(.venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    if ! mariadb-install-db --no-defaults --user="$user" --datadir="$MARIADB_DATA/data" --skip-test-db \
        --auth-root-authentication-method=normal >"$MARIADB_DATA/log" 2>&1; then
        MARIADB_MISSING="its data could not be made: $(tail -n 1 "$MARIADB_DATA/log")"
        return 0
    fi
    "$server" --no-defaults --user="$user" --datadir="$MARIADB_DATA/data" --port="$port" --bind-address=127.0.0.1 \
        --socket="$MARIADB_DATA/socket" --pid-file="$MARIADB_DATA/pid" --innodb-flush-log-at-trx-commit=0 \
        >>"$MARIADB_DATA/log" 2>&1 &
    MARIADB_PID=$!
    for _ in $(seq 60); do
        if .venv/bin/python -c "import pymysql; pymysql.connect(host='127.0.0.1', port=$port, user='root')" 2>/dev/null; then
            TEST_MARIADB_URL="mysql://root@127.0.0.1:$port/"
            return 0
        fi
        sleep 0.5
    done
    MARIADB_MISSING="the server did not start: $(tail -n 1 "$MARIADB_DATA/log")"
}

stop_mariadb() {
    [ -z "${MARIADB_PID:-}" ] || { kill "$MARIADB_PID" && wait "$MARIADB_PID"; } 2>/dev/null || true
    [ -z "${MARIADB_DATA:-}" ] || rm -rf "$MARIADB_DATA"
}
