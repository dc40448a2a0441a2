#   docker build -t sluice .
#   docker run --rm sluice new-key billing > keys.yaml
#   docker run -p 8080:8080 -p 127.0.0.1:8081:8081 -v sluice-data:/data \
#     -v ./keys.yaml:/etc/sluice/keys.yaml:ro -e SPRING_CONFIG_IMPORT=file:/etc/sluice/keys.yaml sluice
#
# Base images are arguments, so that a registry of one's own can serve them.
ARG JDK_IMAGE=eclipse-temurin:25-jdk
ARG JRE_IMAGE=eclipse-temurin:25-jre

FROM ${JDK_IMAGE} AS build
WORKDIR /build
COPY pom.xml mvnw ./
COPY .mvn .mvn
# More options for Maven, such as --settings or a mirror; Maven reads this variable itself.
ARG MAVEN_ARGS=""
# A layer of its own: dependencies are fetched again only when the build changes.
RUN ./mvnw -B -ntp -q dependency:go-offline
COPY src/main src/main
RUN ./mvnw -B -ntp -q -Dmaven.test.skip=true package \
  && java -Djarmode=tools -jar target/sluice-*.jar extract --layers --application-filename sluice.jar --destination target/layers

FROM ${JRE_IMAGE}
ARG VERSION=0.1.0-SNAPSHOT
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Sluice" \
  org.opencontainers.image.description="Durable batch dispatch of HTTP requests" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"

RUN mkdir -p /app /data && chown 10001:10001 /data && chmod 0700 /data
WORKDIR /app
# Least often changed first.
COPY --from=build /build/target/layers/dependencies/ ./
COPY --from=build /build/target/layers/snapshot-dependencies/ ./
COPY --from=build /build/target/layers/application/ ./

COPY src/main/docker/jvm.options src/main/docker/training.args ./

# The AOT cache: the classes and profiles of one run of the demo, under this very JVM. A JVM or a jar that differs starts
# without it and says so.
RUN java @jvm.options -Xmx512m -XX:AOTCacheOutput=/app/sluice.aot -jar sluice.jar \
    $(grep -v '^#' training.args) --sluice.store.path=/tmp/training/sluice.db \
  && rm -rf /tmp/training && test -s /app/sluice.aot

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
ENTRYPOINT ["java", "@/app/jvm.options", "-XX:AOTCache=/app/sluice.aot", "-jar", "sluice.jar"]
