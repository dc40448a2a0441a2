#!/usr/bin/env bash
# The monthly drill, on one machine: two replicas over one PostgreSQL and a destination. Breaks one thing after the other,
# says what must be seen, looks whether it is, and ends with 1 when anything is not. About five minutes.
#
#   ./mvnw -q -DskipTests package && src/test/drill/drill.sh
#
# Needs initdb and pg_ctl of PostgreSQL 15 or newer and java, jwebserver of a JDK 25 on the PATH (or JAVA_HOME), curl.
# PORT_BASE moves the six ports from 18080 on; PATIENCE=4 waits four times as long, on a busy machine. What the processes
# logged stays in target/drill.
set -euo pipefail
cd "$(dirname "$0")/../../.."

[ -z "${JAVA_HOME:-}" ] || PATH=$JAVA_HOME/bin:$PATH
base=${PORT_BASE:-18080}
home=$PWD/target/drill
jar=$(ls target/sluice-*.jar | head -1)
database=$((base + 4)) destination=$((base + 5))
failures=0
pids=()

say() { printf '\n%s  %s\n' "$(date +%T)" "$*"; }
seen() { printf '          seen: %s\n' "$*"; }

# must WHAT SECONDS COMMAND…: repeats the command until it succeeds.
must() {
  local what=$1 until=$((SECONDS + $2 * ${PATIENCE:-1}))
  shift 2
  while ! "$@" 2>/dev/null; do
    if [ $SECONDS -ge $until ]; then
      printf '    NOT SEEN: %s\n' "$what"
      failures=$((failures + 1))
      return 0
    fi
    sleep 0.5
  done
  seen "$what"
}

as_user() { # PostgreSQL refuses root.
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi
}
postgres() { as_user pg_ctl -D "$home/data" -l "$home/postgres.log" -w "$@" >/dev/null; }

replica() { # a or b
  local number=0
  [ "$1" = a ] || number=2
  java --enable-native-access=ALL-UNNAMED -Xmx384m -jar "$jar" \
    --server.port=$((base + number)) --management.server.port=$((base + number + 1)) \
    --spring.datasource.url="jdbc:postgresql://127.0.0.1:$database/postgres" \
    --spring.datasource.username=sluice >>"$home/$1.log" 2>&1 &
  eval "$1=$!"
  pids+=("$!")
}
api() { curl -sf --max-time 5 "http://127.0.0.1:$((base + ${replica_port:-0}))$1" "${@:2}"; }
metric() { # a or b, then a series as it is scraped; 0 when it is not there
  local port=$((base + 1))
  [ "$1" = a ] || port=$((base + 3))
  curl -sf --max-time 5 "http://127.0.0.1:$port/actuator/prometheus" \
    | awk -v series="$2" '$1 == series { value = $2 } END { printf "%d\n", value }'
}
is() { [ "$(metric "$1" "$2")" "$3" "$4" ]; }
ready() { curl -sf --max-time 2 "http://127.0.0.1:$((base + $1))/actuator/health/readiness" >/dev/null; }
count() { replica_port=$1 api "/v1/batches/$batch" | sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p"; }
more_than() { [ "$(count "$1" succeeded)" -gt "$2" ]; }
status() { [ "$(curl -s --max-time 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$base/v1/batches/$batch")" = "$1" ]; }
completed() { replica_port=2 api "/v1/batches/$batch" | grep -q '"state":"COMPLETED"'; }

stop() {
  kill -CONT "${web:-$$}" 2>/dev/null || true
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  postgres stop -m immediate 2>/dev/null || true
}
trap stop EXIT

rm -rf "$home"
mkdir -p "$home/data" "$home/www"
touch "$home/postgres.log"
[ "$(id -u)" != 0 ] || chown 65534:65534 "$home/data" "$home/postgres.log"
as_user initdb -D "$home/data" -U sluice -A trust >"$home/initdb.log"
printf "listen_addresses = '127.0.0.1'\nport = %s\nunix_socket_directories = ''\n" "$database" >>"$home/data/postgresql.conf"
echo ok >"$home/www/item"
(cd "$home/www" && exec jwebserver -b 127.0.0.1 -p "$destination" >"$home/destination.log" 2>&1) &
web=$!
pids+=("$web")
postgres start

say "Two replicas start."
replica a
replica b
must "both are ready" 60 ready 1
must "both are ready" 60 ready 3
items=20000
seq 1 $items | sed "s|.*|{\"url\":\"http://127.0.0.1:$destination/item?&\",\"method\":\"GET\"}|" >"$home/items.ndjson"
batch=$(api "/v1/batches?name=drill&rate.permits=100&timeout=2s" -X POST -H 'Content-Type: application/x-ndjson' \
  --data-binary @"$home/items.ndjson" | sed -n 's/.*"id":"\(bat_[^"]*\)".*/\1/p')
api "/v1/destinations/http:127.0.0.1:$destination" -X PATCH -H 'Content-Type: application/merge-patch+json' \
  -d '{"concurrency": 50}' >/dev/null
say "A batch of $items items runs, 100 a second: $batch"
must "items succeed" 20 more_than 2 100
must "both replicas claim" 20 is b sluice_attempts_started_total -gt 0

say "1. A replica is killed (SIGKILL)."
kill -9 "$a"
wait "$a" 2>/dev/null || true
before=$(count 2 succeeded)
must "the other goes on: panel 'Items ended'; alert SluiceReplicaMissing after 5 min" 20 more_than 2 $((before + 1000))
replica a
must "the killed one is back" 60 ready 1

say "2. The database is cut (stopped as in a crash)."
postgres stop -m immediate
must "sluice_store_up is 0: panel 'Store'; alert SluiceStoreDown after 1 min" 15 is a sluice_store_up -eq 0
must "the API answers 503" 15 status 503
must "replicas stay ready: nothing is won by restarting them" 5 ready 1
postgres start
must "sluice_store_up is 1 again" 20 is a sluice_store_up -eq 1
before=$(count 2 succeeded)
must "it goes on by itself" 30 more_than 2 $((before + 200))

say "3. The destination turns into a black hole (accepts, never answers)."
kill -STOP "$web"
must "a breaker opens: panel 'Breakers'; alert SluiceBreakerOpen after 10 min" 60 \
  is b 'sluice_lanes{breaker="open"}' -gt 0
must "nothing is sent but probes: panel 'Attempts'" 5 is b 'sluice_lanes{breaker="closed"}' -eq 0
kill -CONT "$web"
before=$(count 2 succeeded)
must "the breaker closes by itself: panel 'Breakers'" 180 is b 'sluice_lanes{breaker="closed"}' -gt 0
must "items succeed again" 60 more_than 2 $((before + 200))

say "4. A replica is asked to end (SIGTERM) while it sends."
code=0
kill "$b"
wait "$b" || code=$?
must "it ended with 0 (it was $code)" 1 [ "$code" = 0 ]
must "it drained" 5 grep -q 'Drained' "$home/b.log"
replica b
must "it is back" 60 ready 3

say "The rest is sent without a rate."
replica_port=2 api "/v1/batches/$batch" -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"rate":null}' >/dev/null
must "the batch completes" 240 completed
succeeded=$(count 2 succeeded)
sent=$(grep -c 'GET /item' "$home/destination.log" || true)
say "$succeeded of $items succeeded; the destination was asked $sent times."
[ "$succeeded" = "$items" ] || failures=$((failures + 1))
[ "$failures" = 0 ] && say "All was seen." || say "$failures were not seen."
[ "$failures" = 0 ]
