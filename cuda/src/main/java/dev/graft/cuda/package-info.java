/** The GPU backend; only its provider is public. */
package dev.graft.cuda;
