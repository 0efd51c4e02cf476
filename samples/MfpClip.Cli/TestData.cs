using MfpClip.Data;

namespace MfpClip.Cli;

/// <summary>Opens what is tested or trained on, and says what was found before anything long starts.</summary>
internal static class TestData
{
    /// <summary>One folder as it is, several as one data set whose categories have keys of their own.</summary>
    /// <param name="paths">Folders or lists.</param>
    /// <param name="json">Whether standard output is kept for one JSON object: the summary then goes to the error stream.</param>
    public static AnomalyDataSet Open(IReadOnlyList<string> paths, bool json)
    {
        var set = DataSetReader.Open(paths);
        (json ? Console.Error : Console.Out).WriteLine(set.Summarise());
        return set;
    }
}
