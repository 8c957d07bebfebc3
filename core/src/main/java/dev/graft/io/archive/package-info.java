/**
 * Containers that hold files: ZIP (as {@code torch.save} and NumPy write it) and tar. Not exported. The next container
 * goes here; its content belongs to the package of its format.
 */
package dev.graft.io.archive;
