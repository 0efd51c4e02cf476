using MfpClip.Data;
using MfpClip.Evaluation.Reports;
using MfpClip.Files;

namespace MfpClip.Evaluation;

/// <summary>Where a study stores what it has run, category by category, so that one which breaks off loses one at most.</summary>
internal static class StudyFolder
{
    private const string Origin = "made-with.txt";

    /// <summary>The results of a category.</summary>
    /// <param name="folder">Of the row.</param>
    /// <param name="category">The category.</param>
    /// <param name="data">All categories.</param>
    public static string Results(string folder, AnomalyCategory category, AnomalyDataSet data) =>
        Path.Combine(folder, FolderOf(category, data), ResultsFile.Name);

    /// <summary>One run from the results of its categories.</summary>
    /// <param name="files">In the order of the categories.</param>
    /// <exception cref="ResultsException">A file is absent or damaged.</exception>
    public static EvaluationRun Read(IReadOnlyList<string> files)
    {
        var parts = files.SelectMany(ResultsFile.Read).ToList();
        return parts[0] with { Categories = [.. parts.SelectMany(p => p.Categories)], Elapsed = TimeSpan.FromTicks(parts.Sum(p => p.Elapsed.Ticks)) };
    }

    /// <summary>Results of other weights, images or settings are not mixed: what the folder was made with stands beside them.</summary>
    /// <param name="folder">Made if it is not there.</param>
    /// <param name="detector">What is known of the detector, in lines.</param>
    /// <param name="evaluation">How it is judged.</param>
    /// <param name="data">On what.</param>
    /// <exception cref="ResultsException">The folder holds results of something else.</exception>
    public static void CheckSame(string folder, IEnumerable<string> detector, EvaluationOptions evaluation, AnomalyDataSet data)
    {
        string here = string.Join('\n',
        [
            .. detector,
            FormattableString.Invariant(
                $"resolution {evaluation.Resolution}, smoothing {evaluation.SmoothingSigma}, limit {evaluation.Limit}, class {evaluation.ClassName}"),
            .. data.Categories.Select(c => $"{c.Key} {TestSelection.Take(c, evaluation.Limit).Count}"), string.Empty,
        ]);
        string file = Path.Combine(folder, Origin);
        if (!File.Exists(file))
        {
            AtomicFile.WriteText(file, here);
        }
        else if (File.ReadAllText(file) != here)
        {
            throw new ResultsException(file, "the results beside it are of other weights, images or settings. Take another folder, or remove them.");
        }
    }

    // Keys that differ in more than what a folder may be called get a number.
    private static string FolderOf(AnomalyCategory category, AnomalyDataSet data)
    {
        string name = Folder(category);
        AnomalyCategory[] same = [.. data.Categories.Where(c => Folder(c).Equals(name, StringComparison.OrdinalIgnoreCase))];
        int at = Array.FindIndex(same, c => c.Key == category.Key);
        return at < 1 ? name : FormattableString.Invariant($"{name}-{at + 1}");
    }

    private static string Folder(AnomalyCategory category)
    {
        char[] odd = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];
        string name = string.Concat(category.Key.Select(c => odd.Contains(c) || char.IsControl(c) ? '_' : c));
        return name.Trim('.', ' ').Length == 0 ? "_" : name;
    }
}

/// <summary>Progress of a category within all of them.</summary>
internal sealed class ShiftedProgress(IProgress<EvaluationProgress> inner, int before, int total) : IProgress<EvaluationProgress>
{
    public void Report(EvaluationProgress value) => inner.Report(new(value.Category, before + value.Done, total));
}
