namespace MfpClip.Evaluation.Tests;

/// <summary>Finds the small inputs of public bug reports: MFPCLIP_CASES, else ../shared/cases beside the solution. Absent: tests skip and say so.</summary>
internal static class SharedCases
{
    public const string SkipReason = "The cases were not found: set MFPCLIP_CASES, or put them at ../shared/cases beside the project.";

    /// <summary>Folder of a case.</summary>
    public static string Path(string relative)
    {
        string? root = Locate();
        Skip.If(root is null, SkipReason);
        return System.IO.Path.Combine(root!, relative);
    }

    private static string? Locate()
    {
        if (Environment.GetEnvironmentVariable("MFPCLIP_CASES") is { Length: > 0 } chosen)
        {
            return Directory.Exists(chosen) ? chosen : null;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                string beside = System.IO.Path.Combine(folder.FullName, "..", "shared", "cases");
                return Directory.Exists(beside) ? System.IO.Path.GetFullPath(beside) : null;
            }
        }

        return null;
    }
}
