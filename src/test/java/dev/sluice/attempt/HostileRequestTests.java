package dev.sluice.attempt;

import static dev.sluice.fixture.RawServer.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.RawServer;
import dev.sluice.intake.AdmittedUrl;
import dev.sluice.intake.HeaderAdmission;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Destination;
import dev.sluice.model.Header;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/**
 * Header fields and targets made to turn one request into two, past intake: each is refused before
 * the first byte, or is exactly the request that was meant. What intake lets in is always sent.
 */
class HostileRequestTests extends AttempterTestBase {

  private static final List<String> BREAKS =
      List.of(
          "\r\n",
          "\n",
          "\r",
          "\r\n ",
          "\r\n\t",
          "\n ",
          "\0",
          "\u000b",
          "\f",
          "\u001f",
          "\u007f",
          "\u0085",
          "\u00a0",
          "\u00ff",
          "\u010a",
          "\u010d",
          "\u010d\u010a",
          "\u2028",
          "\u560a",
          "\u560d\u560a",
          "\ud83d\ude00",
          "\ud800",
          "%0d%0a",
          "\\r\\n",
          ":",
          " ",
          "\t",
          ",",
          ";");

  private static final List<String> SMUGGLED =
      List.of(
          "X-Evil: 1", "Host: evil.example", "\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n", "");

  private static final List<String> NAMES =
      List.of(
          "Host",
          "host",
          "HOST",
          "Content-Length",
          "content-length",
          "Transfer-Encoding",
          "transfer-encoding",
          "TE",
          "Trailer",
          "Connection",
          "Keep-Alive",
          "Upgrade",
          "Expect",
          "HTTP2-Settings",
          "Proxy-Authorization",
          "proxy-connection",
          "Forwarded",
          "X-Forwarded-For",
          "Sluice-Attempt",
          "X-Fine",
          "x.fine~1",
          "",
          " X",
          "X ",
          "X:",
          ":X",
          "X Y",
          "X\r\nY",
          "X\0",
          "X\u00e9",
          "X\u010d\u010a",
          "X(",
          "\"X\"",
          "Transfer\u00adEncoding",
          "Content_Length",
          "Content-Length ",
          "\tHost");

  private final Queue<StrictRequests.Request> seen = new ConcurrentLinkedQueue<>();
  private final Queue<String> broken = new ConcurrentLinkedQueue<>();

  private RawServer strictServer() throws IOException {
    return RawServer.start(
        (in, out, _) -> {
          StrictRequests requests = new StrictRequests(in);
          try {
            for (var request = requests.next(); request != null; request = requests.next()) {
              seen.add(request);
              write(out, "HTTP/1.1 204 No Content\r\n\r\n");
            }
          } catch (IOException e) {
            broken.add(String.valueOf(e.getMessage()));
          }
        });
  }

  private static List<Header> fields() {
    List<Header> fields = new ArrayList<>();
    for (String gap : BREAKS) {
      for (String smuggled : SMUGGLED) {
        fields.add(new Header("X-Value", "a" + gap + smuggled));
        fields.add(new Header("X-Value", gap + smuggled));
        fields.add(new Header("X-Value", "a" + smuggled + gap));
      }
      fields.add(new Header("X" + gap + "Y", "v"));
      fields.add(new Header("Content-Type", "text/plain" + gap + "X-Evil: 1"));
    }
    NAMES.forEach(name -> fields.add(new Header(name, "7")));
    return fields;
  }

  @Test
  void everyFieldIsRefusedOrIsWhatWasMeant() throws Exception {
    try (RawServer server = strictServer()) {
      int sent = 0;
      for (Header field : fields()) {
        OutboundRequest request =
            new OutboundRequest(
                "POST",
                "/n?" + sent,
                List.of(field),
                BodyKind.TEXT,
                "body".getBytes(StandardCharsets.UTF_8));
        sent += expectOneOrNone(server, request, field, HeaderAdmission.admits(field));
      }
      assertThat(sent).isGreaterThan(40);
      assertThat(broken).isEmpty();
    }
  }

  private int expectOneOrNone(
      RawServer server, OutboundRequest request, Header field, boolean admitted) {
    Verdict verdict = send(server, request);
    assertThat(broken).as("%s", field).isEmpty();
    if (verdict instanceof Verdict.Denied) {
      assertThat(seen).as("%s", field).isEmpty();
      assertThat(admitted).as("intake admits what is not sent: %s", field).isFalse();
      return 0;
    }
    assertThat(verdict).as("%s", field).isInstanceOf(Verdict.Succeeded.class);
    assertThat(seen).as("%s", field).hasSize(1);
    StrictRequests.Request read = seen.remove();
    assertThat(read.target()).isEqualTo(request.target());
    assertThat(new String(read.body(), StandardCharsets.UTF_8)).isEqualTo("body");
    assertThat(read.values("X-Evil")).as("%s", field).isEmpty();
    assertThat(read.values("Host")).as("%s", field).noneMatch(host -> host.contains("evil"));
    if (admitted) {
      assertThat(read.values(field.name())).as("%s", field).containsExactly(field.value());
    }
    return 1;
  }

  private static Verdict send(RawServer server, OutboundRequest request) {
    return verdict(
        attempter.attempt(
            new AttemptRequest(
                new Destination("http", "127.0.0.1", server.port()),
                request,
                1,
                "k-1",
                AttemptTerms.of(BatchOptions.DEFAULT),
                new Cutter())));
  }

  @Test
  void everyTargetIsRefusedOrIsWhatWasMeant() throws Exception {
    try (RawServer server = strictServer()) {
      int sent = 0;
      for (String gap : BREAKS) {
        for (String smuggled : List.of(" HTTP/1.1\r\nX-Evil: 1\r\n\r\n", "GET /evil", "x", "")) {
          String target = "/a" + gap + smuggled;
          OutboundRequest request =
              new OutboundRequest(
                  "GET", target, List.of(), BodyKind.TEXT, "body".getBytes(StandardCharsets.UTF_8));
          AdmittedUrl admitted = AdmittedUrl.read("http://127.0.0.1:" + server.port() + target);
          sent += expectOneOrNone(server, request, new Header("X-None", ""), false);
          assertThat(admitted == null || admitted.target().equals(target)).isTrue();
        }
      }
      assertThat(sent).isGreaterThan(5);
      assertThat(broken).isEmpty();
    }
  }
}
