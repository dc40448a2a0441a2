/**
 * The crash laboratory: the real jar under load, ended in every way a process can end, beside a
 * destination that logs what it saw. A checker compares what was accepted, what was seen and what
 * the API says. It knows the API, the log and the process, and nothing of the code. Several
 * replicas on one PostgreSQL are harmed while others live, and their network and database too;
 * there it looks into the tables as well, for who holds what.
 */
@NullMarked
package dev.sluice.chaos;

import org.jspecify.annotations.NullMarked;
