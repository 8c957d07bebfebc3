/**
 * What any file needs, whatever is in it: writes that happen wholly or not at all, and the exception that names a file,
 * what is wrong and the fix. The next thing that has nothing to do with a format, such as a lock or a hash, goes here.
 */
package dev.graft.io.file;
