using MfpClip.Fuzz.Mutation;

namespace MfpClip.Fuzz;

/// <summary>One parser, fed with files.</summary>
internal sealed record FuzzTarget
{
    /// <summary>Name on the command line, and the folder of its corpus.</summary>
    public required string Name { get; init; }

    /// <summary>Changes by what the format is made of; each as likely as the others, bytes beside them.</summary>
    public IReadOnlyList<Mutate> Changes { get; init; } = [ByteMutation.Any];

    /// <summary>Makes what an input is given to; the folder is the target's own. What it throws, other than the library's errors, is a failure.</summary>
    public required Func<string, Action<byte[]>> Prepare { get; init; }

    /// <summary>Managed bytes that one input may allocate.</summary>
    public long MostBytes { get; init; } = 256L << 20;

    /// <summary>Seconds of processor time that one input may take.</summary>
    public double MostSeconds { get; init; } = 3;

    /// <summary>How many inputs it takes in the time of one of the cheap ones: a short run divides its number by it.</summary>
    public int Cost { get; init; } = 1;

    /// <summary>The input of a number.</summary>
    /// <param name="corpus">Inputs to begin with.</param>
    /// <param name="seed">Of the run.</param>
    /// <param name="number">Of the input; the first ones are those of the corpus as they are.</param>
    public byte[] Make(IReadOnlyList<byte[]> corpus, long seed, long number)
    {
        if (number < corpus.Count)
        {
            return corpus[(int)number];
        }

        var random = new FuzzRandom(seed, number);
        byte[] input = random.Of(corpus);
        for (int changes = 1 + random.Next(3); changes > 0; changes--)
        {
            input = (random.Chance(10) ? ByteMutation.Any : random.Of(Changes))(input, random, corpus);
        }

        return input;
    }
}
