package dev.sluice.attempt.egress;

import java.util.ArrayList;
import java.util.List;

/**
 * Networks that may be reached though they are not public.
 *
 * @param loopback whether this machine may be
 * @param privateOnes whether private networks may be, those of metadata services excepted
 * @param listed ranges an operator lists; they may whatever lies there
 */
record Networks(boolean loopback, boolean privateOnes, List<AddressRange> listed) {

  /**
   * Gives what {@code sluice.attempt.egress.networks} says.
   *
   * @param onLoopback whether only this machine reaches the API
   */
  static Networks parse(List<String> entries, boolean onLoopback) {
    boolean loopback = false;
    boolean privateOnes = false;
    List<AddressRange> listed = new ArrayList<>();
    for (String entry : entries) {
      switch (entry) {
        case "auto" -> {
          loopback |= onLoopback;
          privateOnes |= onLoopback;
        }
        case "loopback" -> loopback = true;
        case "private" -> privateOnes = true;
        case "none" -> {
          if (entries.size() > 1) {
            throw new IllegalArgumentException(
                "sluice.attempt.egress.networks is none or a list of networks, not both");
          }
        }
        default -> listed.add(AddressRange.parse(entry, "listed"));
      }
    }
    return new Networks(loopback, privateOnes, List.copyOf(listed));
  }
}
