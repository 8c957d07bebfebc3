package dev.graft.cpu.generate;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Calls on vectors as arithmetic on floats: {@code two.fma(x, y).mul(1f / 6)} is {@code (2 * x + y) * (1f / 6)}. The
 * order of the operations stays, and with it their rounding, except that a product in {@code fma} is rounded unless its
 * factor is a power of two.
 */
final class Infix {
    private static final Pattern TOKEN = Pattern.compile("-?\\d[\\d.]*f?( / \\d+)?|\\$\\d|\\w+|[.,()]");

    private enum Rank {
        SUM,
        PRODUCT,
        OPERAND
    }

    private record Term(String text, Rank rank) {
        /** The text, in parentheses where operators around it bind closer than {@code rank}. */
        String as(Rank rank) {
            return this.rank.compareTo(rank) < 0 ? "(" + text + ")" : text;
        }

        Term add(Term right) {
            return new Term(as(Rank.SUM) + " + " + right.as(Rank.PRODUCT), Rank.SUM);
        }

        Term sub(Term right) {
            return new Term(as(Rank.SUM) + " - " + right.as(Rank.PRODUCT), Rank.SUM);
        }

        Term mul(Term right) {
            return new Term(as(Rank.PRODUCT) + " * " + right.as(Rank.OPERAND), Rank.PRODUCT);
        }

        Term fma(Term factor, Term summand) {
            return text.startsWith("-")
                    ? summand.sub(new Term(text.substring(1), rank).mul(factor))
                    : mul(factor).add(summand);
        }
    }

    private final Map<String, Integer> constants;
    private final Deque<String> tokens;

    private Infix(String expression, Map<String, Integer> constants) {
        this.constants = constants;
        this.tokens = TOKEN.matcher(expression)
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toCollection(ArrayDeque::new));
    }

    /** The expression with the constants' values in place of their names. */
    static String of(String expression, Map<String, Integer> constants) {
        return new Infix(expression, constants).term().text;
    }

    private Term term() {
        Term term = operand(tokens.remove());
        while (".".equals(tokens.peek())) {
            tokens.remove();
            String method = tokens.remove();
            tokens.remove();
            Term argument = term();
            term = switch (method) {
                case "add" -> term.add(argument);
                case "sub" -> term.sub(argument);
                case "mul" -> term.mul(argument);
                case "fma" -> term.fma(argument, second());
                default -> throw new IllegalArgumentException("no operator for " + method);
            };
            tokens.remove();
        }
        return term;
    }

    private Term second() {
        tokens.remove();
        return term();
    }

    private Term operand(String token) {
        String text = constants.containsKey(token) ? Integer.toString(constants.get(token)) : token;
        return new Term(text, text.contains(" / ") ? Rank.PRODUCT : Rank.OPERAND);
    }
}
