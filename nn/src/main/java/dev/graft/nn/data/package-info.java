/**
 * Data sets and how they become batches: {@link dev.graft.nn.data.DataLoader}, splits, samplers and class weights.
 * Everything random is a pure function of a seed, so runs repeat and resume to the bit.
 */
@NullMarked
package dev.graft.nn.data;

import org.jspecify.annotations.NullMarked;
