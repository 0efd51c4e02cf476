using MfpClip.Data;

namespace MfpClip.Cli;

/// <summary>What is tested on: one folder as it is, several as one data set whose categories keep their own data set's name.</summary>
internal static class TestData
{
    public static AnomalyDataSet Open(IReadOnlyList<string> paths)
    {
        var sets = paths.Select(p => DataSetReader.Open(p)).ToList();
        return sets.Count == 1 ? sets[0] : sets[0] with
        {
            Name = string.Join(", ", sets.Select(s => s.Name)), Categories = [.. sets.SelectMany(s => s.Categories)],
        };
    }
}
