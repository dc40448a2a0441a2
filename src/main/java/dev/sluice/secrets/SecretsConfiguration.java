package dev.sluice.secrets;

import dev.sluice.model.ItemSecrets;
import dev.sluice.store.OwnDirectory;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Puts the keyring together; cryptography is loaded when the first secret comes. */
@Configuration(proxyBeanMethods = false)
class SecretsConfiguration {

  @Bean
  ItemSecrets itemSecrets(SecretsProperties properties, ObjectProvider<OwnDirectory> directory) {
    OwnDirectory own = directory.getIfAvailable();
    Path path = own == null ? null : own.path();
    return new Keyring(properties, path == null ? null : new KeyFile(path), new SecureRandom());
  }
}
