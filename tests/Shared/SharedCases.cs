namespace MfpClip;

/// <summary>Finds small inputs with known right values: MFPCLIP_CASES, else ../shared/cases beside the solution. Absent: tests skip and say so.</summary>
internal static class SharedCases
{
    public const string SkipReason = "The cases were not found: set MFPCLIP_CASES, or put them at ../shared/cases beside the project.";

    /// <summary>The folder of a case.</summary>
    public static string Folder(string name)
    {
        string? root = Locate();
        Skip.If(root is null, SkipReason);
        return Path.Combine(root!, name);
    }

    private static string? Locate()
    {
        if (Environment.GetEnvironmentVariable("MFPCLIP_CASES") is { Length: > 0 } chosen)
        {
            return Directory.Exists(chosen) ? chosen : null;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                string beside = Path.Combine(folder.FullName, "..", "shared", "cases");
                return Directory.Exists(beside) ? Path.GetFullPath(beside) : null;
            }
        }

        return null;
    }
}
