package dev.sluice.model;

/**
 * Why something is in its state.
 *
 * @param code stable, to branch on
 * @param message for people
 * @param by who asked for it
 */
public record StateReason(String code, String message, String by) {}
