using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation.Reports;

/// <summary>A published figure: means over the categories of a benchmark, in percent as printed; <see langword="null"/>: not given.</summary>
/// <param name="Method">The method.</param>
/// <param name="Benchmark">"MVTec AD" or "VisA". Trained on the other one, where the method trains on defects at all.</param>
/// <param name="IsRerun">Whether somebody else than the method's authors measured it.</param>
/// <param name="ImageAuroc">Image AUROC.</param>
/// <param name="ImageAp">Image AP.</param>
/// <param name="PixelAuroc">Pixel AUROC.</param>
/// <param name="Aupro">AUPRO (200 steps).</param>
/// <param name="Source">Where it is printed.</param>
public sealed record PublishedResult(
    string Method, string Benchmark, bool IsRerun, double? ImageAuroc, double? ImageAp, double? PixelAuroc, double? Aupro, string Source);

/// <summary>What papers and reruns by others report, to be printed beside every run.</summary>
public static class PublishedResults
{
    private const string IndustrialTable = "AnomalyCLIP repository, assets/Industrial.png";
    private const string VisualAd = "VisualAD repository, README";
    private const string AdaClipTable = "arXiv 2407.15795, Table 1 (AUROC); AP and AUPRO as cited by Crane, assets/table1.png";
    private const string WinClipRerun = "zqhang/Accurate-WinCLIP, README";
    private const string Paper = "arXiv 2503.12910 v1";

    private static readonly string[] MvTecCategories =
        ["bottle", "cable", "capsule", "carpet", "grid", "hazelnut", "leather", "metal_nut", "pill", "screw", "tile", "toothbrush",
            "transistor", "wood", "zipper"];

    private static readonly string[] VisaCategories =
        ["candle", "capsules", "cashew", "chewinggum", "fryum", "macaroni1", "macaroni2", "pcb1", "pcb2", "pcb3", "pcb4", "pipe_fryum"];

    /// <summary>All figures.</summary>
    public static IReadOnlyList<PublishedResult> All { get; } =
    [
        new("WinCLIP", "MVTec AD", false, 91.8, 96.5, 85.1, 64.6, IndustrialTable),
        new("WinCLIP", "VisA", false, 78.1, 81.2, 79.6, 56.8, IndustrialTable),
        new("WinCLIP", "MVTec AD", true, 90.4, 95.6, 82.3, 61.9, WinClipRerun),
        new("WinCLIP", "VisA", true, 75.5, 78.7, 73.2, 51.0, WinClipRerun),
        new("APRIL-GAN", "MVTec AD", false, 86.1, 93.5, 87.6, 44.0, IndustrialTable),
        new("APRIL-GAN", "VisA", false, 78.0, 81.4, 94.2, 86.8, IndustrialTable),
        new("APRIL-GAN", "MVTec AD", true, 86.1, 93.6, 87.5, 43.7, VisualAd),
        new("APRIL-GAN", "VisA", true, 77.4, 80.9, 93.8, 86.5, VisualAd),
        new("AnomalyCLIP", "MVTec AD", false, 91.5, 96.2, 91.1, 81.4, IndustrialTable),
        new("AnomalyCLIP", "VisA", false, 82.1, 85.4, 95.5, 87.0, IndustrialTable),
        new("AnomalyCLIP", "MVTec AD", true, 91.6, 96.2, 91.0, 81.7, VisualAd),
        new("AnomalyCLIP", "VisA", true, 81.0, 84.4, 95.4, 86.4, VisualAd),
        new("AdaCLIP", "MVTec AD", false, 89.2, 95.7, 88.7, 37.8, AdaClipTable),
        new("AdaCLIP", "VisA", false, 85.8, 79.0, 95.5, 72.9, AdaClipTable),
        new("AdaCLIP", "MVTec AD", true, 92.0, 96.4, 88.5, 47.6, VisualAd),
        new("AdaCLIP", "VisA", true, 79.7, 83.2, 95.1, 71.3, VisualAd),
        new("MFP-CLIP", "MVTec AD", false, 92.2, null, 92.1, null, $"{Paper} (image AUROC derived: 0.7 over AnomalyCLIP's 91.5)"),
        new("MFP-CLIP", "VisA", false, 87.9, null, 96.0, null, Paper),
    ];

    /// <summary>The benchmark that categories make up, if they are exactly its categories.</summary>
    /// <param name="categories">Names as the data set writes them.</param>
    public static string? Benchmark(IEnumerable<string> categories)
    {
        var names = categories.ToHashSet(StringComparer.Ordinal);
        return names.SetEquals(MvTecCategories) ? "MVTec AD" : names.SetEquals(VisaCategories) ? "VisA" : null;
    }

    /// <summary>The method a detector's description names, as the published figures call it.</summary>
    /// <param name="method">For example "MFP-CLIP (arXiv 2503.12910 v1)".</param>
    public static string? MethodOf(string method)
    {
        ArgumentNullException.ThrowIfNull(method);
        return All.Select(p => p.Method).Distinct().FirstOrDefault(m =>
            method.StartsWith(m, StringComparison.OrdinalIgnoreCase) && (method.Length == m.Length || method[m.Length] is ' ' or '(' or ','));
    }
}
