/**
 * The demo, under the profile {@code demo}: a sample destination on a loopback port and a sample
 * batch sent to it. It knows no other room: it talks to Sluice as any client does, over HTTP.
 */
@NullMarked
package dev.sluice.demo;

import org.jspecify.annotations.NullMarked;
