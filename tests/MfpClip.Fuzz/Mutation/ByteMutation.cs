using System.Buffers.Binary;

namespace MfpClip.Fuzz.Mutation;

/// <summary>Changes an input; the result is another array.</summary>
/// <param name="input">What is changed.</param>
/// <param name="random">What it follows from.</param>
/// <param name="corpus">All inputs of the target, to take parts from.</param>
internal delegate byte[] Mutate(byte[] input, FuzzRandom random, IReadOnlyList<byte[]> corpus);

/// <summary>Changes of bytes that know nothing of a format.</summary>
internal static class ByteMutation
{
    /// <summary>Inputs do not grow beyond.</summary>
    public const int Most = 1 << 18;

    public static byte[] Any(byte[] input, FuzzRandom random, IReadOnlyList<byte[]> corpus)
    {
        if (input.Length == 0)
        {
            return random.Of(corpus).ToArray();
        }

        // The first bytes decide what the others mean.
        int at = random.Chance(2) ? random.Next(Math.Min(input.Length, 128)) : random.Next(input.Length);
        switch (random.Next(10))
        {
            case 0:
                return With(input, at, [(byte)(input[at] ^ (1 << random.Next(8)))]);
            case 1:
                return With(input, at, [(byte)random.NextBits()]);
            case 2 or 3:
                return With(input, at, Number(random));
            case 4:
                return input[..random.Next(input.Length)];
            case 5:
                int gone = random.Length(input.Length - at);
                return [.. input[..at], .. input[(at + gone)..]];
            case 6:
                int twice = random.Length(Math.Min(input.Length - at, 4096));
                return Bounded([.. input[..(at + twice)], .. input[at..]]);
            case 7:
                byte[] other = random.Of(corpus);
                int from = random.Next(other.Length), count = other.Length == 0 ? 0 : random.Length(other.Length - from);
                return Bounded([.. input[..at], .. other.AsSpan(from, count), .. random.Chance(2) ? input[at..] : []]);
            case 8:
                byte[] noise = new byte[random.Length(64)];
                for (int i = 0; i < noise.Length; i++)
                {
                    noise[i] = (byte)random.NextBits();
                }

                return Bounded([.. input[..at], .. noise, .. input[at..]]);
            default:
                byte[] filled = input.ToArray();
                filled.AsSpan(at, random.Length(Math.Min(input.Length - at, 256))).Fill(random.Of<byte>([0, 0xff, 0x80, (byte)' ']));
                return filled;
        }
    }

    /// <summary>A number of 1 to 8 bytes, in either order.</summary>
    public static byte[] Number(FuzzRandom random)
    {
        byte[] eight = new byte[8];
        long number = random.Number();
        int length = 1 << random.Next(4);
        if (random.Chance(2))
        {
            BinaryPrimitives.WriteInt64LittleEndian(eight, number);
            return eight[..length];
        }

        BinaryPrimitives.WriteInt64BigEndian(eight, number);
        return eight[^length..];
    }

    public static byte[] Bounded(byte[] input) => input.Length <= Most ? input : input[..Most];

    private static byte[] With(byte[] input, int at, ReadOnlySpan<byte> bytes)
    {
        byte[] changed = input.ToArray();
        bytes[..Math.Min(bytes.Length, changed.Length - at)].CopyTo(changed.AsSpan(at));
        return changed;
    }
}
