using MfpClip.Data;

namespace MfpClip.Evaluation;

/// <summary>What a detector was trained on, from its weights and the protocol of the run.</summary>
internal static class TrainingSource
{
    private const string Untrained = "untrained", Random = "random (";

    // Parts whose weights no training of this library changes.
    private static readonly string[] Frozen = ["backbone", "cnn", "references", "reference_memory"];

    /// <summary>Files that hold trained weights of modules.</summary>
    public static IReadOnlyList<string> Modules(DetectorDescription detector) =>
    [
        .. detector.Stages.Where(s => !Frozen.Contains(s.Id)).SelectMany(s => s.Weights).Select(w => w.Source)
            .Where(s => s != Untrained && !s.StartsWith(Random, StringComparison.Ordinal)).Distinct(),
    ];

    /// <summary>The protocol in lines of text. "Nothing was trained" stands only where no part of the detector holds trained weights.</summary>
    public static IReadOnlyList<string> Protocol(DetectorDescription detector, CrossDataSetProtocol? protocol)
    {
        if (protocol is null)
        {
            return ["no protocol was given: what the weights were trained on is not known"];
        }

        var modules = Modules(detector);
        return protocol.Auxiliary.Count > 0 || modules.Count == 0 ? protocol.Describe() :
        [
            $"auxiliary data: not recorded; the modules are trained ({string.Join(", ", modules)}), name what they were trained on with --auxiliary to have "
                + "overlap with the test data refused",
            .. protocol.Describe().Skip(1),
        ];
    }

    /// <summary>Names of the categories trained on; empty: nothing was trained; <see langword="null"/>: not known.</summary>
    public static IReadOnlyList<string>? Categories(DetectorDescription detector, CrossDataSetProtocol? protocol) =>
        protocol is null || (protocol.Auxiliary.Count == 0 && Modules(detector).Count > 0) ? null : [.. protocol.Auxiliary.Select(a => a.Category)];
}
