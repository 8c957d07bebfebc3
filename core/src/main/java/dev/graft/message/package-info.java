/** Messages that name settings, so that a hint is true in Java and on a command line. */
@NullMarked
package dev.graft.message;

import org.jspecify.annotations.NullMarked;
