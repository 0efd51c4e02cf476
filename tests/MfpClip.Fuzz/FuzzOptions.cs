using System.Globalization;

namespace MfpClip.Fuzz;

/// <summary>What the command line says.</summary>
internal sealed record FuzzOptions
{
    public string Command { get; private init; } = "fuzz";

    public IReadOnlyList<string> Targets { get; private init; } = [];

    public long Iterations { get; private init; } = 10_000;

    public long Seed { get; private init; } = 1;

    public long First { get; private init; }

    public double Minutes { get; private init; } = 24 * 60;

    /// <summary>Where inputs are kept that the library fails on.</summary>
    public string Failures { get; private init; } = "fuzz-failures";

    public string? Folder { get; private init; }

    /// <summary>Whether slow targets get fewer inputs.</summary>
    public bool Divides { get; private init; }

    /// <summary>Whether all targets run in one process: starting one takes longer than a thousand inputs.</summary>
    public bool IsTogether { get; private init; }

    public bool IsChild { get; private init; }

    public long Detections { get; private init; } = 1000;

    public int Kills { get; private init; } = 3;

    public int Callers { get; private init; } = 8;

    /// <exception cref="ArgumentException">It says something unknown.</exception>
    public static FuzzOptions Parse(IReadOnlyList<string> args)
    {
        var options = new FuzzOptions();
        for (int i = 0; i < args.Count; i++)
        {
            string Value() => i + 1 < args.Count ? args[++i] : throw new ArgumentException($"{args[i]} needs a value.");
            options = args[i] switch
            {
                "list" or "soak" or "faults" => options with { Command = args[i] },
                "corpus" => options with { Command = args[i], Folder = Value() },
                "--target" => options with { Targets = [.. options.Targets, Value()] },
                "--iterations" => options with { Iterations = Whole(Value(), 1) },
                "--seed" => options with { Seed = Whole(Value(), long.MinValue) },
                "--first" => options with { First = Whole(Value(), 0) },
                "--minutes" => options with { Minutes = Minute(Value()) },
                "--failures" => options with { Failures = Value() },
                "--folder" => options with { Folder = Value() },
                "--divide" => options with { Divides = true },
                "--together" => options with { IsTogether = true },
                "--child" => options with { IsChild = true },
                "--detections" => options with { Detections = Whole(Value(), 1) },
                "--kills" => options with { Kills = (int)Math.Min(Whole(Value(), 1), 100_000) },
                "--callers" => options with { Callers = (int)Math.Min(Whole(Value(), 1), 64) },
                _ => throw new ArgumentException($"'{args[i]}' is not known."),
            };
        }

        return options;
    }

    private static long Whole(string text, long least) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= least ? number
            : throw new ArgumentException($"'{text}' is no number from {least} on.");

    private static double Minute(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double minutes) && minutes is > 0 and < 1e6 ? minutes
            : throw new ArgumentException($"'{text}' is no number of minutes.");
}
