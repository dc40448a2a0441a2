package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.ops.OpsTestApplication.Upload;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;

/** How the service listens when nobody tells it otherwise. */
@ExtendWith(OutputCaptureExtension.class)
@SpringBootTest(
    classes = OpsTestApplication.class,
    webEnvironment = WebEnvironment.RANDOM_PORT,
    properties = {"management.server.port=0", "sluice.ops.upload-idle-timeout=300ms"})
class ListeningTests {

  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final InetAddress ANY = new InetSocketAddress(0).getAddress();

  @LocalServerPort int port;
  @Autowired ServletWebServerApplicationContext context;
  @Autowired Upload upload;

  @Test
  void listensOnLoopbackOnly() {
    AbstractHttp11Protocol<?> http = protocol();
    assertThat(http.getAddress()).matches(InetAddress::isLoopbackAddress);
    assertThat(http.getMaxConnections()).isEqualTo(1024);
    assertThat(http.getConnectionTimeout()).isEqualTo(10_000);
    assertThat(http.getMaxSwallowSize()).isEqualTo(512 << 20);
  }

  @Test
  void readsALongBodyToItsEnd() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      int megabytes = 64;
      socket.getOutputStream().write(head((long) megabytes << 20));
      byte[] block = new byte[1 << 20];
      for (int i = 0; i < megabytes; i++) {
        socket.getOutputStream().write(block);
      }
      assertThat(upload.ended.poll(30, TimeUnit.SECONDS)).isEqualTo("read " + (megabytes << 20));
      assertThat(statusLine(socket)).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void endsAnUploadThatFallsSilent() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(30_000);
      socket.getOutputStream().write(head(1_000));
      socket.getOutputStream().write("half".getBytes(StandardCharsets.US_ASCII));
      assertThat(upload.ended.poll(30, TimeUnit.SECONDS)).contains("Exception");
      InputStream rest = socket.getInputStream();
      rest.transferTo(java.io.OutputStream.nullOutputStream());
      assertThat(rest.read()).as("the connection is closed").isEqualTo(-1);
    }
  }

  @Test
  void tellsOfAManagementPortBeyondLoopbackOnly(CapturedOutput output) {
    new ListenNotice(LOOPBACK).tell();
    assertThat(output).doesNotContain("The management port listens beyond loopback");
    new ListenNotice(ANY).tell();
    assertThat(output).contains("The management port listens beyond loopback");
    new ListenNotice(null).tell();
    assertThat(output).contains("management.server.address=\"any\"");
  }

  private AbstractHttp11Protocol<?> protocol() {
    TomcatWebServer server = (TomcatWebServer) context.getWebServer();
    Connector connector = Objects.requireNonNull(server).getTomcat().getConnector();
    return (AbstractHttp11Protocol<?>) connector.getProtocolHandler();
  }

  private static byte[] head(long length) {
    return ("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
            + "Content-Length: "
            + length
            + "\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static String statusLine(Socket socket) throws Exception {
    StringBuilder line = new StringBuilder();
    int next = socket.getInputStream().read();
    while (next >= 0 && next != '\r') {
      line.append((char) next);
      next = socket.getInputStream().read();
    }
    return line.toString();
  }
}
