package dev.sluice.security;

import dev.sluice.model.InboundAccess;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.event.EventListener;

/** Says at start who may call the API. */
final class StartNotice {

  private static final Logger log = LoggerFactory.getLogger(StartNotice.class);

  private final InboundAccess access;

  StartNotice(InboundAccess access) {
    this.access = access;
  }

  @EventListener(ApplicationStartedEvent.class)
  void tell() {
    switch (access) {
      case LOCAL ->
          log.info(
              "The API listens on loopback only and asks nobody on this machine who they are.");
      case AUTHENTICATED -> log.info("The API answers whoever shows a credential.");
      case ANYBODY ->
          log.warn(
              "The API listens beyond loopback and asks nobody who they are"
                  + " (sluice.security.insecure): whoever reaches it controls it.");
    }
  }
}
