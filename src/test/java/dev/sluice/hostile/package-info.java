/**
 * A destination that does everything wrong, byte by byte, and the runs that let Sluice loose on it.
 * {@link dev.sluice.hostile.HostileDestination} also runs as a command of its own, for any other
 * client. Knows nothing of Sluice but its nouns and its public API.
 */
@NullMarked
package dev.sluice.hostile;

import org.jspecify.annotations.NullMarked;
