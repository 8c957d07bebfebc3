/** JSON as maps, lists, strings and numbers. */
package dev.graft.nn.json;
