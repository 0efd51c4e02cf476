namespace MfpClip.Training.Ablation;

/// <summary>One line of an ablation: a composition, made from scratch for each seed.</summary>
/// <param name="Name">What distinguishes it, as it stands in the table.</param>
/// <param name="Compose">The composition with initialization of that seed; not built yet.</param>
public sealed record AblationRow(string Name, Func<long, ZeroShotDetectorBuilder> Compose)
{
    /// <summary>The paper's numbers for this line; <see langword="null"/>: it prints none that we know.</summary>
    public PaperNumbers? Paper { get; init; }
}

/// <summary>What the paper prints for a line, in percent. Signs as in the table: a loss is what is missing to the reference line.</summary>
/// <param name="ImageAuroc">I-AUC, or its loss.</param>
/// <param name="PixelAuroc">P-AUC, or its loss.</param>
/// <param name="AreLosses">Whether these are losses against the reference line rather than values.</param>
/// <param name="Remark">In words, where the paper gives no number.</param>
public sealed record PaperNumbers(double? ImageAuroc, double? PixelAuroc, bool AreLosses, string? Remark = null);

/// <summary>Lines that belong together.</summary>
/// <param name="Key">Short name for files and the command line, for example <c>table2</c>.</param>
/// <param name="Title">Heading.</param>
/// <param name="Rows">Lines in order; the first one is the reference that losses are counted from.</param>
public sealed record AblationTable(string Key, string Title, IReadOnlyList<AblationRow> Rows);
