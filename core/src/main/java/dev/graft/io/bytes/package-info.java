/**
 * Reading an untrusted open file: positions, sizes checked for overflow, little-endian numbers. Not exported. Further
 * ways to read bytes go here; a container of files goes into {@code archive}, and a format into its own package.
 */
package dev.graft.io.bytes;
