namespace MfpClip.Evaluation.Tests;

/// <summary>Finds the real images: MFPCLIP_DATA, else ../shared/data beside the solution. Absent: tests skip and say so.</summary>
internal static class SharedData
{
    public const string SkipReason = "The real images were not found: set MFPCLIP_DATA, or put them at ../shared/data beside the project.";

    public static string Root()
    {
        string? root = Locate();
        Skip.If(root is null, SkipReason);
        return root!;
    }

    private static string? Locate()
    {
        if (Environment.GetEnvironmentVariable("MFPCLIP_DATA") is { Length: > 0 } chosen)
        {
            return Directory.Exists(chosen) ? chosen : null;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                string beside = Path.Combine(folder.FullName, "..", "shared", "data");
                return Directory.Exists(beside) ? Path.GetFullPath(beside) : null;
            }
        }

        return null;
    }
}
