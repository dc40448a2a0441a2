#!/usr/bin/env bash
# Tries an image as an operator would run it: read-only, as a nobody, with a batch from one container to another, and a
# stop while an exchange is on the wire. Says what it measured; ends with 1 when anything is not as it must be.
#
#   docker build -t sluice . && src/test/image/try.sh sluice
#
# STARTS (5): how often a start is timed, with the AOT cache and without. Needs docker and curl.
set -euo pipefail

image=${1:?name of an image}
starts=${STARTS:-5}
name=sluice-try-$$
failed=0

say() { printf '%s\n' "$*"; }
must() { # what, got, wanted
  if [ "$2" = "$3" ]; then say "ok    $1: $2"; else say "FAIL  $1: $2, not $3"; failed=1; fi
}
below() { # what, got, most
  if [ "$2" -le "$3" ]; then say "ok    $1: $2 (at most $3)"; else say "FAIL  $1: $2, more than $3"; failed=1; fi
}
millis() { echo $(($(date +%s%N) / 1000000)); }

cleanup() {
  docker rm -fv "$name" "$name-target" > /dev/null 2>&1 || true
  docker volume rm "$name" > /dev/null 2>&1 || true
  docker network rm "$name" > /dev/null 2>&1 || true
}
trap cleanup EXIT

run() { # name, further arguments of docker run
  local container=$1
  shift
  docker run -d --name "$container" --network "$name" --read-only --tmpfs /tmp:noexec --cap-drop ALL \
    --security-opt no-new-privileges --memory 1g -p 127.0.0.1::8080 -p 127.0.0.1::8081 \
    -e SLUICE_SECURITY_INSECURE=true -e SLUICE_ATTEMPT_EGRESS_NETWORKS=private "$@" "$image" > /dev/null
}
address() { echo "http://$(docker port "$1" "$2" | head -1)"; }
await() { # name: until it is ready
  local management
  management=$(address "$1" 8081)
  for _ in $(seq 6000); do
    if curl -fs -o /dev/null --max-time 2 "$management/actuator/health/readiness"; then return; fi
    sleep 0.01
  done
  docker logs "$1" >&2
  say 'FAIL  not ready within a minute'
  exit 1
}

say "== what is in it"
size=$(docker image inspect -f '{{.Size}}' "$image")
say "      unpacked: $((size / 1000000)) MB, of that the AOT cache $(($(docker run --rm --entrypoint stat "$image" -c %s /app/sluice.aot) / 1000000)) MB"
below 'MB that a node pulls (layers, gzip)' $(($(docker save "$image" | gzip -6 | wc -c) / 1000000)) 220
must 'user' "$(docker image inspect -f '{{.Config.User}}' "$image")" 10001:10001
must 'title' "$(docker image inspect -f '{{index .Config.Labels "org.opencontainers.image.title"}}' "$image")" Sluice
docker run --rm --entrypoint sh "$image" -c 'ls sbom' | sed 's/^/      bill of materials: /'

docker network create "$name" > /dev/null
docker volume create "$name" > /dev/null

say "== from start to ready, ms, median of $starts"
for way in 'with the AOT cache|' 'without|-XX:AOTMode=off'; do
  times=()
  for _ in $(seq "$starts"); do
    began=$(millis)
    run "$name" -e JDK_JAVA_OPTIONS="${way#*|}"
    await "$name"
    times+=($(($(millis) - began)))
    docker rm -fv "$name" > /dev/null
  done
  say "      ${way%|*}: $(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((starts + 1) / 2))p") (${times[*]})"
done

say "== a batch from one container to another"
run "$name-target"
run "$name" -v "$name:/data"
await "$name-target"
await "$name"
must 'runs as' "$(docker exec "$name" id -u)" 10001
must 'AOT cache in use' "$(docker exec "$name" jcmd 1 VM.flags | grep -c AOTCache=)" 1
api=$(address "$name" 8080)
target=$(address "$name-target" 8080)
answer=$(curl -sS -H 'Content-Type: application/json' -H 'Prefer: wait=30' "$api/v1/batches" -d "{\"items\": [
  {\"url\": \"http://$name-target:8080/v1/batches\", \"body\": {\"open\": true, \"name\": \"delivered\"}}]}")
must 'result' "$(grep -o '"result":"[a-z_]*"' <<< "$answer")" '"result":"all_succeeded"'
must 'batches that arrived' "$(curl -sS "$target/v1/batches?name=delivered" | grep -o '"name":"delivered"' | wc -l)" 1
for _ in $(seq 30); do
  [ "$(docker inspect -f '{{.State.Health.Status}}' "$name")" != starting ] && break
  sleep 1
done
must 'health' "$(docker inspect -f '{{.State.Health.Status}}' "$name")" healthy

say "== SIGTERM while an exchange of 8 s is on the wire"
id=$(curl -sS -H 'Content-Type: application/json' "$api/v1/batches" -d "{\"items\": [
  {\"url\": \"http://$name-target:8080/v1/batches\", \"headers\": {\"Prefer\": \"wait=8\"},
   \"body\": {\"name\": \"slow\", \"options\": {\"notBefore\": \"2100-01-01T00:00:00Z\"}, \"items\": [{\"url\": \"http://$name-target/\"}]}}]}" |
  grep -o 'bat_[A-Za-z0-9]*' | head -1)
until curl -sS "$target/v1/batches?name=slow" | grep -q '"name":"slow"'; do sleep 0.1; done
began=$(millis)
docker stop -t 50 "$name" > /dev/null
took=$(($(millis) - began))
below 'ms to stop' "$took" 40000
must 'exit code' "$(docker inspect -f '{{.State.ExitCode}}' "$name")" 0
docker start "$name" > /dev/null
await "$name"
answer=$(curl -sS "$(address "$name" 8080)/v1/batches/$id")
must 'its outcome, once' "$(grep -o '"succeeded":1' <<< "$answer") $(grep -o '"attempts":[0-9]*' <<< "$answer")" '"succeeded":1 "attempts":1'
exit $failed
