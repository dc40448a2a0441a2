#   docker build -t sluice .
#   docker run --rm sluice new-key billing > keys.yaml
#   docker run -p 8080:8080 -p 127.0.0.1:8081:8081 -v sluice-data:/data \
#     -v ./keys.yaml:/etc/sluice/keys.yaml:ro -e SPRING_CONFIG_IMPORT=file:/etc/sluice/keys.yaml sluice
#
# Base images are arguments, so that a registry of one's own can serve them: one with a JDK 25 in JAVA_HOME, one with glibc
# and bash.
ARG JDK_IMAGE=eclipse-temurin:25-jdk
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${JDK_IMAGE} AS build
WORKDIR /build
# What of the JDK Sluice needs, with what looks into a running JVM (jcmd, jfr). java.desktop is there for java.beans; what
# paints and plays is left out.
RUN jlink --compress zip-9 --no-header-files --no-man-pages --output /opt/jre --add-modules \
java.base,java.compiler,java.desktop,java.instrument,java.logging,java.management,java.naming,java.net.http,java.prefs,\
java.rmi,java.scripting,java.security.jgss,java.security.sasl,java.sql,java.xml.crypto,jdk.attach,jdk.crypto.ec,jdk.jcmd,\
jdk.jfr,jdk.management,jdk.management.agent,jdk.naming.dns,jdk.net,jdk.unsupported,jdk.zipfs \
  && cd /opt/jre/lib \
  && rm -f libawt*.so libfontmanager.so libfreetype.so libjavajpeg.so libjsound.so liblcms.so libmlib_image.so libsplashscreen.so

COPY pom.xml mvnw ./
COPY .mvn .mvn
# More options for Maven, such as --offline or --settings; Maven reads this variable itself.
ARG MAVEN_ARGS=""
# A layer of its own: dependencies are fetched again only when the build changes. The jar of nothing is thrown away.
RUN ./mvnw -B -ntp -q -Dmaven.test.skip=true package && rm -rf target
COPY src/main src/main
RUN ./mvnw -B -ntp -q -Dmaven.test.skip=true package \
  && java -Djarmode=tools -jar target/sluice-*.jar extract --layers --application-filename sluice.jar --destination target/layers \
  && rm -rf target/layers/spring-boot-loader

# The native parts of SQLite, Netty and LZ4: a start has nothing to unpack, and needs no place that allows execution.
RUN set -e; arch=$(uname -m); mkdir -p /build/native/unpacked && cd /build/native/unpacked \
  && jar xf ../../target/layers/dependencies/lib/sqlite-jdbc-*.jar "org/sqlite/native/Linux/$arch" \
  && jar xf ../../target/layers/dependencies/lib/netty-transport-native-epoll-*-linux-"$(echo "$arch" | sed s/aarch64/aarch_64/)".jar META-INF/native \
  && jar xf ../../target/layers/dependencies/lib/lz4-java-*.jar net/jpountz/util/linux/"$(echo "$arch" | sed s/x86_64/amd64/)" \
  && find . -name '*.so' -exec mv {} .. \; && rm -rf /build/native/unpacked

# The bill of materials that the jar carries, where scanners look for one.
RUN mkdir -p sbom/META-INF/sbom && cd sbom && jar xf ../target/layers/application/sluice.jar META-INF/sbom

FROM ${RUNTIME_IMAGE}
COPY --from=build /opt/jre /opt/jre
ENV PATH=/opt/jre/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  LANG=C.UTF-8

RUN mkdir -p /app /data && chown 10001:10001 /data && chmod 0700 /data
WORKDIR /app
# Least often changed first.
COPY --from=build /build/native/ ./native/
COPY --from=build /build/target/layers/dependencies/ ./
COPY --from=build /build/target/layers/snapshot-dependencies/ ./
COPY --from=build /build/target/layers/application/ ./
COPY --from=build /build/sbom/META-INF/sbom/ ./sbom/

COPY src/main/docker/jvm.options src/main/docker/native.options src/main/docker/training.args ./

# The AOT cache: the classes and profiles of one run of the demo, under this very JVM. A JVM or a jar that differs starts
# without it and says so.
RUN java @jvm.options @native.options -Xmx512m -XX:AOTCacheOutput=/app/sluice.aot -jar sluice.jar \
    $(grep -v '^#' training.args) --sluice.store.path=/tmp/training/sluice.db \
  && rm -rf /tmp/* && test -s /app/sluice.aot

# Inside a container loopback reaches nobody. The start is refused until the container is told who may come in: see
# "Who may come in" in the README.
ENV SERVER_ADDRESS=0.0.0.0 \
  MANAGEMENT_SERVER_ADDRESS=0.0.0.0 \
  SLUICE_STORE_PATH=/data/sluice.db

USER 10001:10001
VOLUME /data
EXPOSE 8080 8081

# Readiness needs no program in the image: bash speaks TCP.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${MANAGEMENT_SERVER_PORT:-8081} && printf 'GET /actuator/health/readiness HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -t 2 line <&3 && [[ $line == *' 200'* ]]"]

# Exec form: java is process 1 and gets SIGTERM. Options of one's own go into JDK_JAVA_OPTIONS.
ENTRYPOINT ["java", "@/app/jvm.options", "@/app/native.options", "-XX:AOTCache=/app/sluice.aot", "-jar", "sluice.jar"]

# Last: what is said about the image changes with every commit, and nothing below it is built anew for it.
ARG VERSION=0.1.0-SNAPSHOT
ARG REVISION=unknown
ARG CREATED=unknown
ARG RUNTIME_IMAGE
LABEL org.opencontainers.image.title="Sluice" \
  org.opencontainers.image.description="Durable batch dispatch of HTTP requests" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}" \
  org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
