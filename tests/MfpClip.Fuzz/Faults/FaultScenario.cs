namespace MfpClip.Fuzz.Faults;

/// <summary>A command that writes: what it is started with at first, and what replaces its outputs.</summary>
/// <param name="Name">Of the command.</param>
/// <param name="Arguments">Given the folder of inputs, the output and whether it is the second run.</param>
internal sealed record FaultScenario(string Name, Func<string, string, bool, IReadOnlyList<string>> Arguments)
{
    private static readonly string[] Small = FaultData.Small;

    // Trained on a few rendered images.
    private static readonly string[] Trained =
        [.. Small, "--data", "procedural", "--categories", "fabric", "--images-per-category", "4", "--render-size", "64", "--epochs", "1", "--max-steps", "1"];

    /// <summary>How the name of the output ends, where it is a file; empty: a folder.</summary>
    public string Ending { get; init; } = string.Empty;

    /// <summary>Environment variables, given the output.</summary>
    public Func<string, IReadOnlyDictionary<string, string>> Environment { get; init; } = _ => new Dictionary<string, string>();

    /// <summary>Whether there is no earlier run, since the command refuses a folder of other options.</summary>
    public bool StartsEmpty { get; init; }

    /// <summary>Whether the next run takes away, or goes on with, everything that a stopped one left.</summary>
    public bool Sweeps { get; init; }

    /// <summary>Whether it keeps what is unfinished when the disk is full, to go on with it.</summary>
    public bool KeepsUnfinished { get; init; }

    public static IReadOnlyList<FaultScenario> All { get; } =
    [
        new("evaluate", (data, output, second) => ["evaluate", "--data", Path.Combine(data, second ? "b" : "a"), .. Small, "--out", output])
        {
            Sweeps = true,
        },
        new("train", (_, output, second) =>
        [
            "train", .. Small, "--data", "procedural", "--categories", "fabric", "--images-per-category", "4", "--render-size", "64", "--batch-size", "2",
            "--epochs", second ? "3" : "1", "--checkpoint-every", "1", "--resume", "--out", output,
        ])
        {
            Sweeps = true,
        },
        new("pretrain", (data, output, second) =>
        [
            "pretrain", "--cnn", Path.Combine(data, FaultData.Cnn), "--images", "4", "--held-out", "6", "--image-size", "64", "--batch", "2",
            "--epochs", second ? "3" : "1", "--out", output,
        ]),
        new("references", (data, output, second) =>
            ["references", "add", output, Path.Combine(data, second ? "b" : "a", "part", "train", "good"), .. Small])
        {
            Ending = ".safetensors",
        },
        new("calibrate", (data, output, second) =>
            ["calibrate", "--good", Path.Combine(data, second ? "b" : "a", "part", "train", "good"), .. Small, "--out", output])
        {
            Ending = ".json",
        },
        new("detect", (data, output, second) =>
            ["detect", Path.Combine(data, second ? "b" : "a", "part", "test"), .. Small, "--out", output]),
        // The second run adds runs to a table, and writes the table anew.
        new("compare", (data, output, second) =>
        [
            "compare", .. Trained, "--test", Path.Combine(data, "a"), "--methods", .. second ? ["winclip", "april-gan"] : new[] { "winclip" }, "--seeds", "0",
            "--latency-images", "1", "--out", output,
        ]),
        new("ablate", (data, output, second) =>
        [
            "ablate", .. Trained, "--test", Path.Combine(data, "a"), "--tables", "table3", "--seeds", .. second ? ["0", "1"] : new[] { "0" }, "--limit", "2",
            "--out", output,
        ]),
        new("report", (data, output, second) => ["report", Path.Combine(data, second ? "results-b" : "results-a"), "--out", output])
        {
            Sweeps = true,
        },
        new("fit", (data, output, second) =>
        [
            "fit", Path.Combine(data, second ? "b" : "a", "part", "train", "good"), .. Small, "--save-every", "1", "--out", output,
        ])
        {
            Ending = ".safetensors",
        },
        new("synthesize", (_, output, _) =>
            ["synthesize", "--categories", "fabric", "leather", "--train", "2", "--good", "2", "--defective", "1", "--size", "64", "--out", output])
        {
            StartsEmpty = true, Sweeps = true,
        },
        // Two revisions of a model.
        new("download", (_, _, second) => ["models", "get", SmallHub.Model, .. SmallHub.Pins(second ? "b" : "a")])
        {
            Environment = output => new Dictionary<string, string> { ["HF_ENDPOINT"] = SmallHub.Start(), ["HF_HUB_CACHE"] = output },
            Sweeps = true, KeepsUnfinished = true,
        },
    ];
}
