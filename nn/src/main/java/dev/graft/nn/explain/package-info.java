/** What a network's answer rests on: how much each input, or each vector of an embedding, has contributed to it. */
@org.jspecify.annotations.NullMarked
package dev.graft.nn.explain;
