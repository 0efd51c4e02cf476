using System.Diagnostics;

namespace MfpClip.Docs.Tests;

/// <summary>
/// The files that the commands of the documentation name, small: photos, normal images, data sets, trained modules. Made once, copied for each page.
/// </summary>
public sealed class SmallData : IDisposable
{
    private static readonly string[] _normal = ["good", "good2", "good-parts"];

    private static readonly string[] _few = ["--kinds", "scratch", "--good", "2", "--defective", "2", "--size", "64"];

    private readonly string _template = Directory.CreateTempSubdirectory("mfpclip-docs-").FullName;

    public SmallData()
    {
        Made(_template, ["synthesize", "--out", "mvtec", "--train", "4", "--categories", "gear", "metal nut", .. _few]);
        Made(_template, ["synthesize", "--out", "visa", "--train", "2", "--categories", "tile", .. _few]);
        Made(_template, "train", "--weights", "random:tiny", "--data", "visa", "--out", "first", "--max-steps", "1");
        File.Copy(Path.Combine(_template, "first", "modules.safetensors"), Path.Combine(_template, "modules.safetensors"));
        File.Copy(Path.Combine(_template, "first", "training.json"), Path.Combine(_template, "training.json"));
        Copy(Path.Combine(_template, "mvtec"), Path.Combine(_template, "mvtec_ad"));
        Copy(Path.Combine(_template, "mvtec", "metal_nut"), Path.Combine(_template, "parts", "metal_nut"));
        Copy(Path.Combine(_template, "mvtec", "metal_nut", "test", "scratch"), Path.Combine(_template, "photos"));
        File.Copy(Directory.GetFiles(Path.Combine(_template, "photos"), "*.png")[0], Path.Combine(_template, "housing.png")); // a mask: not black is inside
        File.WriteAllText(Path.Combine(_template, "housing.json"), """{ "polygons": [ { "points": [[8, 8], [56, 8], [56, 56], [8, 56]] } ] }""");
        foreach (string folder in _normal)
        {
            Copy(Path.Combine(_template, "mvtec", "metal_nut", "train", "good"), Path.Combine(_template, folder));
        }
    }

    public void Dispose() => Directory.Delete(_template, recursive: true);

    /// <summary>A folder of its own with all of it, below the given one.</summary>
    public string In(string parent)
    {
        string folder = Path.Combine(parent, "work");
        Copy(_template, folder);
        return folder;
    }

    /// <summary>Runs <c>mfpclip</c> as a user does: its own process, in a folder.</summary>
    internal static (int Code, string Text) Run(string folder, params string[] arguments)
    {
        // Its own output folder: beside this assembly libraries of ASP.NET are missing, which the tests have of the shared framework.
        string program = Path.Combine(AppContext.BaseDirectory.Replace("MfpClip.Docs.Tests", "MfpClip.Cli", StringComparison.Ordinal), "MfpClip.Cli.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["HF_HUB_OFFLINE"] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    private static void Made(string folder, params string[] arguments)
    {
        var (code, text) = Run(folder, arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"mfpclip {string.Join(' ', arguments)}: {text}");
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
