#!/usr/bin/env bash
# Makes the two base images of the Dockerfile where no registry of images is reachable, out of Debian's packages, the JDK 25
# in JAVA_HOME and what Maven has fetched here so far (./mvnw verify once). Needs docker, debootstrap and root.
#
#   src/test/image/base.sh
#   docker build --network=none -t sluice --build-arg JDK_IMAGE=sluice-base-jdk --build-arg RUNTIME_IMAGE=sluice-base \
#     --build-arg MAVEN_ARGS=--offline .
set -euo pipefail

jdk=$(realpath "${JAVA_HOME:?a JDK 25}")
maven=${MAVEN_USER_HOME:-$HOME/.m2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

debootstrap --variant=minbase "${SUITE:-bookworm}" "$work/root" "${MIRROR:-http://deb.debian.org/debian}"
# What Debian's own slim images leave out.
rm -rf "$work"/root/var/cache/apt/* "$work"/root/var/lib/apt/lists/* "$work"/root/var/log/* \
  "$work"/root/usr/share/{doc,man,info,locale}/*
tar -C "$work/root" --numeric-owner -c . | docker import - sluice-base

mkdir "$work/jdk"
cp -aL "$jdk" "$work/jdk/java"
cp -a "$maven" "$work/jdk/maven"
cat > "$work/jdk/Dockerfile" << 'END'
FROM sluice-base
COPY java /opt/java
COPY maven /root/.m2
ENV JAVA_HOME=/opt/java PATH=/opt/java/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
END
docker build --network=none -t sluice-base-jdk "$work/jdk"
