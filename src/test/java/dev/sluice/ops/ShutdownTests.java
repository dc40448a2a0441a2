package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.ops.OpsTestApplication.Upload;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;

class ShutdownTests {

  /** With the general time-out of ten minutes on the web server's phase this would not end. */
  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void aRequestThatNeverEndsDoesNotHoldTheShutdownUp() throws Exception {
    var context =
        (ServletWebServerApplicationContext)
            SpringApplication.run(
                OpsTestApplication.class,
                "--server.port=0",
                "--management.server.port=0",
                "--spring.lifecycle.timeout-per-shutdown-phase=10m",
                "--sluice.ops.upload-idle-timeout=10m",
                "--sluice.ops.web-drain=200ms");
    Upload upload = context.getBean(Upload.class);
    int port = Objects.requireNonNull(context.getWebServer()).getPort();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket
          .getOutputStream()
          .write(
              "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(upload.began.await(30, TimeUnit.SECONDS)).isTrue();
      context.close();
      assertThat(upload.ended).as("still reading when the shutdown was done with it").isEmpty();
    } finally {
      context.close();
    }
  }
}
