using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;
using MfpClip.Text;

namespace MfpClip.Methods.WinClip;

/// <summary>
/// Settings of WinCLIP and WinCLIP+ (Jeong et al., arXiv 2303.14814). Defaults are those of the paper. Immutable.
/// </summary>
/// <remarks>The authors published no code; where the paper leaves room, this follows anomalib, see docs/methods/winclip.md.</remarks>
public sealed record WinClipOptions
{
    /// <summary>States and templates (section 4.1).</summary>
    /// <value>Default <see cref="PromptEnsembles.WinClip"/>.</value>
    public PromptTemplates Templates { get; init; } = PromptEnsembles.WinClip;

    /// <summary>Sides of the windows in patches (section 4.2).</summary>
    /// <value>Default 2 and 3.</value>
    public IReadOnlyList<int> Scales { get; init; } = [2, 3];

    /// <summary>Patches from window to window.</summary>
    /// <value>Default 1.</value>
    [Range(1, 64)]
    public int Stride { get; init; } = 1;

    /// <summary>Temperature of the softmax over the states (section 3).</summary>
    /// <value>Default 0.07.</value>
    [Range(1e-6, 1e3)]
    public double Temperature { get; init; } = 0.07;

    /// <summary>Kind of mean over windows and scales (section 4.2).</summary>
    /// <value>Default <see cref="WindowAggregation.Harmonic"/>.</value>
    public WindowAggregation Aggregation { get; init; } = WindowAggregation.Harmonic;

    /// <summary>Windows of one pass through the tower at most: memory against speed. Changes no value.</summary>
    /// <value>Default 512.</value>
    [Range(1, 65536)]
    public int WindowBatch { get; init; } = 512;

    /// <summary>
    /// Images of normal products: with them, this is the few-shot WinCLIP+ (section 4.3). They serve every class name not in <see cref="ClassReferences"/>.
    /// </summary>
    /// <value>Default none: zero-shot.</value>
    public IReadOnlyList<ImageInput> References { get; init; } = [];

    /// <summary>Images of normal products by class name, each at least one.</summary>
    /// <value>Default none.</value>
    public IReadOnlyDictionary<string, IReadOnlyList<ImageInput>> ClassReferences { get; init; } = new Dictionary<string, IReadOnlyList<ImageInput>>();

    /// <summary>An own window plan; <see cref="Scales"/> and <see cref="Stride"/> are then not read.</summary>
    public IWindowPlan? Windows { get; init; }

    /// <summary>An own aggregation; <see cref="Aggregation"/> is then not read.</summary>
    public IWindowAggregator? Aggregator { get; init; }

    /// <summary>An own score; <see cref="Temperature"/> is then not read.</summary>
    public IStateScorer? Scorer { get; init; }

    /// <summary>Every fault of these settings.</summary>
    internal IEnumerable<string> Faults()
    {
        foreach (string fault in OptionRanges.Faults(this, "WinCLIP"))
        {
            yield return fault;
        }

        if (Windows is null && (Scales.Count == 0 || Scales.Any(s => s < 1) || Scales.Distinct().Count() != Scales.Count))
        {
            yield return $"WinCLIP: {nameof(Scales)} are {string.Join(", ", Scales)}; at least one is needed, each at least 1 and only once.";
        }

        if (Windows is null && Scales.Any(s => s >= 1 && s < Stride))
        {
            yield return $"WinCLIP: {nameof(Stride)} is {Stride}; it must be at most the smallest scale, so that no patch is left out.";
        }

        if (!Enum.IsDefined(Aggregation))
        {
            yield return $"WinCLIP: unknown aggregation {(int)Aggregation}; choose {string.Join(", ", Enum.GetNames<WindowAggregation>())}.";
        }

        foreach (string name in ClassReferences.Where(c => c.Value.Count == 0).Select(c => c.Key))
        {
            yield return $"WinCLIP: {nameof(ClassReferences)} has no image for '{name}'.";
        }

        foreach (string fault in Templates.Faults())
        {
            yield return fault;
        }
    }
}
