/** What a device must do: kernels on views of its memory, and how a provider of a device is found. */
@NullMarked
package dev.graft.backend;

import org.jspecify.annotations.NullMarked;
