#!/bin/sh
# Process 1 of `aurora demo programs`: starts redis, PostgreSQL and a server in node, each once and each in the background, then a client
# that uses all three, and ends with its exit status. Nothing here starts anything again, and redis keeps nothing on the disk.
#
# What it prints is the protocol of the demo (tools/Aurora.Cli/Demo/ProgramsDemo.cs): "starting NAME" as it goes, then the client's lines.
set -eu
here=$(dirname "$0")
postgres=/usr/lib/postgresql/15/bin
export LC_ALL=C.UTF-8

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

# until_ready NAME CMD…: asks until the answer is yes, for two minutes.
until_ready() {
    name=$1
    shift
    tries=0
    until "$@" > /dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || { echo "failed $name does not answer"; exit 1; }
        sleep 0.2
    done
}

echo "starting redis"
redis-server --port 0 --unixsocket /run/redis.sock --save '' --appendonly no --logfile /var/log/redis.log &

echo "starting postgres"
install -d -o postgres -g postgres /run/postgresql /srv/postgres
as_postgres $postgres/initdb -D /srv/postgres -A trust --no-sync --no-locale -E UTF8 > /var/log/initdb.log 2>&1 \
    || { echo "failed initdb"; cat /var/log/initdb.log; exit 1; }
as_postgres $postgres/postgres -D /srv/postgres -c listen_addresses= -k /run/postgresql > /var/log/postgres.log 2>&1 &

until_ready redis redis-cli -s /run/redis.sock ping
until_ready postgres psql -qU postgres -c 'select 1'
psql -qU postgres -c 'create table request (number bigserial primary key, word text not null)'

echo "starting node"
node "$here/server.js" /run/http.sock /run/redis.sock &
until_ready node test -S /run/http.sock

# node reads a console that is no terminal in a thread, which it would wait for at its end; a pipe it does not.
mkfifo /run/orders
exec 3<&0
cat <&3 > /run/orders &
exec node "$here/client.js" /run/http.sock < /run/orders 3<&-
