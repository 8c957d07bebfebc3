/** The GPU backend; only its provider is public. */
@NullMarked
package dev.graft.cuda;

import org.jspecify.annotations.NullMarked;
