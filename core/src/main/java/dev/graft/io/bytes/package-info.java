/**
 * Reading an open file without trust: positions, sizes checked for overflow, little-endian numbers. Not exported. The
 * next way to look at bytes goes here; a container of files goes into {@code archive}, a format into a room of its own.
 */
package dev.graft.io.bytes;
