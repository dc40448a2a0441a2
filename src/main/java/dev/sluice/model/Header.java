package dev.sluice.model;

/**
 * One header field of an outbound request or a captured response.
 *
 * @param name an RFC 9110 token
 * @param value without CR, LF or NUL
 */
public record Header(String name, String value) {}
