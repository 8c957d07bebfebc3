/**
 * Networks that answer several times, by chance, by changed inputs, or by several members, and the mean of their
 * answers.
 */
@org.jspecify.annotations.NullMarked
package dev.graft.nn.uncertainty;
