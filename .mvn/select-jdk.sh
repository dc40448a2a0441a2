# Sourced by ./mvnw: points JAVA_HOME at a JDK 25 or newer, whatever `java` the shell finds first.
# Maven itself must run on it because google-java-format parses Java 25 with the compiler of its own JVM.

sluice_jdk_feature() { # prints the feature release of the JDK in $1, or nothing when it is none
  [ -x "$1/bin/javac" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null || true
}

sluice_select_jdk() {
  java_on_path=$(command -v java 2>/dev/null || true)
  [ -z "$java_on_path" ] || java_on_path=$(dirname "$(dirname "$(readlink -f "$java_on_path")")")
  set +f # the wrapper switches globbing off
  for jdk in "${JAVA_HOME-}" "${JAVA_HOME_25_X64-}" "$java_on_path" /usr/lib/jvm/* /opt/java/* /opt/jdk* \
    "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* "$HOME"/.local/share/mise/installs/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    feature=$(sluice_jdk_feature "$jdk")
    if [ "${feature:-0}" -ge 25 ]; then
      set -f
      JAVA_HOME=$jdk
      export JAVA_HOME
      return 0
    fi
  done
  set -f
  cat >&2 <<'MESSAGE'
Sluice is built with JDK 25 or newer, and none was found in JAVA_HOME, on the PATH or in the usual places
(/usr/lib/jvm, /opt, ~/.sdkman, ~/.jdks, /Library/Java). Install one, for example Eclipse Temurin 25
(https://adoptium.net), or set JAVA_HOME to it, and run the command again.
MESSAGE
  return 1
}

sluice_select_jdk || exit 1
