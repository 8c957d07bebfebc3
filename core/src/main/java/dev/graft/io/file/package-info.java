/**
 * What files of any format need: writes that happen completely or not at all, and the exception that names a file, what
 * is wrong and the fix. Anything else that is independent of a format, such as a lock or a hash, goes here.
 */
@NullMarked
package dev.graft.io.file;

import org.jspecify.annotations.NullMarked;
