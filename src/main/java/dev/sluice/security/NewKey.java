package dev.sluice.security;

import dev.sluice.model.Sha256;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * Makes an API key: {@code java -jar sluice.jar new-key <client> [tenant]}. What it prints is shown
 * once and kept nowhere.
 *
 * @param token for the client
 * @param configuration what lets Sluice know it
 */
public record NewKey(String token, String configuration) {

  /** The command's name. */
  public static final String COMMAND = "new-key";

  private static final int SECRET_BYTES = 32;
  private static final int ID_BYTES = 4;

  /** Runs the command and gives the exit code of the process. */
  public static int run(List<String> arguments) {
    String client = arguments.isEmpty() ? "" : arguments.getFirst();
    String tenant = arguments.size() > 1 ? arguments.get(1) : "default";
    if (arguments.size() > 2
        || !SecurityProperties.isName(client)
        || !SecurityProperties.isName(tenant)) {
      System.err.println("Usage: new-key <client> [tenant]; names of letters, digits and . _ @ -");
      return 64;
    }
    NewKey made = make(client, tenant, new SecureRandom());
    // Not into the file that the configuration is written to.
    System.err.println("The key, shown this once: " + made.token);
    IO.println(made.configuration);
    return 0;
  }

  static NewKey make(String client, String tenant, SecureRandom random) {
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    String name = HexFormat.of().formatHex(id);
    String token =
        ApiKeys.PREFIX
            + name
            + '_'
            + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    return new NewKey(
        token,
        String.format(
            Locale.ROOT,
            """
            sluice:
              security:
                keys:
                  - id: "%s"
                    client: "%s"
                    tenant: "%s"
                    roles: [submit, read, control]
                    sha256: "%s\"""",
            name,
            client,
            tenant,
            HexFormat.of().formatHex(Sha256.of(token))));
  }

  @Override
  public String toString() {
    return "NewKey[…]";
  }
}
