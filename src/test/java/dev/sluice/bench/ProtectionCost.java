package dev.sluice.bench;

import dev.sluice.chaos.AgentJar;
import dev.sluice.chaos.agent.Mutations;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import dev.sluice.model.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntFunction;

/**
 * What it costs that nobody comes in who does not belong and nothing goes out that must not: a
 * build without guards beside the one as it is delivered, one that asks for keys, and what shows
 * credentials. Every item has a path and a header of its own, so that no answer of a guard is
 * remembered from the item before.
 */
final class ProtectionCost {

  private static final int CONCURRENCY = 64;
  private static final String KEY = "slk_0000aaaa_" + "k".repeat(43);

  private final Plan plan;
  private final Path directory;
  private final SinkProcess sink;
  private final List<Contender> contenders = new ArrayList<>();

  private ProtectionCost(Plan plan, Path directory, SinkProcess sink) {
    this.plan = plan;
    this.directory = directory;
    this.sink = sink;
  }

  /** Runs it with 64 in flight. */
  static Section run(Plan plan) throws IOException {
    try (RunDirectory directory = RunDirectory.of(plan, "protection");
        SinkProcess sink = SinkProcess.start(Cores.SHARED)) {
      return new ProtectionCost(plan, directory.path(), sink).run();
    }
  }

  private Section run() throws IOException {
    try {
      String agent =
          "-javaagent:" + AgentJar.in(directory) + "=break=" + Mutations.UNGUARDED.name();
      add("without guards", process("unguarded").jvm(agent).start());
      add("as delivered", process("delivered").start());
      addProtected();
      return section(Contender.inTurn(contenders, plan, CONCURRENCY));
    } finally {
      contenders.forEach(Contender::close);
    }
  }

  private SluiceProcess process(String name, String... properties) throws IOException {
    return SluiceContender.prepare(
        Files.createDirectories(directory.resolve(name)), CONCURRENCY, Cores.SHARED, properties);
  }

  private void add(String name, SluiceProcess process) {
    SluiceClient client = new SluiceClient(process.uri());
    contenders.add(new Variant(new SluiceContender(process, client, lines("X-Order")), name, ""));
  }

  private void addProtected() throws IOException {
    SluiceProcess process =
        process("protected", "--spring.config.import=" + configuration()).start();
    SluiceClient client = new SluiceClient(process.uri(), KEY);
    SluiceContender plain = new SluiceContender(process, client, lines("X-Order"));
    SluiceContender secret = new SluiceContender(process, client, lines("X-Order-Token"));
    contenders.add(new Variant(plain, "keys, hosts listed", ""));
    contenders.add(new Variant(plain, "and a bearer token", "auth.credential=bearer"));
    contenders.add(new Variant(plain, "and an HMAC of the body", "auth.credential=hmac"));
    contenders.add(new Variant(secret, "and a secret in each item", ""));
  }

  private Path configuration() throws IOException {
    String yaml =
        """
        sluice:
          security.keys:
            - {id: 0000aaaa, client: bench, tenant: default, roles: [submit, read], sha256: %s}
          secrets:
            keys: %s
            headers: X-Order-Token
          attempt:
            egress.hosts: [127.0.0.1, "*.example.com"]
            auth.credentials:
              bearer: {type: bearer, hosts: [127.0.0.1], allow-http: true, secret: %s}
              hmac: {type: hmac, hosts: [127.0.0.1], allow-http: true, secret: %s, header: X-Signature}
        """
            .formatted(
                HexFormat.of().formatHex(Sha256.of(KEY)),
                Base64.getEncoder().encodeToString(new byte[32]),
                "b".repeat(40),
                "h".repeat(40));
    return Files.writeString(directory.resolve("protection.yaml"), yaml);
  }

  private IntFunction<String> lines(String header) {
    String body = SenderMain.body(plan.bodyBytes());
    String url = sink.url();
    return index ->
        "{\"url\":\"%s/%d\",\"headers\":{\"%s\":\"order-%d\"},\"body\":%s}"
            .formatted(url, index, header, index, body);
  }

  private Section section(List<Measured> all) {
    all.forEach(Measured::requireNoErrors);
    return new Section(
            "What protection costs",
            ("From the first byte of the POST to the last outcome on disk; %,d items of %d B a round,"
                    + " each with a path and a header of its own, %d rounds in turn after a warm-up of"
                    + " %,d each. Without guards, nothing asks where items go and what their headers"
                    + " hold.")
                .formatted(plan.items(), plan.bodyBytes(), plan.rounds(), plan.warmUpItems()))
        .add(Measured.comparison(CONCURRENCY + " in flight", all));
  }
}
