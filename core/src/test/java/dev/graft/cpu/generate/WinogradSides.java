package dev.graft.cpu.generate;

import java.util.Map;
import java.util.TreeMap;

/**
 * The matrices of a tile size, as sides: see {@code WinogradTransforms} for the letters. Each is written once, as calls
 * on vectors; {@link Infix} makes arithmetic on floats of them.
 */
record WinogradSides(int tile, Side input, Side output, Side weights, Side outputGradient, Side weightGradient) {
    /** Factors that have names. */
    static final Map<String, Integer> CONSTANTS =
            new TreeMap<>(Map.of("two", 2, "four", 4, "eight", 8, "minusFour", -4, "minusFive", -5));

    static final WinogradSides F2 =
            new WinogradSides(2, Side.of("""
                    $0.sub($2)
                    $1.add($2)
                    $2.sub($1)
                    $1.sub($3)
                    """), Side.of("""
                    $0.add($1).add($2)
                    $1.sub($2).sub($3)
                    """), Side.of("""
                    outer = $0.add($2).mul(0.5f)
                    middle = $1.mul(0.5f)
                    $0
                    outer.add(middle)
                    outer.sub(middle)
                    $2
                    """), Side.of("""
                    $0
                    $0.add($1)
                    $0.sub($1)
                    $1.neg()
                    """), Side.of("""
                    sum = $1.add($2).mul(0.5f)
                    $0.add(sum)
                    $1.sub($2).mul(0.5f)
                    sum.add($3)
                    """));

    static final WinogradSides F4 =
            new WinogradSides(4, Side.of("""
                    even = minusFour.fma($2, $4)
                    odd = minusFour.fma($1, $3)
                    evenHalf = $4.sub($2)
                    oddHalf = $3.sub($1)
                    oddWhole = oddHalf.add(oddHalf)
                    four.fma($0, minusFive.fma($2, $4))
                    even.add(odd)
                    even.sub(odd)
                    evenHalf.add(oddWhole)
                    evenHalf.sub(oddWhole)
                    four.fma($1, minusFive.fma($3, $5))
                    """), Side.of("""
                    sum1 = $1.add($2)
                    difference1 = $1.sub($2)
                    sum2 = $3.add($4)
                    difference2 = $3.sub($4)
                    $0.add(sum1).add(sum2)
                    two.fma(difference2, difference1)
                    four.fma(sum2, sum1)
                    eight.fma(difference2, difference1).add($5)
                    """), Side.of("""
                    outer = $0.add($2).mul(-1f / 6)
                    middle = $1.mul(1f / 6)
                    outerHalf = $0.mul(1f / 24).add($2.mul(1f / 6))
                    middleHalf = $1.mul(1f / 12)
                    $0.mul(0.25f)
                    outer.sub(middle)
                    outer.add(middle)
                    outerHalf.add(middleHalf)
                    outerHalf.sub(middleHalf)
                    $2
                    """), Side.of("""
                    even = $0.add($2)
                    odd = $1.add($3)
                    evenDouble = four.fma($2, $0)
                    oddQuad = four.fma($3, $1)
                    oddDouble = oddQuad.add(oddQuad)
                    $0
                    even.add(odd)
                    even.sub(odd)
                    evenDouble.add(oddDouble)
                    evenDouble.sub(oddDouble)
                    $3
                    """), Side.of("""
                    ones = $1.add($2).mul(1f / 6)
                    twos = $3.add($4).mul(1f / 6)
                    $0.mul(0.25f).sub(ones).add(twos.mul(0.25f))
                    $2.sub($1).mul(1f / 6).add($3.sub($4).mul(1f / 12))
                    twos.sub(ones).add($5)
                    """));

    /** Values of a transformed side. */
    int width() {
        return tile + 2;
    }
}
