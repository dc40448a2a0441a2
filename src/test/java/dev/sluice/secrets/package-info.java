/** Tests of sealed secrets, and keyrings for tests of other rooms. */
@NullMarked
package dev.sluice.secrets;

import org.jspecify.annotations.NullMarked;
