/**
 * Random numbers that are the same on every JDK, operating system and processor, with any number of threads:
 * independent streams named by their purpose ({@link dev.graft.random.RandomStream}), and distributions drawn from any
 * generator ({@link dev.graft.random.Draw}).
 *
 * <p>What is drawn here is promised to the bit: first weights, dropout masks, orders, splits, and the parameters of
 * augmentations depend on the seed alone. What is computed from them in floating point is promised for one machine, JDK
 * and kind of kernels.
 */
@NullMarked
package dev.graft.random;

import org.jspecify.annotations.NullMarked;
