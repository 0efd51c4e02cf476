using MfpClip.Modules.MultiPatch;

namespace MfpClip.Cli;

/// <summary>MFP-CLIP with parts switched off and nothing trained from scratch: what is left keeps its training.</summary>
internal static class ModulesOff
{
    private static readonly IReadOnlyDictionary<string, Action<ZeroShotDetectorBuilder>> Parts = new Dictionary<string, Action<ZeroShotDetectorBuilder>>(
        StringComparer.Ordinal)
    {
        ["i2tp"] = b => b.WithoutImageToTextPrompt(),
        ["sp"] = b => b.WithoutSelfPrompt(),
        ["mpfa"] = b => b.WithoutMultiPatch(),
        ["mp"] = b => b.WithoutMaskPrompt(),
        ["modules"] = b => All(b),
        ["training"] = b => All(b).UseMultiPatch(new MultiPatchOptions { Projection = PatchProjection.Clip, Neighbourhood = 1 }).WithStages(1),
    };

    /// <summary>What can be switched off.</summary>
    public static IEnumerable<string> Names => Parts.Keys;

    /// <exception cref="DetectorConfigurationException">The method has no such parts.</exception>
    public static void Apply(ZeroShotDetectorBuilder builder, string method, IReadOnlyCollection<string> without)
    {
        if (method != "mfp-clip")
        {
            throw new DetectorConfigurationException([$"--without switches parts of MFP-CLIP off; leave it out with '--method {method}'."]);
        }

        // "training" sets what the others switch off, too: it comes last.
        foreach (string part in Parts.Keys.Where(without.Contains))
        {
            Parts[part](builder);
        }
    }

    private static ZeroShotDetectorBuilder All(ZeroShotDetectorBuilder builder) => builder.WithoutImageToTextPrompt().WithoutSelfPrompt()
        .WithoutMultiPatch().WithoutMaskPrompt();
}
