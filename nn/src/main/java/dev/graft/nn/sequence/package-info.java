/** Networks that read nucleotide sequences. */
@NullMarked
package dev.graft.nn.sequence;

import org.jspecify.annotations.NullMarked;
